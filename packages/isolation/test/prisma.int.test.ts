import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "@tenantry/example-transactions/generated/client.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pgQuery } from "../src/pg.ts";
import { generatePolicies } from "../src/policies/generate-policies.ts";
import { prismaDriver } from "../src/prisma.ts";
import { rowIsolation } from "../src/row.ts";
import { schemaIsolation } from "../src/schema.ts";
import { defineTables } from "../src/table-declaration.ts";
import { codeOf, openTenants, openWorld, type World } from "./world.ts";

let world: World;
let client: PrismaClient;
beforeAll(async () => {
  world = await openWorld();
  await world.root.query("create table public.project (id int, org_id text not null, primary key (org_id, id))");
  const { app, admin } = world.roles;
  // Organizations as text, in `public`.
  const tables = defineTables({
    schema: "public",
    appRole: app,
    adminRole: admin,
    orgType: "text",
    tables: { project: "tenant" },
  });
  await world.root.query(generatePolicies(tables));
  client = new PrismaClient({ adapter: new PrismaPg({ connectionString: world.urlAs(app), max: 1 }) });
});
afterAll(async () => {
  await client.$disconnect();
  await world.close();
});

test("models show and take rows of the tenant alone", async () => {
  const { a, b } = await openTenants();
  const isolation = rowIsolation(prismaDriver(client));
  for (const tenant of [a, b]) {
    await isolation.run(tenant, (tx) => tx.project.create({ data: { id: 1, orgId: tenant.org.id } }));
  }
  expect(await isolation.run(a, (tx) => tx.project.findMany())).toEqual([{ id: 1, orgId: a.org.id }]);
  const foreign = { data: { id: 2, orgId: b.org.id } };
  expect(await codeOf(() => isolation.run(a, (tx) => tx.project.create(foreign)))).toBe("42501");
  expect(await client.project.findMany()).toEqual([]);
});

test("a path of schemas means nothing to it, which is said at construction", async () => {
  const options = { provisioning: pgQuery(world.root), appRole: world.roles.app, migrate: async () => "1" };
  expect(await codeOf(() => schemaIsolation(prismaDriver(client), options))).toBe("isolation.unsupported");
});
