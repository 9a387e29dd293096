import { generate } from "@tenantry/core";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { brokenInvariants, type OpenDatabase, openDatabase } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { createRelay, DeliveryFailed } from "../src/relay.ts";

// The test of the invariants of the relay and the audit: each is noticed to be broken, and none is in a life as it is lived.

const groups = ["relay", "audit"] as const;
const TABLES = [
  "outbox",
  "subscription",
  "relay_cursor",
  "relay_dead",
  "evt_trace",
  "tup",
  "inv",
  "mem",
  "evt",
  "idem",
  "joins",
  "org",
];

let database: OpenDatabase;
let pool: pg.Pool;
const broken = async (): Promise<readonly string[]> =>
  (await brokenInvariants((text) => pool.query(text), "tenancy", groups)).map(({ name }) => name);

beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  pool = database.pool();
  await migratePostgres(pool, { groups });
});
afterAll(() => database.close());

beforeEach(async () => {
  await pool.query(`truncate ${TABLES.map((table) => `tenancy.${table}`).join(", ")}`);
  const store = new PostgresTenancyStore(pool, { groups });
  const relay = createRelay({
    store,
    name: "life",
    async deliver({ type }) {
      if (type === "org.updated") {
        throw new DeliveryFailed("no");
      }
    },
  });
  await relay.runOnce({ budgetMs: 10_000 });
  const { org } = await store.createOrg(generate("usr"));
  await store.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
  await store.updateOrg({ orgId: org.id, name: "Acme" });
  await relay.runOnce({ budgetMs: 10_000 });
  await store.updateOrg({ orgId: org.id, slug: "acme" });
});

test("nothing is broken in an undamaged life", async () => {
  expect(await broken()).toEqual([]);
});

const damages: readonly (readonly [invariant: string, damage: string])[] = [
  ["outbox", "update tenancy.outbox set seq = seq + 10"],
  ["cursor", "update tenancy.relay_cursor set seq = head + 1"],
  ["cursor", "update tenancy.relay_cursor set head = head + 10"],
  ["cursor", "delete from tenancy.subscription"],
  [
    "dead",
    "insert into tenancy.relay_dead select subscription, org_id, head + 1, relay, 'x', 1, now(), false from tenancy.relay_cursor",
  ],
  [
    "dead",
    "insert into tenancy.relay_dead select 'nobody', org_id, 1, relay, 'x', 1, now(), false from tenancy.relay_cursor",
  ],
  ["trace", "delete from tenancy.evt_trace where seq = 2"],
  ["trace", "update tenancy.evt_trace set seq = seq + 10 where seq = 2"],
  [
    "trace_once",
    "insert into tenancy.evt_trace select entity, 'named', org_id, seq from tenancy.evt_trace where deed = 'touched'",
  ],
];
for (const [place, [invariant, damage]] of damages.entries()) {
  test(`damage ${place + 1}, to "${invariant}", is noticed`, async () => {
    await pool.query(damage);
    expect(await broken()).toContain(invariant);
  });
}
