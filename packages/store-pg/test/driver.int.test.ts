import { generate } from "@tenantry/core";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

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
  for (;;) {
    const { rows } = await blocker.query(
      "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (rows.length > 0) {
      await blocker.query("select pg_terminate_backend($1)", [rows[0].pid]);
      break;
    }
  }
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
