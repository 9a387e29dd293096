import { generate, type OrgId, type TenancyStore } from "@tenantry/core";
import { startWireProxy, type WireProxy } from "@tenantry/testkit";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { PostgresJsTenancyStore } from "../src/postgres-js.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { answered, blockedSession, terminate } from "./sessions.ts";

// Many callers on few connections, where the driver sends without waiting for the answers to what it sent before.

let database: OpenPostgres;
let proxy: WireProxy;
let orgIds: readonly OrgId[];
beforeAll(async () => {
  database = await openPostgres();
  proxy = await startWireProxy(database.url);
  const store = new PostgresTenancyStore(database.pool());
  const made = Array.from({ length: 32 }, () => store.createOrg(generate("usr")));
  orgIds = (await Promise.all(made)).map(({ org }) => org.id);
});
afterAll(async () => {
  await proxy.close();
  await database.close();
});

function pipelined(max: number, url = database.url): pg.Pool {
  return new pg.Pool({ connectionString: url, max, pipeline: true, idleTimeoutMillis: 0 } as pg.PoolConfig);
}

const join = (store: TenancyStore, orgId: OrgId) => store.addMember({ orgId, usrId: generate("usr"), role: "member" });

/** The trips of 32 calls at once, each on an organization of its own, after everything is prepared. */
async function tripsOfMany(store: TenancyStore): Promise<number> {
  const all = () => Promise.all(orgIds.map((orgId) => join(store, orgId)));
  await all();
  await all();
  proxy.reset();
  await all();
  return proxy.trips();
}

describe("32 callers on two connections", () => {
  test("of a pool that pipelines take a few round trips, not one each", async () => {
    const pool = pipelined(2, proxy.url);
    expect(await tripsOfMany(new PostgresTenancyStore(pool))).toBeLessThanOrEqual(4);
    await pool.end();
  });

  test("of postgres.js too", async () => {
    const sql = postgres(proxy.url, { max: 2, fetch_types: false, onnotice() {} });
    expect(await tripsOfMany(new PostgresJsTenancyStore(sql))).toBeLessThanOrEqual(4);
    await sql.end();
  });

  test("of a pool that does not pipeline take one each", async () => {
    const pool = new pg.Pool({ connectionString: proxy.url, max: 2 });
    expect(await tripsOfMany(new PostgresTenancyStore(pool))).toBe(32);
    await pool.end();
  });
});

describe("in a transaction of the host's", () => {
  test("postgres.js sends savepoint, statement and release in one burst", async () => {
    const sql = postgres(proxy.url, { max: 1, fetch_types: false, onnotice() {} });
    const [orgId] = orgIds as [OrgId];
    await sql.begin(async (transaction) => {
      const inside = new PostgresJsTenancyStore(transaction);
      // The first statement goes alone, and a shape is described before it runs for the first time.
      await inside.getOrg(orgId);
      await inside.getOrg(orgId);
      proxy.reset();
      await inside.getOrg(orgId);
      expect(proxy.trips()).toBe(1);
      const sent = proxy.statements().map((statement) => (statement.kind === "bind" ? statement.name : statement.text));
      expect(sent).toHaveLength(3);
      expect([sent[0], sent[2]]).toEqual([
        expect.stringMatching(/^savepoint "ft_getOrg_/),
        expect.stringMatching(/^release savepoint "ft_getOrg_/),
      ]);
    });
    await sql.end();
  });
});

describe("a pool that pipelines", () => {
  test("lends a connection to whoever asks, however many callers share its only one", async () => {
    const pool = pipelined(1);
    const store = new PostgresTenancyStore(pool);
    let isOver = false;
    const callers = orgIds.map(async (orgId) => {
      while (!isOver) {
        await store.getOrg(orgId);
      }
    });
    for (let time = 0; time < 3; time += 1) {
      const client = await answered(pool.connect());
      await client.query("begin");
      await client.query("commit");
      client.release();
    }
    isOver = true;
    await Promise.all(callers);
    await pool.end();
  });

  test("sends nobody behind a statement that waits for a lock while it has another connection", async () => {
    const pool = pipelined(2);
    const store = new PostgresTenancyStore(pool);
    const [locked, ...others] = orgIds as [OrgId, ...OrgId[]];
    const blocker = new pg.Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query("begin");
    await blocker.query("select from tenancy.org where id = $1 for update", [locked.slice(4)]);
    const waiting = join(store, locked);
    await blockedSession(database.pool({ max: 1 }));
    // One by one there is always a connection at rest. After a while the other one counts as slow.
    for (const begun = performance.now(); performance.now() - begun < 100; ) {
      await answered(store.getOrg(locked));
    }
    await answered(Promise.all(others.map((orgId) => store.getOrg(orgId))));
    await answered(Promise.all(others.map((orgId) => join(store, orgId))));
    // This process stands still: the other one counts as slow then, too.
    const underWay = store.getOrg(locked);
    for (const begun = performance.now(); performance.now() - begun < 100; ) {}
    await answered(Promise.all([underWay, store.getOrg(locked)]));
    await blocker.query("rollback");
    await waiting;
    await blocker.end();
    await pool.end();
  });

  test("of whose session nothing is left: the commit under way is unknown, what was read is read again", async () => {
    const pool = pipelined(1);
    pool.on("error", () => {});
    const store = new PostgresTenancyStore(pool);
    const [locked, other] = orgIds as [OrgId, OrgId];
    const blocker = new pg.Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query("begin");
    await blocker.query("select from tenancy.org where id = $1 for update", [locked.slice(4)]);
    const commit = join(store, locked).catch((error: unknown) => error);
    const looks = database.pool({ max: 1 });
    const pid = await blockedSession(looks);
    const read = store.getOrg(other);
    await terminate(looks, pid);
    await blocker.query("rollback");
    expect(await answered(commit)).toMatchObject({ code: "indeterminate.commit" });
    expect(await answered(read)).toMatchObject({ id: other });
    await blocker.end();
    await pool.end();
  });

  test("of a server that is not there says so to each caller", async () => {
    const pool = pipelined(2, "postgres://postgres@127.0.0.1:1/nowhere");
    const store = new PostgresTenancyStore(pool);
    const ends = await Promise.allSettled(orgIds.slice(0, 4).map((orgId) => store.getOrg(orgId)));
    const codes = ends.map((end) => (end.status === "rejected" ? end.reason.code : "ok"));
    expect(codes).toEqual(Array(4).fill("unavailable.connection"));
    await pool.end();
  });
});
