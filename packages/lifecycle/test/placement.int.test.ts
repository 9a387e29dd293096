import { withTenant } from "@tenantry/context/fetch";
import { type EventType, generate, isTenancyError, type OrgId, type Tenancy, type UsrId } from "@tenantry/core";
import {
  type IsolationStrategy,
  type PlacementStore,
  StrategyRegistry,
  storePlacements,
  TenantProvisioner,
} from "@tenantry/isolation";
import { killedAt } from "@tenantry/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTenantry } from "../src/index.ts";
import { type OpenWorld, STORES } from "./stores.ts";

// What a place becomes is a change of its organization: the same on every store, whoever comes in between.

const alice: UsrId = generate("usr");
const bob: UsrId = generate("usr");
const STEPS = ["role", "schema", "migrate"];

const codeOf = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: unknown) => (isTenancyError(error) ? error.code : String(error)),
  );

/** A strategy whose place is a set of names, each made once. `before` may throw, or wait. */
function schemas(before: (step: string) => unknown = () => {}) {
  const made = new Set<string>();
  const strategy: IsolationStrategy = {
    name: "schema",
    steps: STEPS,
    async provision({ id }, step, { keepVersion, keepDsn }) {
      await before(step);
      made.add(`${step} ${id}`);
      if (step === "migrate") {
        await keepDsn("sealed");
        await keepVersion("0001.sql");
      }
    },
    async deprovision(_, policy) {
      return { policy, archivedAs: policy === "rename" ? "archived" : null, rows: null };
    },
    run: (_, fn) => fn({}),
  };
  return { made, strategy };
}

const rows: IsolationStrategy = {
  ...schemas().strategy,
  name: "row",
  steps: [],
};

