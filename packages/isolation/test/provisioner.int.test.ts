import type { NewPlacement, OrgId, Tenancy } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PlacementStore, placementOf } from "../src/placement.ts";
import { storePlacements } from "../src/placement-store.ts";
import { type ProvisionerOptions, TenantProvisioner } from "../src/provisioner.ts";
import type { IsolationStrategy } from "../src/strategy.ts";
import { StrategyRegistry } from "../src/strategy-registry.ts";
import { codeOf, idNo, openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await migratePostgres(world.root, { groups: ["placement"] });
});
afterAll(() => world.close());

const alice = idNo("usr", 1);
const groups = ["placement"] as const;

interface Kind {
  readonly store: Tenancy;
  readonly placements: PlacementStore;
  /** One that is placed, in the strategy `schema` where nothing is said. */
  org(placement?: NewPlacement | null): Promise<OrgId>;
}

function kindOf(store: Tenancy): Kind {
  return {
    store,
    placements: storePlacements(store),
    async org(placement = { strategy: "schema", state: "pending" }) {
      const input = { creator: alice, ...(placement === null ? {} : { placement }) };
      return (await store.createOrg(input)).org.id;
    },
  };
}
const kinds: Readonly<Record<string, () => Kind>> = {
  memory: () => kindOf(new InMemoryTenancyStore({ groups })),
  PostgreSQL: () => kindOf(new PostgresTenancyStore(world.root, { groups })),
};

/** A strategy whose place is a set of names, each made once. */
function recording(fails: (step: string, resumed: boolean) => boolean = () => false) {
  const made: string[] = [];
  const strategy: IsolationStrategy = {
    name: "schema",
    steps: ["role", "schema", "migrate"],
    async provision({ id }, step, { isResumed, keepVersion }) {
      if (fails(step, isResumed)) {
        throw new RangeError("of the step");
      }
      if (!made.includes(`${step} ${id}`)) {
        made.push(`${step} ${id}`);
      }
      if (step === "migrate") {
        await keepVersion("0001.sql");
      }
    },
    async deprovision({ id }, policy) {
      made.splice(0, made.length, ...made.filter((one) => !one.endsWith(id)));
      return { policy, archivedAs: null, rows: null };
    },
    run: (_, fn) => fn({}),
  };
  return { made, strategy };
}

