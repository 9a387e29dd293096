import { createTenantScope } from "@tenantry/context/als";
import { withTenant } from "@tenantry/context/fetch";
import { generate, IsolationError, isTenancyError, type OrgId, type UsrId } from "@tenantry/core";
import { type IsolationStrategy, StrategyRegistry, storePlacements, TenantProvisioner } from "@tenantry/isolation";
import { defineSettings } from "@tenantry/settings";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { createTenantry, type Provisioner, TenantLifecycleService, type TenantryOptions } from "../src/index.ts";

const alice: UsrId = generate("usr");
const groups = ["placement", "lifecycle", "domains", "settings"] as const;
const declared = defineSettings({ seats: { schema: v.number(), default: 5 } });
const identify = (request: Request) => {
  const id = request.headers.get("x-user");
  return id === null ? null : ({ kind: "user", id: id as UsrId } as const);
};
const asked = (host: string, headers: Record<string, string> = {}) =>
  new Request(`https://${host}/`, { headers: { "x-user": alice, ...headers } });

function whole(more: Partial<TenantryOptions<Request, typeof declared>> = {}) {
  const zone = new Map<string, readonly string[]>();
  const store = new InMemoryTenancyStore({ groups });
  const tenantry = createTenantry({
    store,
    identify,
    config: { resolution: { baseDomains: ["example.com"] }, lifecycle: { graceDays: 7 } },
    domains: { lookupTxt: async (name) => zone.get(name) ?? [] },
    settings: { declared },
    mayEnter: () => true,
    ...more,
  });
  const handler = withTenant((_request, tenant) => Response.json(tenant.org.id), tenantry.tenancy, { require: {} });
  const status = async (request: Request): Promise<number> => (await handler(request)).status;
  return { store, zone, status, ...tenantry };
}

test("a tenant is founded, found, suspended and restored, and each shows on the next request", async () => {
  const { lifecycle, domains, settings, status, zone, config } = whole();
  const { tenant } = await lifecycle.createTenant({ creator: alice, slug: "acme" });
  expect(await status(asked("acme.example.com"))).toBe(200);
  expect(await status(asked("shop.example.org"))).toBe(403);
  const claim = await domains?.add(tenant.id, "shop.example.org");
  zone.set(claim?.record.name ?? "", [claim?.record.value ?? ""]);
  await domains?.verify(tenant.id, "shop.example.org");
  expect(await status(asked("shop.example.org"))).toBe(200);
  expect(await settings?.get(tenant.id, "seats")).toBe(5);
  await settings?.set(tenant.id, "seats", 9);
  expect(await settings?.get(tenant.id, "seats")).toBe(9);
  const deleted = await lifecycle.deleteTenant(tenant.id);
  expect(deleted.suspension?.dueAt?.getTime()).toBe((deleted.suspension?.since.getTime() ?? 0) + 7 * 86_400_000);
  expect(config.lifecycle.graceDays).toBe(7);
  expect(await status(asked("acme.example.com"))).toBe(403);
  await lifecycle.restoreTenant(tenant.id);
  expect(await status(asked("acme.example.com"))).toBe(200);
  await domains?.remove(tenant.id, "shop.example.org");
  expect(await status(asked("shop.example.org"))).toBe(403);
});

