import { generate, isTenancyError, type OrgId } from "@tenantry/core";
import { startWireProxy, type WireProxy } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// That every operation is right inside a transaction of the host's is shown by the conformance suite. Here: what goes
// over the wire for it, and what pg itself can do there.

let database: OpenPostgres;
let proxy: WireProxy;
let orgId: OrgId;
beforeAll(async () => {
  database = await openPostgres();
  proxy = await startWireProxy(database.url);
});
beforeEach(async () => {
  const store = new PostgresTenancyStore(database.pool({ max: 1 }));
  orgId = (await store.createOrg({ creator: generate("usr"), name: "before" })).org.id;
});
afterAll(async () => {
  await proxy.close();
  await database.close();
});

const clients: pg.Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
});

async function connected(config: pg.ClientConfig & { pipeline?: boolean } = {}, url = proxy.url): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, ...config });
  client.on("error", () => {});
  await client.connect();
  clients.push(client);
  return client;
}

/** What a call sends besides its own statements: the savepoint's life, with its name cut into its parts. */
function savepoints(): readonly string[] {
  return proxy
    .statements()
    .flatMap((statement) => (statement.kind === "bind" ? [] : [statement.text]))
    .filter((text) => /savepoint/.test(text));
}

async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query("begin");
  proxy.reset();
  const result = await work();
  await client.query("commit");
  return result;
}

const refusal = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return isTenancyError(error) ? error.code : `not one of ours: ${error}`;
};

describe("on the wire", () => {
  test("an accepted call is between a savepoint of its name and its release", async () => {
    const client = await connected();
    const store = new PostgresTenancyStore(client);
    await inTransaction(client, async () => {
      await store.updateOrg({ orgId, name: "inside" });
      await store.getOrg(orgId);
    });
    const [begun, released, begunAgain, releasedAgain, ...others] = savepoints();
    const [name = ""] = /"ft_updateOrg_[0-9a-f]{8}"/.exec(begun ?? "") ?? [];
    expect([begun, released]).toEqual([`savepoint ${name}`, `release savepoint ${name}`]);
    const [reading = ""] = /"ft_getOrg_[0-9a-f]{8}"/.exec(begunAgain ?? "") ?? [];
    expect([begunAgain, releasedAgain]).toEqual([`savepoint ${reading}`, `release savepoint ${reading}`]);
    expect(others).toEqual([]);
  });

  test("a refused call goes back to its savepoint, and releases it", async () => {
    const client = await connected();
    const store = new PostgresTenancyStore(client);
    await inTransaction(client, () => refusal(store.reinstateOrg(orgId)));
    const [name = ""] = /"ft_reinstateOrg_[0-9a-f]{8}"/.exec(savepoints()[0] ?? "") ?? [];
    expect(savepoints()).toEqual([`savepoint ${name}`, `rollback to savepoint ${name}`, `release savepoint ${name}`]);
  });

  test("an error of the database is undone too, and the next attempt has a savepoint of another name", async () => {
    const client = await connected();
    const store = new PostgresTenancyStore(client);
    await store.createOrg({ creator: generate("usr"), slug: "held" });
    const code = await inTransaction(client, () =>
      refusal(store.createOrg({ creator: generate("usr"), slug: "held" })),
    );
    expect(code).toBe("conflict.org_slug");
    const names = savepoints().map((text) => text.replace(/"ft_createOrg_([0-9a-f]{8})"/, "$1").split(" "));
    expect(names.map((words) => words.slice(0, -1).join(" "))).toEqual([
      "savepoint",
      "rollback to savepoint",
      "release savepoint",
      "savepoint",
      "rollback to savepoint",
      "release savepoint",
    ]);
    expect(new Set(names.map((words) => words.at(-1))).size).toBe(2);
  });

  test("nothing else is begun, committed or rolled back, and outside of a transaction there are no savepoints", async () => {
    const client = await connected();
    const store = new PostgresTenancyStore(client);
    proxy.reset();
    await store.updateOrg({ orgId, name: "outside" });
    expect(savepoints()).toEqual([]);
    await inTransaction(client, () => store.updateOrg({ orgId, name: "inside" }));
    const ends = proxy.statements().filter((s) => s.kind !== "bind" && /^\s*(begin|commit|rollback)\s*$/i.test(s.text));
    expect(ends.map((s) => s.kind !== "bind" && s.text)).toEqual(["commit"]);
  });

  test("a client that pipelines sends savepoint, statement and release in one burst", async () => {
    const client = await connected({ pipeline: true });
    const store = new PostgresTenancyStore(client);
    await client.query("begin");
    const trips = async (call: () => Promise<unknown>): Promise<number> => {
      proxy.reset();
      await call();
      return proxy.trips();
    };
    const member = await store.addMember({ orgId, usrId: generate("usr"), role: "member" });
    expect({
      read: await trips(() => store.getOrg(orgId)),
      addMember: await trips(() => store.addMember({ orgId, usrId: generate("usr"), role: "member" })),
      changeRole: await trips(() => store.changeRole({ memId: member.id, newRole: "guest" })),
      refused: await trips(() => refusal(store.reinstateOrg(orgId))),
    }).toEqual({ read: 1, addMember: 1, changeRole: 2, refused: 2 });
    await client.query("commit");
  });
});

