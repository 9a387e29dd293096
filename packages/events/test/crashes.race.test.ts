import { generate } from "@tenantry/core";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { brokenInvariants, type OpenDatabase, openDatabase } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { createRelay } from "../src/relay.ts";
import { survive } from "./survive.ts";

// Relays on a real server that crash at every point: between reading and delivering, between delivering and writing that
// down, in the middle of the bookkeeping, before and after it took effect.

const groups = { groups: ["relay"] } as const;
let database: OpenDatabase;
let pool: pg.Pool;
let store: PostgresTenancyStore;
beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  pool = database.pool({ max: 12 });
  await migratePostgres(pool, groups);
  store = new PostgresTenancyStore(pool, groups);
});
afterEach(async () => {
  expect(await brokenInvariants((text) => pool.query(text), "tenancy", groups.groups)).toEqual([]);
});
afterAll(() => database.close());

test("with an organization's transaction open another one's event is delivered, and afterwards its own too (E1)", async () => {
  const heard: string[] = [];
  const relay = createRelay({
    store,
    name: "overlap",
    deliver: async ({ orgId, seq }) => void heard.push(`${orgId}.${seq}`),
  });
  await relay.runOnce({ budgetMs: 10_000 });
  const [first, second] = [await store.createOrg(generate("usr")), await store.createOrg(generate("usr"))];
  await relay.runOnce({ budgetMs: 10_000 });
  heard.length = 0;
  await store.withTransaction(async (_, inside) => {
    await inside.updateOrg({ orgId: first.org.id, name: "slow" });
    await store.updateOrg({ orgId: second.org.id, name: "fast" });
    await relay.runOnce({ budgetMs: 10_000 });
    expect(heard).toEqual([`${second.org.id}.2`]);
  });
  await relay.runOnce({ budgetMs: 10_000 });
  expect(heard).toEqual([`${second.org.id}.2`, `${first.org.id}.2`]);
});

test(
  "three relays, 500 organizations, 2,000 crashes: nothing is lost, and first deliveries are in order (E2)",
  () => survive(store, pool, { orgs: 500, crashes: 2000, events: 2000, relays: 3 }),
  300_000,
);