describe("a tenant with settings of its own", () => {
  test("has them from the beginning, and a repeat does not bring old ones back", async () => {
    const { lifecycle, settings } = whole();
    const founding = { creator: alice, slug: "acme", settings: { seats: 7 } };
    const { tenant } = await lifecycle.createTenant(founding, { idempotencyKey: "once" });
    expect(await settings?.get(tenant.id, "seats")).toBe(7);
    await settings?.set(tenant.id, "seats", 9);
    expect((await lifecycle.createTenant(founding, { idempotencyKey: "once" })).tenant.id).toBe(tenant.id);
    expect(await settings?.get(tenant.id, "seats")).toBe(9);
  });

  test("is one commit with them: what comes in between finds both or neither", async () => {
    class Broken extends InMemoryDatabase {
      override commit: InMemoryDatabase["commit"] = () => {
        throw new Error("gone");
      };
    }
    const { lifecycle, store } = whole({ store: new InMemoryTenancyStore({ groups }, new Broken()) });
    const founding = { creator: alice, slug: "acme", settings: { seats: 7 } };
    expect(await lifecycle.createTenant(founding).catch(() => null)).toBeNull();
    expect((await store.listOrgs()).data).toEqual([]);
    const sound = whole();
    const { tenant } = await sound.lifecycle.createTenant(founding, { idempotencyKey: "once" });
    expect((await sound.store.listEvents(tenant.id)).data).toMatchObject([
      { seq: 1, type: "org.created", idempotencyKey: "once" },
      { seq: 2, type: "setting.changed", idempotencyKey: "once" },
    ]);
    expect(tenant.version).toBe(2);
  });

  test("has those that are kept elsewhere behind that, and a call that ended in between goes on there", async () => {
    const written: unknown[] = [];
    let isBroken = true;
    const prepare = async (values: object) => ({
      founding: () => null,
      async write(orgId: OrgId, options?: object) {
        if (isBroken) {
          throw new Error("elsewhere is gone");
        }
        written.push([orgId, values, options]);
      },
    });
    const store = new InMemoryTenancyStore({ groups });
    const lifecycle = new TenantLifecycleService(store, { settings: { prepare } });
    const founding = { creator: alice, slug: "acme", settings: { seats: 7 } };
    const once = { idempotencyKey: "once" };
    await expect(lifecycle.createTenant(founding, once)).rejects.toThrow();
    isBroken = false;
    const { tenant } = await lifecycle.createTenant(founding, once);
    expect(written).toEqual([[tenant.id, { seats: 7 }, once]]);
    expect((await store.listOrgs()).data.map(({ id }) => id)).toEqual([tenant.id]);
  });

  test.each([
    ["settings.invalid_value", { seats: "many" }],
    ["settings.unknown_key", { chairs: 1 }],
    ["settings.invalid_key", { "": 1 }],
    ["precondition.invalid_input", null],
  ])("is not founded where one is refused: %s", async (code, wrong) => {
    const { lifecycle, store } = whole();
    const refused = lifecycle.createTenant({ creator: alice, slug: "acme", settings: wrong as never });
    await expect(refused).rejects.toMatchObject({ code });
    expect((await store.listOrgs()).data).toEqual([]);
  });

  test("is none where there are no settings", async () => {
    const store = new InMemoryTenancyStore({ groups });
    const { lifecycle } = createTenantry({ store, identify });
    const refused = lifecycle.createTenant({ creator: alice, settings: {} });
    await expect(refused).rejects.toMatchObject({ code: "precondition.invalid_input", details: { key: "settings" } });
  });
});

test("staff enters with an event, and the store is there inside of the tenant", async () => {
  const { lifecycle, tenancy, inTenant, store } = whole();
  const { tenant } = await lifecycle.createTenant({ creator: alice });
  const active = await tenancy.guard.enterAs(tenant.id, { operator: generate("usr"), reason: "ticket" });
  expect(await inTenant(active).getOrg()).toMatchObject({ id: tenant.id });
  expect((await store.listEvents(tenant.id)).data.at(-1)).toMatchObject({ type: "operator.entered" });
});

test("closed it hears nothing of the store any more", async () => {
  let listening = 0;
  class Heard extends InMemoryTenancyStore {
    override subscribe: InMemoryTenancyStore["subscribe"] = (handler, options) => {
      const end = super.subscribe(handler, options);
      listening += 1;
      return () => {
        listening -= 1;
        end();
      };
    };
  }
  const { close } = whole({ store: new Heard({ groups }) });
  expect(listening).toBeGreaterThan(1);
  close();
  expect(listening).toBe(0);
});

test("its health is that of its parts", async () => {
  const { health } = whole({ checks: { relay: async () => ({ status: "degraded", code: "relay.lag" }) } });
  const { status, parts } = await health();
  expect(status).toBe("degraded");
  expect(parts["store"]?.status).toBe("healthy");
  expect(parts["relay"]).toMatchObject({ status: "degraded", code: "relay.lag" });
});

describe("what is left out", () => {
  test("is absent, and the rest works", async () => {
    const store = new InMemoryTenancyStore({ groups: ["lifecycle"] });
    const scope = createTenantScope();
    const { domains, settings, lifecycle, tenancy, close } = createTenantry({ store, identify, scope });
    expect([domains, settings]).toEqual([null, null]);
    expect(tenancy.scope).toBe(scope);
    const { tenant } = await lifecycle.createTenant({ creator: alice, slug: "acme" });
    expect(await tenancy.validator.validate(tenant.id)).toMatchObject({ slug: "acme" });
    close();
    await store.suspendOrg(tenant.id);
    // Nobody told it.
    expect(await tenancy.validator.validate(tenant.id)).not.toBeNull();
    const entering = tenancy.guard.enterAs(tenant.id, { operator: alice, reason: "ticket" });
    await expect(entering).rejects.toMatchObject({ code: "tenant.denied" });
  });

  test.each<readonly [missing: string, more: object]>([
    ["lifecycle", {}],
    ["domains", { domains: { lookupTxt: async () => [] } }],
    ["settings", { settings: { declared } }],
  ])("of the store is refused where it is needed: %s", (group, more) => {
    const store = new InMemoryTenancyStore({ groups: groups.filter((kept) => kept !== group) });
    expect(() => createTenantry({ store, identify, ...more })).toThrow(
      expect.objectContaining({ code: "config.capability_missing", details: { group } }),
    );
  });
});

