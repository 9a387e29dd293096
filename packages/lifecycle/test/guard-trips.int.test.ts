import { withTenant } from "@tenantry/context/fetch";
import { generate, type UsrId } from "@tenantry/core";
import { StrategyRegistry, storePlacements, TenantProvisioner } from "@tenantry/isolation";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { type OpenDatabase, openDatabase } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createTenantry } from "../src/index.ts";

// What a request pays where the store keeps where the rows of each tenant are: every look borrows the connection once.

const groups = ["placement", "lifecycle", "domains"] as const;
const alice: UsrId = generate("usr");

let database: OpenDatabase;
let pool: pg.Pool;
let looks = 0;

beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  pool = database.pool({ max: 1 });
  await migratePostgres(pool, { groups });
  pool.on("acquire", () => {
    looks += 1;
  });
});
afterAll(() => database.close());

test("a tenant is found in one look, its placement included, and the guard takes one more", async () => {
  const store = new PostgresTenancyStore(pool, { groups });
  const strategy = {
    name: "schema",
    steps: ["schema"],
    provision: async () => {},
    deprovision: async () => ({ policy: "retain", archivedAs: null, rows: null }) as const,
    run: async () => {
      throw new Error("nothing runs here");
    },
  };
  const strategies = new StrategyRegistry().register(strategy);
  const provisioner = new TenantProvisioner({ placements: storePlacements(store), strategies });
  const zone = new Map<string, readonly string[]>();
  const { lifecycle, domains, tenancy } = createTenantry({
    store,
    provisioner,
    identify: () => ({ kind: "user", id: alice }),
    config: { resolution: { baseDomains: ["example.com"] }, lifecycle: { strategy: "schema", autoProvision: false } },
    domains: { lookupTxt: async (name) => zone.get(name) ?? [] },
  });
  const handler = withTenant((_request, tenant) => Response.json(tenant.org.id), tenancy, { require: {} });
  const answered = async (host: string): Promise<readonly [status: number, looks: number]> => {
    const before = looks;
    const { status } = await handler(new Request(`https://${host}/`));
    return [status, looks - before];
  };

  const { tenant } = await lifecycle.createTenant({ creator: alice, slug: "acme" });
  expect(await answered("acme.example.com")).toEqual([503, 2]);
  await provisioner.provision(tenant.id);
  const { record } = (await domains?.add(tenant.id, "shop.example.org")) ?? {};
  zone.set(record?.name ?? "", [record?.value ?? ""]);
  await domains?.verify(tenant.id, "shop.example.org");
  for (const host of ["acme.example.com", "shop.example.org"]) {
    tenancy.validator.invalidate(tenant.id);
    expect(await answered(host)).toEqual([200, 2]);
    expect(await answered(host)).toEqual([200, 1]);
  }
  expect(await answered("acme.example.com")).toEqual([200, 2]);
  // Another instance has given the place up: it shows on the next request, whatever is remembered here.
  await new TenantProvisioner({
    placements: storePlacements(new PostgresTenancyStore(pool, { groups })),
    strategies,
  }).deprovision(tenant.id, { policy: "retain" });
  expect(await answered("acme.example.com")).toEqual([503, 1]);
});
