import { withTenant } from "@tenantry/context/fetch";
import { generate, type OrgId, type UsrId } from "@tenantry/core";
import { type IsolationStrategy, StrategyRegistry, storePlacements, TenantProvisioner } from "@tenantry/isolation";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { describe, expect, test } from "vitest";
import { createTenantry } from "../src/index.ts";

const alice: UsrId = generate("usr");
const SECRET = "postgres://u:hunter2@db";
const identify = () => ({ kind: "user", id: alice }) as const;

/** A strategy that keeps nothing but account of what it was asked for. */
function strategy(name: string, steps: readonly string[], done: string[], broken?: Set<string>): IsolationStrategy {
  return {
    name,
    steps,
    async provision(_, step) {
      if (broken?.has(step)) {
        throw new Error(SECRET);
      }
      done.push(`${name} ${step}`);
    },
    async deprovision(_, policy) {
      done.push(`${name} ${policy}`);
      return { policy, archivedAs: null, rows: null };
    },
    run: async (tenant, fn) => fn(tenant.org.id),
  };
}

function open(options: { readonly onProvisionFailure?: "keep" | "revoke" } = {}) {
  const done: string[] = [];
  const broken = new Set<string>();
  const strategies = StrategyRegistry.withDefaults(strategy("row", [], done));
  strategies.register(strategy("schema", ["create", "migrate"], done, broken));
  const store = new InMemoryTenancyStore({ groups: ["placement", "lifecycle"] });
  const provisioner = new TenantProvisioner({ placements: storePlacements(store), strategies, backoffMs: 0 });
  const tenantry = createTenantry<Request>({
    store,
    identify,
    provisioner,
    strategies,
    deprovision: "drop",
    ...options,
  });
  return { done, broken, store, provisioner, ...tenantry };
}

test("the provisioner of the package of isolation makes and takes down what the service says", async () => {
  const { done, lifecycle, tenancy, run } = open();
  const rows = await lifecycle.createTenant({ creator: alice });
  expect(rows.tenant.status).toBe("active");
  expect(done).toEqual([]);
  const { tenant } = await lifecycle.createTenant({ creator: alice, strategy: "schema" });
  expect(done.splice(0)).toEqual(["schema create", "schema migrate"]);
  const handler = withTenant(
    async (_request, active) => Response.json([active.org.placement.strategy, await run(active, async (tx) => tx)]),
    tenancy,
    { require: {} },
  );
  const answer = await handler(new Request("https://example.com/", { headers: { "x-tenant-id": tenant.id } }));
  expect(await answer.json()).toEqual(["schema", tenant.id]);
  await lifecycle.deleteTenant(tenant.id, { graceDays: 0 });
  expect(await lifecycle.runDue()).toMatchObject({ revoked: [tenant.id], deprovisioned: [tenant.id] });
  expect(done).toEqual(["schema drop"]);
  expect(await lifecycle.getTenant(tenant.id)).toMatchObject({ status: "revoked" });
});

describe("what becomes of a place is told by its event, once", () => {
  const told = async (store: InMemoryTenancyStore, orgId: OrgId) =>
    (await store.listEvents(orgId)).data.map(({ type, actor, data }) => ({ type, actor, data }));

  test("made with its tenant, and taken down with it", async () => {
    const { lifecycle, store } = open();
    const { tenant } = await lifecycle.createTenant({ creator: alice, strategy: "schema" }, { actor: alice });
    await lifecycle.revokeTenant(tenant.id, { confirm: tenant.id }, { actor: alice });
    const events = await told(store, tenant.id);
    expect(events.map(({ type }) => type)).toEqual([
      ...["org.created", "tenant.provisioned", "org.revoked", "tenant.deprovisioned"],
    ]);
    expect([events[1], events[3]]).toEqual([
      { type: "tenant.provisioned", actor: alice, data: { strategy: "schema" } },
      { type: "tenant.deprovisioned", actor: alice, data: { policy: "drop" } },
    ]);
  });

  test.each([
    ["keep", "active", ["org.created", "tenant.provisioning_failed", "tenant.provisioned"]],
    ["revoke", "revoked", ["org.created", "tenant.provisioning_failed", "org.revoked"]],
  ] as const)("not made: with %s its organization is %s, and the answer names it", async (how, status, types) => {
    const { lifecycle, store, broken, provisioner, tenancy } = open({ onProvisionFailure: how });
    broken.add("migrate");
    const refused = await lifecycle.result.createTenant({ creator: alice, slug: "acme", strategy: "schema" });
    const [org] = (await store.listOrgs()).data;
    const orgId = org?.id as OrgId;
    expect(org).toMatchObject({ slug: "acme", status });
    expect(refused).toMatchObject({
      ok: false,
      error: { code: "isolation.provisioning_failed", details: { orgId, step: "migrate" } },
    });
    expect(await provisioner.status(orgId)).toMatchObject({ state: "failed", step: "migrate" });
    expect(await tenancy.validator.validate(orgId)).toBeNull();
    broken.clear();
    if (how === "keep") {
      await provisioner.provision(orgId);
      expect(await tenancy.validator.validate(orgId, { fresh: true })).toMatchObject({ id: orgId });
    }
    const events = await told(store, orgId);
    expect(events.map(({ type }) => type)).toEqual(types);
    expect(events[1]?.data).toMatchObject({ step: "migrate" });
    expect(JSON.stringify([events, refused.ok || refused.error])).not.toContain(SECRET);
  });
});

test("a strategy that nobody registered is refused before anything is written", async () => {
  const { lifecycle, store } = open();
  const result = await lifecycle.result.createTenant({ creator: alice, strategy: "shards" });
  expect(result).toMatchObject({ ok: false, error: { code: "isolation.unknown_strategy" } });
  expect((await store.listOrgs()).data).toEqual([]);
});

test("places that an earlier run left are taken down by the next one", async () => {
  const { done, lifecycle, store, provisioner } = open();
  const { tenant } = await lifecycle.createTenant({ creator: alice, strategy: "schema" });
  // Whoever revoked it was not there to take its place down.
  await store.revokeOrg(tenant.id);
  done.splice(0);
  expect(await lifecycle.runDue()).toMatchObject({ revoked: [], deprovisioned: [tenant.id], failed: [] });
  expect(done).toEqual(["schema drop"]);
  expect(await provisioner.leftovers(10)).toEqual([]);
  expect(await lifecycle.runDue()).toMatchObject({ deprovisioned: [] });
});

test("a strategy of the configuration that is not there is refused when it is made", () => {
  const strategies = StrategyRegistry.withDefaults(strategy("row", [], []));
  const store = new InMemoryTenancyStore({ groups: ["lifecycle"] });
  const build = () => createTenantry({ store, identify, strategies, config: { lifecycle: { strategy: "schema" } } });
  expect(build).toThrow(expect.objectContaining({ code: "config.invalid" }));
});

test("without strategies nothing is run", async () => {
  const store = new InMemoryTenancyStore({ groups: ["lifecycle"] });
  const { tenancy, run, lifecycle } = createTenantry<Request>({ store, identify, mayEnter: () => true });
  const { tenant } = await lifecycle.createTenant({ creator: alice });
  const active = await tenancy.guard.enterAs(tenant.id, { operator: alice, reason: "look" });
  await expect(run(active, async () => {})).rejects.toMatchObject({ code: "isolation.unknown_strategy" });
});