test("the environment is over what is given, and every fault is told", () => {
  const { config } = whole({ env: { TENANTRY_LIFECYCLE__GRACE_DAYS: "3", TENANTRY_RESOLUTION__RESOLVERS: '["jwt"]' } });
  expect(config.lifecycle.graceDays).toBe(3);
  expect(config.resolution.resolvers).toEqual(["jwt"]);
  const invalid = expect.objectContaining({ code: "config.invalid" });
  expect(() => whole({ env: { TENANTRY_TYPO: "1" } })).toThrow(invalid);
  expect(() => whole({ config: { lifecycle: { graceDays: 40_000 } } })).toThrow(invalid);
  // Nobody is there who could make a schema.
  expect(() => whole({ config: { lifecycle: { strategy: "schema" } } })).toThrow(invalid);
});

describe("a tenant whose place is not ready is no tenant of a request", () => {
  const config = {
    resolution: { baseDomains: ["example.com"] },
    lifecycle: { strategy: "schema", autoProvision: false },
  } as const;
  const strategy = (name: string, steps: readonly string[]): IsolationStrategy => ({
    name,
    steps,
    provision: async () => {},
    deprovision: async (_, policy) => ({ policy, archivedAs: null, rows: null }),
    run: (_, fn) => fn({}),
  });
  function placed(strategies: StrategyRegistry) {
    let loads = 0;
    class Counted extends InMemoryDatabase {
      override load: InMemoryDatabase["load"] = (plan) => {
        loads += 1;
        return super.load(plan);
      };
    }
    const store = new InMemoryTenancyStore({ groups }, new Counted());
    const provisioner = new TenantProvisioner({ placements: storePlacements(store), strategies });
    const tenantry = whole({ store, provisioner, strategies, config });
    const cost = async (request: Request): Promise<readonly [status: number, loads: number]> => {
      const before = loads;
      return [await tenantry.status(request), loads - before];
    };
    return { ...tenantry, store, provisioner, cost };
  }

  test("by its id, its slug and its domain; the placement is read in the look at the organization", async () => {
    const strategies = StrategyRegistry.withDefaults(strategy("row", [])).register(strategy("schema", ["create"]));
    const { lifecycle, provisioner, domains, zone, tenancy, cost, store } = placed(strategies);
    const { tenant } = await lifecycle.createTenant({ creator: alice, slug: "acme" });
    expect(tenant.status).toBe("provisioning");
    const claim = await domains?.add(tenant.id, "shop.example.org");
    zone.set(claim?.record.name ?? "", [claim?.record.value ?? ""]);
    await domains?.verify(tenant.id, "shop.example.org");
    const requests = [
      asked("acme.example.com"),
      asked("shop.example.org"),
      asked("example.com", { "x-tenant-id": tenant.id }),
    ];
    const cold = async () => {
      const costs: (readonly [number, number])[] = [];
      for (const request of requests) {
        tenancy.validator.invalidateAll();
        costs.push(await cost(request));
      }
      return costs;
    };
    const statuses = async () => (await cold()).map(([status]) => status);
    expect(await statuses()).toEqual([503, 503, 503]);
    await provisioner.provision(tenant.id);
    // One look of the validator's, one of the guard's.
    expect(await cold()).toEqual([
      [200, 2],
      [200, 2],
      [200, 2],
    ]);
    await cost(asked("acme.example.com"));
    expect(await cost(asked("acme.example.com"))).toEqual([200, 1]);
    const { org } = await store.createOrg({ creator: alice, slug: "unplaced" });
    expect(await cost(asked("unplaced.example.com"))).toEqual([200, 2]);
    await provisioner.deprovision(org.id, { policy: "retain" });
    await provisioner.deprovision(tenant.id, { policy: "rename" });
    expect(await statuses()).toEqual([503, 503, 503]);
  });

  test("without a placement it has none where nobody keeps rows among others'", async () => {
    const { store, cost } = placed(new StrategyRegistry().register(strategy("schema", ["create"])));
    await store.createOrg({ creator: alice, slug: "unplaced" });
    expect((await cost(asked("unplaced.example.com")))[0]).toBe(503);
  });

  test("as a provisioner says of whose places the store keeps nothing", async () => {
    const states = new Map<OrgId, string>();
    const provisioner: Provisioner = {
      provision: async (id) => states.set(id, "ready"),
      async status(id) {
        const state = states.get(id);
        if (state === undefined) {
          throw new IsolationError("isolation.not_provisioned", {});
        }
        return { strategy: "schema", state };
      },
      deprovision: async (id) => states.set(id, "archived"),
    };
    const { status, store, tenancy } = whole({ provisioner, config: { resolution: config.resolution } });
    const { org } = await store.createOrg({ creator: alice, slug: "acme" });
    const statusWith = async (state: string) => {
      states.set(org.id, state);
      tenancy.validator.invalidateAll();
      return await status(asked("acme.example.com"));
    };
    expect(await status(asked("acme.example.com"))).toBe(503);
    expect(await statusWith("ready")).toBe(200);
    expect(await statusWith("lost")).toBe(503);
    const broken = { ...provisioner, status: () => Promise.reject(new Error("secret")) };
    const answer = await whole({ provisioner: broken }).lifecycle.result.createTenant({ creator: alice }).catch(String);
    expect(isTenancyError(answer)).toBe(false);
  });
});