describe("a client whose driver does not tell its state", () => {
  /** An older pg: the same client without the method. */
  const mute = (client: pg.Client) => ({ query: client.query.bind(client) as pg.Client["query"] });

  test("is asked through the server, inside and outside of a transaction", async () => {
    const client = await connected();
    const store = new PostgresTenancyStore(mute(client));
    await store.updateOrg({ orgId, name: "outside" });
    await client.query("begin");
    await store.updateOrg({ orgId, name: "inside" });
    expect(await refusal(store.reinstateOrg(orgId))).toBe("precondition.invalid_transition");
    await client.query("rollback");
    await expect(store.getOrg(orgId)).resolves.toMatchObject({ name: "outside" });
  });
});

describe("what goes wrong inside", () => {
  test("a transaction that had failed before is a defect of the host's", async () => {
    const client = await connected();
    await client.query("begin");
    await client.query("select 1/0").catch(() => {});
    expect(await refusal(new PostgresTenancyStore(client).getOrg(orgId))).toBe("internal.unexpected");
    await client.query("rollback");
  });

  test("a lost connection leaves no doubt: nothing was committed", async () => {
    const client = await connected();
    const store = new PostgresTenancyStore(client);
    await client.query("begin");
    const { rows } = await client.query("select pg_backend_pid() as pid");
    const killer = await connected({}, database.url);
    await killer.query("select pg_terminate_backend($1)", [rows[0].pid]);
    const code = await refusal(store.addMember({ orgId, usrId: generate("usr"), role: "member" }));
    expect(code).toBe("unavailable.connection");
  });

  test("a serialization failure is contention, at once, and the transaction stays usable", async () => {
    const client = await connected();
    const store = new PostgresTenancyStore(client);
    await client.query("begin isolation level repeatable read");
    await client.query("select 1 from tenancy.org limit 1");
    await new PostgresTenancyStore(database.pool({ max: 1 })).updateOrg({ orgId, name: "meanwhile" });
    proxy.reset();
    expect(await refusal(store.updateOrg({ orgId, name: "too late" }))).toBe("unavailable.contention");
    expect(savepoints().filter((text) => text.startsWith("savepoint"))).toHaveLength(1);
    await client.query("select 1");
    await client.query("commit");
  });

  test("two transactions that lock two organizations in opposite order: none fails without a word of ours", async () => {
    const pool = database.pool({ max: 2 });
    const store = new PostgresTenancyStore(pool);
    for (let round = 0; round < 20; round += 1) {
      const other = (await store.createOrg(generate("usr"))).org.id;
      const both = async (first: OrgId, second: OrgId): Promise<string> => {
        const client = await pool.connect();
        const inside = new PostgresTenancyStore(client);
        await client.query("begin");
        await inside.addMember({ orgId: first, usrId: generate("usr"), role: "member" });
        const end = await refusal(inside.addMember({ orgId: second, usrId: generate("usr"), role: "member" }));
        await client.query("select 1");
        await client.query("commit");
        client.release();
        return end;
      };
      const ends = await Promise.all([both(orgId, other), both(other, orgId)]);
      for (const end of ends) {
        expect(["not one of ours: null", "unavailable.contention"]).toContain(end);
      }
    }
  });

  test("a statement that the server has forgotten is prepared no more, and the call goes on", async () => {
    const client = await connected();
    const store = new PostgresTenancyStore(client);
    await store.getOrg(orgId);
    await client.query("deallocate all");
    await expect(store.getOrg(orgId)).resolves.toMatchObject({ id: orgId });
    await client.query("begin");
    await expect(store.getOrg(orgId)).resolves.toMatchObject({ id: orgId });
    await client.query("commit");
  });
});

describe("values on their way to the driver", () => {
  test("are text or null, whatever the operation", async () => {
    const seen = new Set<string>();
    const pool = database.pool({ max: 1 });
    const client = await pool.connect();
    const spy = {
      query: (query: { readonly text: string; readonly values?: unknown[] }) => {
        for (const value of query.values ?? []) {
          seen.add(value === null ? "null" : typeof value);
        }
        return client.query(query);
      },
    };
    const store = new PostgresTenancyStore(spy);
    const { org, ownerMembership } = await store.createOrg({
      creator: generate("usr"),
      name: undefined,
      slug: null,
    } as never);
    await store.addMember({ orgId: org.id, usrId: generate("usr"), role: "owner", invitedBy: undefined } as never);
    await store.selfLeave({ memId: ownerMembership.id, transferTo: undefined } as never, { actor: undefined } as never);
    client.release();
    expect([...seen].sort()).toEqual(["null", "string"]);
  });
});
