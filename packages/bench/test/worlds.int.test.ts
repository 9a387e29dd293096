import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { brokenInvariants, type OpenDatabase, openDatabase } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openPg } from "../src/contenders/drivers.ts";
import { floorOf } from "../src/contenders/floor.ts";
import { tenantryInMemory, tenantryOnPg } from "../src/contenders/tenantry.ts";
import { usual } from "../src/contenders/usual.ts";
import { ownWorlds } from "../src/contenders/worlds.ts";
import { OPERATIONS } from "../src/operations.ts";
import { populateMembers, populateOrganizations } from "../src/population.ts";
import { COUNTED, seedWorlds } from "../src/seeds.ts";
import { makeWorld } from "../src/world.ts";

// What is measured must be what it is said to be: rows that the rules could have made, and contenders that do the work.

let database: OpenDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  pool = database.pool();
  await migratePostgres(pool);
});
afterAll(() => database.close());

test("rows that SQL makes obey every invariant", async () => {
  await seedWorlds(pool, 3, { grants: 2, crowd: 4 });
  await seedWorlds(pool, 2, { isSuspended: true });
  await populateMembers(pool, 2_001);
  await populateOrganizations(pool, 50);
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
});

test("a world made by operations is like one made of rows", async () => {
  const memory = new InMemoryTenancyStore();
  const made = await makeWorld(memory, { crowd: 3, isSuspended: true });
  const [seeded] = await seedWorlds(pool, 1, { crowd: 3, isSuspended: true });
  const count = (org: { readonly version: number; readonly status: string }) => [org.status, org.version];
  const onPostgres = new PostgresTenancyStore(pool);
  expect(seeded).toBeDefined();
  expect(count(await onPostgres.getOrg(seeded?.orgId as never))).toEqual(count(await memory.getOrg(made.orgId)));
});

test("every contender does every operation that it has, and the rows stay sound", async () => {
  const driver = openPg({ delayMs: 0, url: database.url, neonEndpoint: "" }, 2);
  const worlds = ownWorlds(pool);
  const near = new PostgresTenancyStore(pool);
  const contenders = [
    tenantryOnPg(driver, worlds, near),
    tenantryInMemory(),
    floorOf(driver, pool, worlds),
    usual(driver, worlds, { isTuned: false }),
    usual(driver, worlds, { isTuned: true }),
  ];
  for (const operation of OPERATIONS) {
    for (const contender of contenders) {
      const calls = await contender.prepare(operation, 2);
      // Only the library answers for the past.
      expect(calls?.length ?? operation.name).toBe(calls === null ? "membersAsOf" : 2);
      await Promise.all((calls ?? []).map((call) => call()));
    }
  }
  await driver.close();
  await pool.query(COUNTED);
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
});