describe.each(Object.entries(STORES))("placements on %s", (_, open) => {
  let world: OpenWorld;
  let store: Tenancy;
  beforeAll(async () => {
    world = await open();
    store = world.store(["placement", "lifecycle"]);
  });
  afterAll(() => world.close());

  const provisionerOf = (strategy: IsolationStrategy, placements: PlacementStore = storePlacements(store)) =>
    new TenantProvisioner({
      placements,
      strategies: StrategyRegistry.withDefaults(rows).register(strategy),
      clock: () => world.hands.now,
      wait: async () => {},
    });
  const founded = async (): Promise<OrgId> =>
    (await store.createOrg({ creator: alice, placement: { strategy: "schema", state: "pending" } })).org.id;
  const eventsOf = async (orgId: OrgId) => (await store.listEvents(orgId)).data;
  const typesOf = async (orgId: OrgId): Promise<readonly EventType[]> =>
    (await eventsOf(orgId)).map(({ type }) => type);
  /** Every event is a version, and the version is that of the last one. */
  const expectWhole = async (orgId: OrgId): Promise<void> => {
    const events = await eventsOf(orgId);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
    expect((await store.getOrg(orgId)).version).toBe(events.length);
  };

  test("an organization and its placement are one commit, and so is each change of it", async () => {
    const provisioner = provisionerOf(schemas().strategy);
    const orgId = await founded();
    expect(await typesOf(orgId)).toEqual(["org.created"]);
    expect(await provisioner.status(orgId)).toMatchObject({ strategy: "schema", state: "pending", step: null });
    const ready = await provisioner.provision(orgId, { actor: bob });
    expect(ready).toMatchObject({ state: "ready", migratedTo: "0001.sql", hasConnectionString: true });
    expect(await provisioner.status(orgId)).toEqual(ready);
    const paused = await provisioner.pauseWrites(orgId, { untilSeconds: 60 }, { actor: bob, idempotencyKey: "p" });
    expect(await provisioner.pauseWrites(orgId, { untilSeconds: 60 }, { actor: bob, idempotencyKey: "p" })).toEqual(
      paused,
    );
    expect(paused.pausedUntil).toBe(new Date(world.hands.now.getTime() + 60_000).toISOString());
    const { version } = await store.getOrg(orgId);
    expect(await codeOf(provisioner.resumeWrites(orgId, { expectedVersion: version - 1 }))).toBe("conflict.version");
    expect(await provisioner.resumeWrites(orgId, { actor: bob, expectedVersion: version })).toEqual(ready);
    // What is so already is no change.
    expect(await provisioner.resumeWrites(orgId)).toEqual(ready);
    await provisioner.deprovision(orgId, { policy: "rename", actor: bob });
    expect(await provisioner.status(orgId)).toMatchObject({ state: "archived", name: "archived", step: null });
    const events = await eventsOf(orgId);
    expect(events.slice(1).map(({ type, data, actor }) => ({ type, data, actor }))).toEqual([
      { type: "tenant.provisioned", data: { strategy: "schema" }, actor: bob },
      { type: "tenant.paused", data: { until: paused.pausedUntil }, actor: bob },
      { type: "tenant.resumed", data: {}, actor: bob },
      { type: "tenant.deprovisioned", data: { policy: "rename" }, actor: bob },
    ]);
    expect(events.find(({ type }) => type === "tenant.paused")?.idempotencyKey).toBe("p");
    expect(JSON.stringify(events)).not.toContain("sealed");
    await expectWhole(orgId);
  });

  test("a failure is a state with its event, and no message", async () => {
    let isBroken = true;
    const { strategy } = schemas((step) => {
      if (step === "schema" && isBroken) {
        throw Object.assign(new Error("secret"), { code: "42501" });
      }
    });
    const provisioner = provisionerOf(strategy);
    const orgId = await founded();
    expect(await codeOf(provisioner.provision(orgId))).toBe("isolation.provisioning_failed");
    expect(await provisioner.status(orgId)).toMatchObject({ state: "failed", step: "schema", errorCode: "42501" });
    isBroken = false;
    expect(await provisioner.provision(orgId)).toMatchObject({ state: "ready", step: null, errorCode: null });
    expect((await eventsOf(orgId)).slice(1).map(({ type, data }) => [type, data])).toEqual([
      ["tenant.provisioning_failed", { step: "schema", code: "42501" }],
      ["tenant.provisioned", { strategy: "schema" }],
    ]);
    await expectWhole(orgId);
  });

  test("who is not there has no placement, and whoever is revoked gets no other one", async () => {
    const placements = storePlacements(store);
    const provisioner = provisionerOf(schemas().strategy);
    const nobody = generate("org");
    const held = { orgId: nobody, holder: "one" };
    expect(await codeOf(placements.create(nobody, "row", "ready"))).toBe("not_found");
    expect(await codeOf(placements.provisioned(held))).toBe("not_found");
    expect(await codeOf(placements.paused(nobody, { seconds: 1, holder: null }))).toBe("not_found");
    const orgId = await founded();
    await provisioner.provision(orgId);
    await store.revokeOrg(orgId);
    expect(await codeOf(provisioner.pauseWrites(orgId, { untilSeconds: 1 }))).toBe("conflict.already_terminal");
    expect(await placements.leftovers(1000)).toContain(orgId);
    await provisioner.deprovision(orgId, { policy: "drop", confirm: orgId });
    expect(await placements.leftovers(1000)).not.toContain(orgId);
    expect((await placements.get(orgId))?.sealedDsn).toBeNull();
    expect((await typesOf(orgId)).at(-1)).toBe("tenant.deprovisioned");
    await expectWhole(orgId);
  });

  test("one without a placement has its rows among others', and can be paused and taken down", async () => {
    const provisioner = provisionerOf(schemas().strategy);
    const { org } = await store.createOrg(alice);
    expect(await provisioner.status(org.id)).toMatchObject({ strategy: "row", state: "ready" });
    expect(await provisioner.resumeWrites(org.id)).toMatchObject({ pausedUntil: null });
    expect((await provisioner.pauseWrites(org.id, { untilSeconds: 5 })).pausedUntil).not.toBeNull();
    expect(await codeOf(provisioner.place(org.id, "schema"))).toBe("isolation.strategy_fixed");
    await provisioner.deprovision(org.id, { policy: "retain" });
    expect(await typesOf(org.id)).toEqual(["org.created", "tenant.paused", "tenant.deprovisioned"]);
  });

  test("of several provisioners one works, and tells it once", async () => {
    const { strategy, made } = schemas();
    const several = [1, 2, 3].map(() => provisionerOf(strategy));
    for (let round = 0; round < 5; round += 1) {
      const orgId = await founded();
      const codes = await Promise.all(several.map((provisioner) => codeOf(provisioner.provision(orgId))));
      expect(codes.filter((code) => code === null).length).toBeGreaterThan(0);
      expect(codes.filter((code) => code !== null && code !== "isolation.busy")).toEqual([]);
      expect([...made].filter((one) => one.endsWith(orgId))).toHaveLength(STEPS.length);
      expect(await typesOf(orgId)).toEqual(["org.created", "tenant.provisioned"]);
    }
  });

  test("provisioned and revoked at once, a tenant is ready before its end or never", async () => {
    const ends = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const orgId = await founded();
      let revocation: Promise<unknown> = Promise.resolve();
      const { strategy } = schemas((step) => {
        if (step === STEPS[round % 4]) {
          revocation = store.revokeOrg(orgId);
        }
      });
      const provision = codeOf(provisionerOf(strategy).provision(orgId));
      const begun = round % 4 === 3 ? provision.then(() => store.revokeOrg(orgId)) : provision;
      const code = await provision;
      await begun;
      await revocation;
      const types = await typesOf(orgId);
      const state = (await storePlacements(store).get(orgId))?.state;
      expect(types.indexOf("tenant.provisioned")).toBeLessThan(types.indexOf("org.revoked"));
      expect([code, state]).toEqual(code === null ? [null, "ready"] : ["isolation.not_provisioned", "pending"]);
      expect(types.includes("tenant.provisioned")).toBe(code === null);
      ends.add(String(code));
    }
    expect(ends).toContain("null");
    expect(ends).toContain("isolation.not_provisioned");
  });
});

