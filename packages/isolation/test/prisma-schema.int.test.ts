import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "@tenantry/example-transactions/generated/client.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tenantName } from "../src/names.ts";
import { pgQuery } from "../src/pg.ts";
import { prismaDriver } from "../src/prisma.ts";
import { TenantProvisioner } from "../src/provisioner.ts";
import { schemaIsolation } from "../src/schema.ts";
import { StrategyRegistry } from "../src/strategy-registry.ts";
import { codeOf, openTenants, openWorld, type Tenants, type World } from "./world.ts";

let world: World;
let tenants: Tenants;
let pool: ReturnType<World["pool"]>;
const clients = new Map<string, PrismaClient>();
const clientOf = (schema: string): PrismaClient => {
  const known = clients.get(schema) ?? new PrismaClient({ adapter: new PrismaPg(pool, { schema }) });
  clients.set(schema, known);
  return known;
};
const probed: string[] = [];
/** Where the client's models are may be another schema than the one that was asked for. */
const isolationOf = (clientFor: (schema: string) => PrismaClient, rolePerTenant = true) => {
  const query = pgQuery(world.root);
  const driver = prismaDriver(clientOf("public"), {
    clientFor,
    async probe(tx) {
      probed.push(String((await tx.project.findMany({ take: 1 })).length));
    },
  });
  return schemaIsolation(driver, {
    provisioning: query,
    appRole: world.roles.app,
    rolePerTenant,
    async migrate({ schema }) {
      await query(`create table if not exists "${schema}".project (id int primary key, org_id text not null)`, []);
      return "1";
    },
  });
};
beforeAll(async () => {
  world = await openWorld();
  await world.root.query(`alter role ${world.roles.app} noinherit`);
  await world.root.query("create table public.project (id int primary key, org_id text not null)");
  await world.root.query("grant all on public.project to public");
  pool = world.pool(world.roles.app, { max: 2 });
  tenants = await openTenants(() => ({ strategy: "schema", state: "ready", migratedTo: "1" }), "schema");
  const strategies = new StrategyRegistry().register(isolationOf(clientOf));
  const provisioner = new TenantProvisioner({ placements: tenants.placements, strategies });
  for (const { org } of [tenants.a, tenants.b]) {
    await provisioner.place(org.id, "schema");
    await provisioner.provision(org.id);
  }
});
afterAll(async () => {
  await Promise.all([...clients.values()].map((client) => client.$disconnect()));
  for (const { org } of [tenants.a, tenants.b]) {
    await world.root.query(`drop schema ${tenantName(org.id)} cascade; drop role ${tenantName(org.id)}`);
  }
  await world.close();
});

test("models read and write the tenant's schema, which is proved once for each client", async () => {
  const { a, b } = tenants;
  const isolation = isolationOf(clientOf);
  probed.length = 0;
  for (const tenant of [a, b]) {
    await isolation.run(tenant, (tx) => tx.project.create({ data: { id: 1, orgId: tenant.org.id } }));
  }
  for (const tenant of [a, b, a]) {
    const own = [{ id: 1, orgId: tenant.org.id }];
    expect(await isolation.run(tenant, (tx) => tx.project.findMany())).toEqual(own);
  }
  expect(probed).toEqual(["0", "0"]);
  expect(await clientOf("public").project.findMany()).toEqual([]);
});

test.each([true, false])(
  "a client of another schema is refused before anything is done, a role per tenant: %s",
  async (own) => {
    const { a, b } = tenants;
    let isDone = false;
    const work = async (): Promise<void> => {
      isDone = true;
    };
    for (const elsewhere of ["public", tenantName(b.org.id), "nowhere"]) {
      const isolation = isolationOf(() => clientOf(elsewhere), own);
      expect([elsewhere, await codeOf(() => isolation.run(a, work))]).toEqual([elsewhere, "isolation.unsupported"]);
    }
    expect(isDone).toBe(false);
  },
);

test("a client without a probe, or a probe that reads nothing, proves nothing", async () => {
  expect(await codeOf(() => prismaDriver(clientOf("public"), { clientFor: clientOf }))).toBe("config.invalid");
  const driver = prismaDriver(clientOf("public"), { clientFor: clientOf, probe: async () => {} });
  const options = { provisioning: pgQuery(world.root), appRole: world.roles.app, migrate: async () => "1" };
  const run = schemaIsolation(driver, options).run(tenants.a, async () => {});
  expect(await codeOf(() => run)).toBe("isolation.unsupported");
});
