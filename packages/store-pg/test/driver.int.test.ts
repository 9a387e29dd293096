import { spawn } from "node:child_process";
import { inspect } from "node:util";
import { generate, type IndeterminateError, isTenancyError, type OrgId } from "@tenantry/core";
import { startWireProxy } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migratePostgres, PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { blockedSession, terminate } from "./sessions.ts";

let database: OpenPostgres;
beforeAll(async () => {
  database = await openPostgres();
});
afterAll(() => database.close());

async function sessionOf(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query("select pg_backend_pid() as pid");
  return rows[0].pid;
}

test("a connection survives an expected error of a constraint", async () => {
  const pool = database.pool({ max: 1 });
  const store = new PostgresTenancyStore(pool);
  await store.createOrg({ creator: generate("usr"), slug: "taken" });
  const before = await sessionOf(pool);
  await expect(store.createOrg({ creator: generate("usr"), slug: "taken" })).rejects.toMatchObject({
    code: "conflict.org_slug",
  });
  expect(await sessionOf(pool)).toBe(before);
});

test("a backend that dies in the middle of a commit leaves an unknown outcome, a live process and a usable pool", async () => {
  const pool = database.pool({ max: 2 });
  const store = new PostgresTenancyStore(pool);
  const { org } = await store.createOrg(generate("usr"));
  const blocker = new pg.Client({ connectionString: database.url });
  await blocker.connect();
  await blocker.query("begin");
  await blocker.query("select from tenancy.org where id = $1 for update", [org.id.slice(4)]);
  const call = store
    .addMember({ orgId: org.id, usrId: generate("usr"), role: "member" })
    .catch((error: unknown) => error);
  const looker = database.pool({ max: 1 });
  await terminate(looker, await blockedSession(looker));
  const error = await call;
  await blocker.query("rollback");
  await blocker.end();
  expect(error).toMatchObject({ code: "indeterminate.commit" });
  const { resolve } = error as { readonly resolve: () => Promise<unknown> };
  expect(await resolve()).toEqual({ committed: false });
  expect((await store.getOrg(org.id)).version).toBe(1);
});

test("a pool without a free connection is `unavailable.pool_timeout`", async () => {
  const pool = database.pool({ max: 1, connectionTimeoutMillis: 50 });
  const held = await pool.connect();
  await expect(new PostgresTenancyStore(pool).getOrg(generate("org"))).rejects.toMatchObject({
    code: "unavailable.pool_timeout",
    retryable: true,
  });
  held.release();
});

test("a server that is not there is `unavailable.connection`, and the address is in no text", async () => {
  const pool = new pg.Pool({ connectionString: "postgres://canary:secret@127.0.0.1:1/nowhere" });
  const error = await new PostgresTenancyStore(pool)
    .getOrg(generate("org"))
    .catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ code: "unavailable.connection" });
  const { message, stack, cause } = error as Error;
  expect(`${message}${stack}${JSON.stringify(error)}${(cause as Error).message}`).not.toMatch(
    /canary|secret|127\.0\.0\.1/,
  );
  await pool.end();
});

test("a pool that was ended is `unavailable.closed`, for good", async () => {
  const pool = new pg.Pool({ connectionString: database.url });
  await pool.end();
  await expect(new PostgresTenancyStore(pool).getOrg(generate("org"))).rejects.toMatchObject({
    code: "unavailable.closed",
    retryable: false,
  });
});

test("a store works on a single connected client", async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const store = new PostgresTenancyStore(client);
  const { org } = await store.createOrg(generate("usr"));
  await expect(store.getOrg(org.id)).resolves.toEqual(org);
  await client.end();
});

test("stricter isolation by default changes nothing that a caller sees", async () => {
  for (const level of ["repeatable read", "serializable"]) {
    const pool = database.pool({ options: `-c default_transaction_isolation=${level.replace(" ", "\\ ")}` });
    const store = new PostgresTenancyStore(pool);
    const { org, ownerMembership } = await store.createOrg(generate("usr"));
    const other = await store.addMember({ orgId: org.id, usrId: generate("usr"), role: "owner" });
    const ended = await Promise.allSettled([ownerMembership, other].map(({ id: memId }) => store.selfLeave({ memId })));
    const codes = ended.map((result) => (result.status === "fulfilled" ? "ok" : result.reason.code));
    expect([...codes].sort()).toEqual(["conflict.sole_owner", "ok"]);
  }
});

test("a schema first in the search path with the same names is not looked at", async () => {
  const pool = database.pool({ options: "-c search_path=bait,public" });
  await pool.query(`create schema bait;
    create table bait.org (like tenancy.org); create table bait.mem (like tenancy.mem); create table bait.evt (like tenancy.evt)`);
  const store = new PostgresTenancyStore(pool);
  const { org } = await store.createOrg(generate("usr"));
  await store.revokeOrg(org.id);
  const { rows } = await pool.query("select (select count(*) from bait.org) + (select count(*) from bait.mem) as n");
  expect(rows[0].n).toBe("0");
  await expect(store.getOrg(org.id)).resolves.toMatchObject({ status: "revoked" });
});

const refusal = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "ok",
    (error: unknown) => (isTenancyError(error) ? error.code : `not one of ours: ${error}`),
  );

