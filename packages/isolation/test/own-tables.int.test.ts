import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generatePolicies } from "../src/policies/generate-policies.ts";
import { codeOf, declare, idNo, openWorld, TABLES, type World } from "./world.ts";

let world: World;
let store: PostgresTenancyStore;
beforeAll(async () => {
  world = await openWorld();
  await migratePostgres(world.root);
  store = new PostgresTenancyStore(world.root);
});
afterAll(() => world.close());

test("our own tables are closed, or open for the organization of the transaction", async () => {
  await world.root.query(TABLES);
  await world.root.query(generatePolicies(declare(world)));
  const app = world.pool(world.roles.app);
  expect(await codeOf(() => app.query("select from tenancy.org"))).toBe("42501");
  await world.root.query(generatePolicies(declare(world, { ownTables: "rls" })));
  const alice = idNo("usr", 1);
  const made = [await store.createOrg({ creator: alice }), await store.createOrg({ creator: alice })];
  expect((await app.query("select from tenancy.org")).rowCount).toBe(0);
  const client = await app.connect();
  await client.query("begin");
  const [first] = made;
  await client.query("select set_config('tenantry.org_id', id::text, true) from unnest($1::uuid[]) as t(id)", [
    [first?.org.id.replace("org_", "")],
  ]);
  expect((await client.query("select from tenancy.org")).rowCount).toBe(1);
  expect((await client.query("select from tenancy.mem")).rowCount).toBe(1);
  expect((await client.query("select from tenancy.evt")).rowCount).toBe(1);
  const inside = new PostgresTenancyStore(client);
  expect((await inside.getOrg(first?.org.id ?? "org_")).id).toBe(first?.org.id);
  expect(await codeOf(() => inside.getOrg(made[1]?.org.id ?? "org_"))).toBe("not_found");
  await client.query("rollback");
  client.release();
});
