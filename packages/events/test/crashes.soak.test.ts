import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { openDatabase } from "@tenantry/testkit";
import { inject, test } from "vitest";
import { survive } from "./survive.ts";

test("two relays, 100,000 events, 10,000 crashes: nothing is lost, and first deliveries are in order", async () => {
  const groups = { groups: ["relay"] } as const;
  const database = await openDatabase(inject("databaseUrl"));
  const pool = database.pool({ max: 16 });
  await migratePostgres(pool, groups);
  const store = new PostgresTenancyStore(pool, groups);
  await survive(store, pool, { orgs: 1000, crashes: 10_000, events: 100_000, relays: 2 });
  await database.close();
}, 3_600_000);