describe("where nothing was sent", () => {
  /** A client that has ended in one way or the other, and an organization that it knew. */
  async function endedClient(end: (client: pg.Client) => Promise<unknown>): Promise<[pg.Client, OrgId]> {
    const client = new pg.Client({ connectionString: database.url });
    client.on("error", () => {});
    await client.connect();
    const { org } = await new PostgresTenancyStore(client).createOrg(generate("usr"));
    const isOver = new Promise<void>((resolve) => client.once("end", resolve));
    await end(client);
    await isOver;
    return [client, org.id];
  }
  const kill = async (client: pg.Client): Promise<void> => {
    const { rows } = await client.query("select pg_backend_pid() as pid");
    await terminate(database.pool({ max: 1 }), rows[0].pid);
  };
  const killInTransaction = async (client: pg.Client): Promise<void> => {
    await client.query("begin");
    await kill(client);
  };

  for (const [how, end] of [
    ["was ended", (client: pg.Client) => client.end()],
    ["died at rest", kill],
    ["died inside a transaction", killInTransaction],
  ] as const) {
    test(`a client that ${how} is \`unavailable.connection\`, and no doubt is left of a commit`, async () => {
      const [client, orgId] = await endedClient(end);
      const store = new PostgresTenancyStore(client);
      expect(await refusal(store.getOrg(orgId))).toBe("unavailable.connection");
      expect(await refusal(store.addMember({ orgId, usrId: generate("usr"), role: "member" }))).toBe(
        "unavailable.connection",
      );
      expect(await refusal(store.withTransaction(async () => {}))).toMatch(/^(unavailable.connection|precondition.+)$/);
    });
  }

  test("a client that the pool lends after its session died is replaced, and the call goes on", async () => {
    const pool = database.pool({ max: 1 });
    // What happens to a client at rest is told to the pool, and ends the process where nobody listens there.
    pool.on("error", () => {});
    const store = new PostgresTenancyStore(pool);
    const { org } = await store.createOrg(generate("usr"));
    await terminate(database.pool({ max: 1 }), await sessionOf(pool));
    await expect(store.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" })).resolves.toBeDefined();
  });
});

test("a session that dies while a store has it does not end the process, although no one else listens", async () => {
  const child = spawn(process.execPath, [new URL("killed-session.mjs", import.meta.url).pathname, database.url]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      output += text;
    });
  }
  const status = await new Promise((resolve) => child.once("close", resolve));
  expect([status, output.trim()]).toEqual([0, '["unavailable.connection",1]']);
});

describe("a pool whose clients pipeline", () => {
  test("works as any other, also when an expected error is in the middle of a burst", async () => {
    const proxy = await startWireProxy(database.url);
    const pool = new pg.Pool({ connectionString: proxy.url, max: 1, pipeline: true } as pg.PoolConfig);
    const store = new PostgresTenancyStore(pool);
    const { org } = await store.createOrg({ creator: generate("usr"), slug: "pipelined" });
    const trips = await store.withTransaction(async (client, inside) => {
      await client.query("select 1");
      proxy.reset();
      await inside.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
      const one = proxy.trips();
      expect(await refusal(inside.createOrg({ creator: generate("usr"), slug: "pipelined" }))).toBe(
        "conflict.org_slug",
      );
      await Promise.all(
        [1, 2, 3].map(() => inside.addMember({ orgId: org.id, usrId: generate("usr"), role: "guest" })),
      );
      return one;
    });
    expect(trips).toBe(1);
    expect((await store.getOrg(org.id)).version).toBe(5);
    const swallowed = store.withTransaction(async (client, inside) => {
      await inside.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
      await client.query("select 1/0").catch(() => {});
    });
    expect(await refusal(swallowed)).toBe("internal.unexpected");
    expect((await store.getOrg(org.id)).version).toBe(5);
    await pool.end();
    await proxy.close();
  });
});

test("a statement whose result changed its type since it was prepared is run again, on a fresh session from then on", async () => {
  const pool = database.pool({ max: 1 });
  await migratePostgres(pool, { schema: "retyped" });
  const store = new PostgresTenancyStore(pool, { schema: "retyped" });
  const { org } = await store.createOrg(generate("usr"));
  /** An unknown outcome on another session; to resolve it is a fence, which answers a column as it is. */
  const unknown = async (): Promise<IndeterminateError> => {
    const holder = await database.pool({ max: 1 }).connect();
    await holder.query("begin");
    await holder.query("select from retyped.org where id = $1 for update", [org.id.slice(4)]);
    const call = store
      .addMember({ orgId: org.id, usrId: generate("usr"), role: "member" })
      .catch((thrown: unknown) => thrown);
    const looker = database.pool({ max: 1 });
    await terminate(looker, await blockedSession(looker));
    const error = await call;
    await holder.query("rollback");
    holder.release();
    return error as IndeterminateError;
  };
  const [first, second] = [await unknown(), await unknown()];
  expect(await first.resolve()).toEqual({ committed: false });
  const before = await sessionOf(pool);
  await database.pool({ max: 1 }).query("alter table retyped.idem alter column state type varchar(9)");
  expect(await second.resolve()).toEqual({ committed: false });
  expect(await sessionOf(pool)).not.toBe(before);
});

test("what a driver's error tells of values is told to nobody", async () => {
  const pool = database.pool({ max: 1 });
  await migratePostgres(pool, { schema: "broken" });
  await pool.query("alter table broken.org add constraint canaryless check (name is distinct from 'canary-name')");
  const error = await new PostgresTenancyStore(pool, { schema: "broken" })
    .createOrg({ creator: generate("usr"), name: "canary-name" })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "internal.unexpected" });
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/canary-name|insert into/);
});