describe.each(Object.entries(kinds))("placements in %s", (_, open) => {
  const opened = (strategy: IsolationStrategy, options: Partial<ProvisionerOptions> = {}) => {
    const kind = open();
    const strategies = new StrategyRegistry().register(strategy);
    const base = { placements: kind.placements, strategies, wait: async () => {} };
    return { ...kind, provisioner: new TenantProvisioner({ ...base, ...options }) };
  };

  test("a place is made step by step, and is ready then", async () => {
    const { made, strategy } = recording();
    const { provisioner, org } = opened(strategy);
    const orgId = await org(null);
    expect(await codeOf(() => provisioner.status(orgId))).toBe("isolation.not_provisioned");
    expect(await provisioner.place(orgId, "schema")).toMatchObject({ state: "pending", hasConnectionString: false });
    const steps: string[] = [];
    const placement = await provisioner.provision(orgId, {
      onProgress: ({ step, state }) => steps.push(`${step} ${state}`),
    });
    expect(placement).toMatchObject({ state: "ready", step: null, migratedTo: "0001.sql" });
    expect(steps).toEqual(["role begun", "role done", "schema begun", "schema done", "migrate begun", "migrate done"]);
    expect(made).toEqual([`role ${orgId}`, `schema ${orgId}`, `migrate ${orgId}`]);
    expect(await provisioner.provision(orgId)).toEqual(placement);
    expect("sealedDsn" in placement).toBe(false);
  });

  test("a strategy is not changed, and is one that there is", async () => {
    const { provisioner, org } = opened(recording().strategy);
    const orgId = await org({ strategy: "database", state: "pending" });
    expect(await codeOf(() => provisioner.place(orgId, "schema"))).toBe("isolation.strategy_fixed");
    expect(await codeOf(() => provisioner.place(orgId, "sharded"))).toBe("isolation.unknown_strategy");
    expect(await codeOf(() => provisioner.provision("x" as OrgId))).toBe("precondition.invalid_input");
  });

  test("a step that fails three times is a state, and provisioning goes on there", async () => {
    let isBroken = true;
    const seen: boolean[] = [];
    const { made, strategy } = recording((step, resumed) => {
      if (step !== "schema") {
        return false;
      }
      seen.push(resumed);
      return isBroken;
    });
    const causes: unknown[] = [];
    const { provisioner, org } = opened(strategy, { log: (_message, cause) => causes.push(cause) });
    const orgId = await org();
    expect(await codeOf(() => provisioner.provision(orgId))).toBe("isolation.provisioning_failed");
    expect(await provisioner.status(orgId)).toMatchObject({ state: "failed", step: "schema", attempts: 3 });
    expect(causes.length).toBe(3);
    isBroken = false;
    expect(await provisioner.provision(orgId)).toMatchObject({ state: "ready" });
    expect(seen).toEqual([false, true, true, true]);
    expect(made).toEqual([`role ${orgId}`, `schema ${orgId}`, `migrate ${orgId}`]);
  });

  test.each(["role", "schema", "migrate"])("a worker that is gone in %s is followed by another", async (lost) => {
    const { made, strategy } = recording();
    const { provisioner, org, placements } = opened(strategy);
    const orgId = await org();
    const controller = new AbortController();
    // Whatever comes after the step is never recorded.
    const dying = new TenantProvisioner({
      placements: {
        ...placements,
        patch: async (...args) => {
          const done = await placements.patch(...args);
          if (args[2].step === lost) {
            controller.abort(new RangeError("killed"));
          }
          return done;
        },
      },
      strategies: new StrategyRegistry().register({
        ...strategy,
        async provision(...args) {
          await strategy.provision(...args);
          controller.signal.throwIfAborted();
        },
      }),
      wait: async () => {
        throw new RangeError("killed");
      },
    });
    await expect(dying.provision(orgId)).rejects.toThrow();
    expect((await provisioner.status(orgId)).state).not.toBe("ready");
    expect(await provisioner.provision(orgId)).toMatchObject({ state: "ready" });
    expect(made.length).toBe(3);
  });

  test("of two workers one works", async () => {
    const { strategy, made } = recording();
    const { provisioner, org } = opened(strategy);
    const orgId = await org();
    const codes = await Promise.all([1, 2].map(() => codeOf(() => provisioner.provision(orgId))));
    expect(codes.filter((code) => code === null).length).toBeGreaterThanOrEqual(1);
    expect(codes.every((code) => code === null || code === "isolation.busy")).toBe(true);
    expect(made.length).toBe(3);
  });

  test("a lease that has ended is somebody else's, and its former holder writes nothing", async () => {
    const { org, placements } = opened(recording().strategy);
    const orgId = await org();
    expect(await placements.lease(orgId, "one", 60)).toBe(true);
    expect(await placements.lease(orgId, "two", 60)).toBe(false);
    expect(await placements.lease(orgId, "one", 0)).toBe(true);
    expect(await placements.lease(orgId, "two", 60)).toBe(true);
    expect(await placements.patch(orgId, "one", { state: "ready" })).toBe(false);
    const held = { orgId, holder: "one" };
    const failure = { step: "role", code: "unknown", attempts: 3 };
    expect(await codeOf(() => placements.provisioned(held))).toBe("isolation.busy");
    expect(await codeOf(() => placements.failed(held, failure))).toBe("isolation.busy");
    const end = { policy: "retain", archivedAs: null } as const;
    expect(await codeOf(() => placements.deprovisioned(held, end))).toBe("isolation.busy");
    await placements.release(orgId, "one");
    expect(await placements.lease(orgId, "three", 60)).toBe(false);
  });

  test("one that is revoked meanwhile never becomes ready", async () => {
    const { strategy } = recording();
    const kind = open();
    const orgId = await kind.org();
    const strategies = new StrategyRegistry().register({
      ...strategy,
      async provision(org, step, context) {
        if (step === "migrate") {
          await kind.store.revokeOrg(orgId);
        }
        await strategy.provision(org, step, context);
      },
    });
    const provisioner = new TenantProvisioner({ placements: kind.placements, strategies });
    expect(await codeOf(() => provisioner.provision(orgId))).toBe("isolation.not_provisioned");
    expect((await provisioner.status(orgId)).state).toBe("pending");
  });

  test("writes are paused for a while", async () => {
    const { provisioner, org } = opened(recording().strategy);
    const orgId = await org();
    expect(await codeOf(() => provisioner.pauseWrites(orgId, { untilSeconds: 60 }))).toBe("isolation.not_provisioned");
    await provisioner.provision(orgId);
    await provisioner.pauseWrites(orgId, { untilSeconds: 60 });
    expect((await provisioner.status(orgId)).pausedUntil).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    await provisioner.resumeWrites(orgId);
    expect((await provisioner.status(orgId)).pausedUntil).toBe(null);
    expect(await codeOf(() => provisioner.pauseWrites(orgId, { untilSeconds: 3_601 }))).toBe(
      "precondition.invalid_input",
    );
  });

  test("without a placement a tenant is ready where there is nothing to make, and its rows can be purged", async () => {
    const purged: OrgId[] = [];
    const row: IsolationStrategy = {
      ...recording().strategy,
      name: "row",
      steps: [],
      async deprovision({ id }, policy) {
        purged.push(id);
        return { policy, archivedAs: null, rows: {} };
      },
    };
    const { provisioner, org, placements } = opened(row);
    const orgId = await org(null);
    expect(await provisioner.status(orgId)).toMatchObject({ strategy: "row", state: "ready" });
    expect(await provisioner.provision(orgId)).toMatchObject({ state: "ready" });
    expect(await placementOf(placements)({ id: orgId })).toEqual({ strategy: "row", state: "ready" });
    await provisioner.deprovision(orgId, { policy: "purge", confirm: orgId });
    expect(purged).toEqual([orgId]);
    expect(await placementOf(placements)({ id: orgId })).toMatchObject({ strategy: "row", state: "removed" });
  });

  test("places of revoked organizations are left over until they are taken down", async () => {
    const { provisioner, org, store } = opened(recording().strategy);
    const [one, other] = [await org(), await org()];
    for (const orgId of [one, other]) {
      await provisioner.provision(orgId);
    }
    await store.revokeOrg(one);
    const left = await provisioner.leftovers(1_000);
    expect([left.includes(one), left.includes(other)]).toEqual([true, false]);
    await provisioner.deprovision(one, { policy: "rename" });
    expect(await provisioner.leftovers(1_000)).not.toContain(one);
  });

  test("what is taken down does not come back by itself", async () => {
    const { strategy, made } = recording();
    const { provisioner, org } = opened(strategy);
    const orgId = await org();
    await provisioner.provision(orgId);
    expect(await codeOf(() => provisioner.deprovision(orgId, { policy: "drop" }))).toBe("precondition.invalid_input");
    await provisioner.deprovision(orgId, { policy: "drop", confirm: orgId });
    expect(made).toEqual([]);
    expect(await provisioner.status(orgId)).toMatchObject({ state: "removed" });
    expect(await codeOf(() => provisioner.provision(orgId))).toBe("isolation.not_provisioned");
  });
});
