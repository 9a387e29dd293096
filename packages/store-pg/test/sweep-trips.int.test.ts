import { generate, type OrgId } from "@tenantry/core";
import { startWireProxy } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// A sweep, counted on the wire as the other operations are.

const HOUR = 60 * 60 * 1000;

let database: OpenPostgres;
let proxy: Awaited<ReturnType<typeof startWireProxy>>;
let pool: pg.Pool;
let store: PostgresTenancyStore;
let late: PostgresTenancyStore;

beforeAll(async () => {
  database = await openPostgres();
  proxy = await startWireProxy(database.url);
  pool = new pg.Pool({ connectionString: proxy.url, max: 1 });
  store = new PostgresTenancyStore(pool);
  late = new PostgresTenancyStore(pool, { clock: () => new Date(Date.now() + 2 * HOUR) });
});
afterAll(async () => {
  await pool.end();
  await proxy.close();
  await database.close();
});

/** The trips of a call on a connection that is open. */
async function trips(call: () => Promise<unknown>): Promise<number> {
  await pool.query("select 1");
  proxy.reset();
  await call();
  return proxy.trips();
}

async function invited() {
  const owner = generate("usr");
  const { org } = await store.createOrg(owner);
  const invite = () =>
    store.createInvitation({
      orgId: org.id,
      identifier: "x@example.com",
      role: "member",
      invitedBy: owner,
      expiresAt: new Date(Date.now() + HOUR),
    });
  await invite();
  return { orgId: org.id, invite };
}

test("one look for a sweep, and one more for each organization in which something lapsed", async () => {
  expect(await trips(() => late.expireInvitations())).toBe(1);
  const worlds = [await invited(), await invited(), await invited()];
  await Promise.all(worlds.map(({ invite }) => invite()));
  const [first, ...others] = worlds.map(({ orgId }) => orgId) as [OrgId, ...OrgId[]];
  expect(await trips(() => late.expireInvitations({ orgId: first }))).toBe(2);
  expect(await trips(() => late.expireInvitations())).toBe(1 + others.length);
});
