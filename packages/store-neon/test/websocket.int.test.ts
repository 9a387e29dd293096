import { Client, neonConfig, Pool } from "@neondatabase/serverless";
import { generate } from "@tenantry/core";
import { brokenInvariants, startNeonEndpoint } from "@tenantry/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrateNeon, NeonTenancyStore } from "../src/websocket.ts";
import { type OpenLocalNeon, openLocalNeon } from "./open-neon.ts";

let local: OpenLocalNeon;
let direct: ReturnType<OpenLocalNeon["database"]["pool"]>;
beforeAll(async () => {
  local = await openLocalNeon();
  direct = local.database.pool();
  const pool = new Pool({ connectionString: local.url });
  await migrateNeon(pool);
  await pool.end();
});
afterAll(async () => {
  expect(await brokenInvariants((text) => direct.query(text))).toEqual([]);
  await local.close();
});

test("a WebSocket that is cut in the middle of a commit leaves an unknown outcome, a live process and a usable pool", async () => {
  const pool = new Pool({ connectionString: local.url, max: 2 });
  const store = new NeonTenancyStore(pool);
  const { org } = await store.createOrg(generate("usr"));
  const blocker = await direct.connect();
  await blocker.query("begin");
  await blocker.query("select from tenancy.org where id = $1 for update", [org.id.slice(4)]);
  const call = store.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
  const outcome = call.catch((error: unknown) => error);
  const waiting = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  let sessions: readonly { readonly pid: number }[] = [];
  while (sessions.length === 0) sessions = (await direct.query(waiting)).rows;
  local.endpoint.cut();
  const error = await outcome;
  expect(error).toMatchObject({ code: "indeterminate.commit" });
  const { resolve } = error as { readonly resolve: () => Promise<unknown> };
  expect(await resolve()).toEqual({ committed: false });
  // The statement itself is still there, goes on, finds its key used and ends with its session.
  const zombie = async () =>
    (await direct.query("select from pg_stat_activity where pid = $1", [sessions[0]?.pid])).rows;
  expect(await zombie()).toHaveLength(1);
  await blocker.query("rollback");
  blocker.release();
  while ((await zombie()).length > 0) {}
  expect(await store.getOrg(org.id)).toMatchObject({ version: 1 });
  expect(await resolve()).toEqual({ committed: false });
  await pool.end();
});

test("a connection survives an expected error of a constraint", async () => {
  const pool = new Pool({ connectionString: local.url, max: 1 });
  const store = new NeonTenancyStore(pool);
  const session = async () => (await pool.query("select pg_backend_pid() as pid")).rows[0].pid;
  await store.createOrg({ creator: generate("usr"), slug: "taken" });
  const before = await session();
  const again = store.createOrg({ creator: generate("usr"), slug: "taken" });
  await expect(again).rejects.toMatchObject({ code: "conflict.org_slug" });
  expect(await session()).toBe(before);
  await pool.end();
});

test("a service that is not there is `unavailable.connection`, for a commit too, and no text names it", async () => {
  const gone = await startNeonEndpoint(local.url);
  await gone.stop();
  Object.assign(neonConfig, gone.neonConfig);
  const pool = new Pool({ connectionString: "postgresql://canary:secret@127.0.0.1/nowhere" });
  const store = new NeonTenancyStore(pool);
  for (const call of [() => store.getOrg(generate("org")), () => store.createOrg(generate("usr"))]) {
    const error = await call().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: "unavailable.connection", retryable: true });
    const { message, stack, cause } = error as Error;
    const texts = `${message}${stack}${JSON.stringify(error)}${(cause as Error).message}${(cause as Error).stack}`;
    expect(texts).not.toMatch(/canary|secret|127\.0\.0\.1/);
  }
  await pool.end();
  Object.assign(neonConfig, local.endpoint.neonConfig);
});

test("a pool without a free connection is `unavailable.pool_timeout`", async () => {
  const pool = new Pool({ connectionString: local.url, max: 1 });
  const held = await pool.connect();
  // Only now: opening the connection may take longer on a busy machine.
  Object.assign(pool.options, { connectionTimeoutMillis: 20 });
  const call = new NeonTenancyStore(pool).getOrg(generate("org"));
  await expect(call).rejects.toMatchObject({ code: "unavailable.pool_timeout", retryable: true });
  held.release();
  await pool.end();
});

test("a pool that was ended is `unavailable.closed`, for good", async () => {
  const pool = new Pool({ connectionString: local.url });
  await pool.end();
  const call = new NeonTenancyStore(pool).getOrg(generate("org"));
  await expect(call).rejects.toMatchObject({ code: "unavailable.closed", retryable: false });
});

test("a store works on a single connected client", async () => {
  const client = new Client(local.url);
  await client.connect();
  const store = new NeonTenancyStore(client);
  const { org } = await store.createOrg(generate("usr"));
  await expect(store.getOrg(org.id)).resolves.toEqual(org);
  await client.end();
});