test.each([false, true])(
  "a tenant whose founder is killed is nobody's until its place is made (call made: %s)",
  async (isMade) => {
    const world = await (STORES["memory"] as () => Promise<OpenWorld>)();
    const store = world.store(["placement", "lifecycle"]);
    const own = storePlacements(store);
    const { strategy, made } = schemas();
    const tenantryWith = (placements: PlacementStore) => {
      const strategies = StrategyRegistry.withDefaults(rows).register(strategy);
      const provisioner = new TenantProvisioner({ placements, strategies, wait: async () => {} });
      const identify = () => ({ kind: "user", id: alice }) as const;
      const config = { lifecycle: { strategy: "schema" }, resolution: { validatorTtlSeconds: 0 } } as const;
      return { provisioner, ...createTenantry<Request>({ store, identify, config, provisioner, strategies }) };
    };
    const alive = tenantryWith(own);
    const status = async (orgId: OrgId): Promise<number> => {
      const handler = withTenant(async () => new Response(), alive.tenancy, { require: {} });
      const headers = { "x-tenant-id": orgId };
      return (await handler(new Request("https://example.com/", { headers }))).status;
    };
    const whole = killedAt(own, Number.POSITIVE_INFINITY, false);
    await tenantryWith(whole.port).lifecycle.createTenant({ creator: alice });
    expect(whole.made()).toBeGreaterThan(STEPS.length);
    const seen = new Set((await store.listOrgs({ limit: 200 })).data.map(({ id }) => id));
    for (let call = 1; call <= whole.made(); call += 1) {
      await tenantryWith(killedAt(own, call, isMade).port)
        .lifecycle.createTenant({ creator: alice })
        .catch((cause: unknown) => cause);
      const { data } = await store.listOrgs({ limit: 200 });
      const orgId = data.map(({ id }) => id).find((id) => !seen.has(id)) as OrgId;
      seen.add(orgId);
      const isReady = (await own.get(orgId))?.state === "ready";
      expect(await status(orgId)).toBe(isReady ? 200 : 503);
      // As if the time of its lease had passed.
      world.hands.now = new Date(world.hands.now.getTime() + 600_000);
      await alive.provisioner.provision(orgId);
      expect(await status(orgId)).toBe(200);
      expect([...made].filter((one) => one.endsWith(orgId))).toHaveLength(STEPS.length);
      expect((await store.listEvents(orgId)).data.map(({ type }) => type)).toEqual([
        "org.created",
        "tenant.provisioned",
      ]);
    }
  },
);
