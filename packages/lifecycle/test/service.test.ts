import { storeDirectory, TenantValidator } from "@tenantry/context";
import {
  generate,
  IsolationError,
  isTenancyError,
  type OrgId,
  StoreFault,
  type StorePort,
  Tenancy,
  type UsrId,
} from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { describe, expect, test } from "vitest";
import { type LifecycleOptions, type Provisioner, statusOf, TenantLifecycleService } from "../src/index.ts";

const alice: UsrId = generate("usr");
const groups = ["placement", "lifecycle"] as const;
const failed = new IsolationError("isolation.not_provisioned", {});

interface Places extends Provisioner {
  readonly done: string[];
  readonly states: Map<OrgId, string>;
  fails: boolean;
}

/** Places that are made and taken down at once, unless they fail. */
function places(): Places {
  const states = new Map<OrgId, string>();
  const done: string[] = [];
  const own: Places = {
    done,
    states,
    fails: false,
    newPlacement(strategy) {
      done.push(`place ${strategy}`);
      return { strategy, state: "pending" };
    },
    async provision(orgId) {
      done.push("provision");
      if (own.fails) {
        throw failed;
      }
      states.set(orgId, "ready");
    },
    async status(orgId) {
      const state = states.get(orgId);
      if (state === undefined) {
        throw failed;
      }
      return { state };
    },
    async deprovision(orgId, { policy }) {
      done.push(`deprovision ${policy}`);
      if (own.fails) {
        throw failed;
      }
      states.set(orgId, "archived");
    },
  };
  return own;
}

function open(options: LifecycleOptions = {}) {
  let now = Date.parse("2030-01-01T00:00:00.000Z");
  const store = new InMemoryTenancyStore({ clock: () => new Date(now), groups });
  const pass = (days: number): void => {
    now += days * 86_400_000;
  };
  return { store, lifecycle: new TenantLifecycleService(store, options), pass };
}

describe("a place", () => {
  test("is made with its tenant, and taken down behind its end", async () => {
    const provisioner = places();
    const { lifecycle } = open({ provisioner, deprovision: "rename" });
    const { tenant } = await lifecycle.createTenant({ creator: alice, strategy: "schema" });
    expect(tenant.status).toBe("active");
    expect(provisioner.done).toEqual(["place schema", "provision"]);
    await lifecycle.revokeTenant(tenant.id, { confirm: tenant.id });
    expect(provisioner.done.slice(2)).toEqual(["deprovision rename"]);
  });

  test("that somebody else makes leaves the tenant provisioning until it is ready", async () => {
    const provisioner = places();
    const { lifecycle, store } = open({ provisioner, autoProvision: false });
    const { tenant } = await lifecycle.createTenant({ creator: alice });
    expect(tenant.status).toBe("provisioning");
    expect(await lifecycle.getTenant(tenant.id)).toEqual(tenant);
    await provisioner.provision(tenant.id);
    expect((await lifecycle.getTenant(tenant.id)).status).toBe("active");
    // One that was founded behind the service's back has none.
    const { org } = await store.createOrg(alice);
    expect((await lifecycle.getTenant(org.id)).status).toBe("provisioning");
  });

  test.each([
    ["keep", "active"],
    ["revoke", "revoked"],
  ] as const)(
    "that cannot be made is an error, and with %s its organization is %s",
    async (onProvisionFailure, status) => {
      const provisioner = places();
      provisioner.fails = true;
      const { lifecycle, store } = open({ provisioner, onProvisionFailure });
      const result = await lifecycle.result.createTenant({ creator: alice, slug: "acme" });
      expect(result).toMatchObject({ ok: false, error: { code: "isolation.not_provisioned" } });
      const { data } = await store.listOrgs();
      expect(data).toMatchObject([{ slug: "acme", status }]);
    },
  );

  test("that could not even be named leaves nothing behind", async () => {
    const newPlacement = (): never => {
      throw failed;
    };
    const { lifecycle, store } = open({ provisioner: { ...places(), newPlacement } });
    const result = await lifecycle.result.createTenant({ creator: alice, strategy: "schema" });
    expect(result).toMatchObject({ ok: false, error: { code: "isolation.not_provisioned" } });
    expect((await store.listOrgs()).data).toEqual([]);
  });

  test("that fails when a tenant's creation is repeated does not end the tenant that there is", async () => {
    const provisioner = places();
    const { lifecycle, store } = open({ provisioner, onProvisionFailure: "revoke" });
    const create = () => lifecycle.createTenant({ creator: alice, strategy: "schema" }, { idempotencyKey: "k" });
    const { tenant } = await create();
    provisioner.fails = true;
    await expect(create()).rejects.toBe(failed);
    expect(await store.getOrg(tenant.id)).toMatchObject({ status: "active" });
  });

  test("with nothing to make is ready at once", async () => {
    const newPlacement = (strategy: string) => ({ strategy, state: "ready" }) as const;
    const provisioner = { ...places(), newPlacement };
    const { lifecycle } = open({ provisioner });
    expect((await lifecycle.createTenant({ creator: alice })).tenant.status).toBe("active");
    expect(provisioner.done).toEqual([]);
  });

  test("is kept by a store that keeps placements, and by no other", () => {
    const store = new InMemoryTenancyStore({ groups: ["lifecycle"] });
    const missing = expect.objectContaining({ code: "config.capability_missing", details: { group: "placement" } });
    expect(() => new TenantLifecycleService(store, { provisioner: places() })).toThrow(missing);
    const { newPlacement: _, ...unplaced } = places();
    expect(() => new TenantLifecycleService(store, { provisioner: unplaced })).not.toThrow();
  });

  test.each<Partial<Provisioner> | undefined>([undefined, { newPlacement: undefined as never }])(
    "of another strategy needs somebody who makes it",
    async (without) => {
      const provisioner = { ...places(), ...without };
      const { lifecycle, store } = open(without === undefined ? {} : { provisioner });
      for (const strategy of ["schema", 7 as never]) {
        const refused = lifecycle.createTenant({ creator: alice, strategy });
        await expect(refused).rejects.toMatchObject({
          code: "precondition.invalid_input",
          details: { key: "strategy" },
        });
      }
      expect((await store.listOrgs()).data).toEqual([]);
    },
  );

  test("that could not be taken down leaves the tenant ended, and the next run tries it again", async () => {
    const provisioner = places();
    const leftovers = async () => [...provisioner.states].flatMap(([id, state]) => (state === "ready" ? [id] : []));
    const { lifecycle, pass } = open({ provisioner: Object.assign(provisioner, { leftovers }) });
    const { tenant } = await lifecycle.createTenant({ creator: alice });
    await lifecycle.deleteTenant(tenant.id, { graceDays: 1 });
    pass(1);
    provisioner.fails = true;
    expect(await lifecycle.runDue()).toMatchObject({
      revoked: [tenant.id],
      deprovisioned: [],
      failed: [{ orgId: tenant.id, code: "isolation.not_provisioned" }],
    });
    expect((await lifecycle.getTenant(tenant.id)).status).toBe("revoked");
    provisioner.fails = false;
    expect(await lifecycle.runDue()).toMatchObject({ revoked: [], deprovisioned: [tenant.id], failed: [] });
    expect(provisioner.states.get(tenant.id)).toBe("archived");
  });

  test("is taken down behind what a run ended, where nobody can tell what else was left", async () => {
    const provisioner = places();
    const { lifecycle, pass } = open({ provisioner });
    const { tenant } = await lifecycle.createTenant({ creator: alice });
    await lifecycle.deleteTenant(tenant.id, { graceDays: 1 });
    pass(1);
    expect(await lifecycle.runDue()).toMatchObject({ revoked: [tenant.id], deprovisioned: [tenant.id] });
  });
});

describe("what this process keeps", () => {
  test("is forgotten before a call answers, also where it is refused", async () => {
    const forgotten: OrgId[] = [];
    const invalidate = async (id: OrgId): Promise<void> => {
      await Promise.resolve();
      forgotten.push(id);
    };
    const { lifecycle, pass } = open({ caches: [{ invalidate }] });
    const { tenant } = await lifecycle.createTenant({ creator: alice });
    const { id } = tenant;
    expect(forgotten.splice(0)).toEqual([id]);
    for (const call of [
      () => lifecycle.updateTenant(id, { name: "New" }),
      () => lifecycle.suspendTenant(id),
      () => lifecycle.suspendTenant(id),
      () => lifecycle.activateTenant(id),
      () => lifecycle.deactivateTenant(id),
      () => lifecycle.deleteTenant(id, { graceDays: 1 }),
      () => lifecycle.restoreTenant(id),
      () => lifecycle.deleteTenant(id, { graceDays: 1 }),
    ]) {
      await call().catch(() => {});
      expect(forgotten.splice(0)).toEqual([id]);
    }
    pass(1);
    await lifecycle.runDue();
    expect(forgotten.splice(0)).toEqual([id]);
  });

  test("is forgotten where nobody knows what became of the commit", async () => {
    const rows = new InMemoryDatabase();
    let isCut = false;
    const port: StorePort = {
      capabilities: rows.capabilities,
      isRemote: true,
      load: (plan) => rows.load(plan),
      settle: (address) => rows.settle(address),
      async commit(commit) {
        const outcome = await rows.commit(commit);
        if (isCut) {
          throw new StoreFault("indeterminate");
        }
        return outcome;
      },
    };
    const store = new Tenancy(port, { groups });
    const validator = new TenantValidator(storeDirectory(store));
    const lifecycle = new TenantLifecycleService(store, { caches: [validator] });
    const { tenant } = await lifecycle.createTenant({ creator: alice });
    expect(await validator.validate(tenant.id)).not.toBeNull();
    isCut = true;
    await expect(lifecycle.suspendTenant(tenant.id)).rejects.toMatchObject({ code: "indeterminate.commit" });
    expect(await validator.validate(tenant.id)).toBeNull();
  });

  test("and fails to forget harms nobody: it is told to the log", async () => {
    const log: unknown[] = [];
    const cause = new Error("full");
    const caches = [
      {
        invalidate() {
          throw cause;
        },
      },
      { invalidate: () => Promise.reject(cause) },
    ];
    const { lifecycle } = open({ caches, log: (failure) => log.push(failure) });
    const { tenant } = await lifecycle.createTenant({ creator: alice });
    expect(tenant.status).toBe("active");
    expect(log).toEqual([
      { source: "caches", cause },
      { source: "caches", cause },
    ]);
  });
});

test.each([
  () => {
    throw new Error("no log");
  },
  () => Promise.reject(new Error("no log")),
])("a log that fails, now or later, does not become the answer", async (log) => {
  const caches = [{ invalidate: () => Promise.reject(new Error("full")) }];
  const { lifecycle } = open({ caches, log });
  expect(await lifecycle.createTenant({ creator: alice })).toMatchObject({ tenant: { status: "active" } });
});

test("a key that somebody has used does not keep a tenant that is due", async () => {
  const { lifecycle, store, pass } = open();
  const { tenant } = await lifecycle.createTenant({ creator: alice });
  const { suspension } = await lifecycle.deleteTenant(tenant.id, { graceDays: 1 });
  const idempotencyKey = `due:${suspension?.since.toISOString()}`;
  await store.updateOrg({ orgId: tenant.id, name: "Mine" }, { idempotencyKey });
  pass(1);
  expect(await lifecycle.runDue()).toMatchObject({ revoked: [tenant.id], failed: [] });
  expect(await lifecycle.runDue()).toMatchObject({ revoked: [], failed: [] });
});

test("a tenant that nobody can take down does not keep the others waiting", async () => {
  const provisioner = places();
  const cause = new TypeError("a bug");
  const log: unknown[] = [];
  const { lifecycle, store, pass } = open({ provisioner, log: (failure) => log.push(failure) });
  const [bad, good] = [
    await lifecycle.createTenant({ creator: alice }),
    await lifecycle.createTenant({ creator: alice }),
  ];
  const { deprovision } = provisioner;
  provisioner.deprovision = async (orgId, options) => {
    if (orgId === bad.tenant.id) {
      throw cause;
    }
    return deprovision(orgId, options);
  };
  for (const { tenant } of [bad, good]) {
    await lifecycle.deleteTenant(tenant.id, { graceDays: 1 });
  }
  pass(1);
  expect(await lifecycle.runDue()).toMatchObject({
    revoked: [bad.tenant.id, good.tenant.id],
    deprovisioned: [good.tenant.id],
    failed: [{ orgId: bad.tenant.id, code: "internal.unexpected" }],
  });
  expect(log).toEqual([{ source: "due", cause }]);
  expect(await store.getOrg(good.tenant.id)).toMatchObject({ status: "revoked" });
});

test("no subscriber, one that throws and one that hangs: a change is made and answered all the same", async () => {
  const { store, lifecycle } = open();
  const told: string[] = [];
  const onError = () => told.push("failed");
  const fail = (): never => {
    throw new Error("handler");
  };
  store.subscribe(fail, { onError });
  store.subscribe(() => new Promise(() => {}));
  store.subscribe(({ type }) => told.push(type));
  const { tenant } = await lifecycle.createTenant({ creator: alice });
  expect(await lifecycle.suspendTenant(tenant.id)).toMatchObject({ status: "suspended" });
  expect(told.filter((what) => what !== "failed")).toEqual(["org.created", "org.suspended"]);
});

test("a bug is thrown, also where refusals are values", async () => {
  const bug = new TypeError("a bug");
  const provisioner: Provisioner = { ...places(), provision: () => Promise.reject(bug) };
  const { lifecycle } = open({ provisioner });
  await expect(lifecycle.result.createTenant({ creator: alice })).rejects.toBe(bug);
});

test("a caller's object that throws is a wrong input", async () => {
  const { lifecycle } = open();
  const { tenant } = await lifecycle.createTenant({ creator: alice });
  const throwing = Object.defineProperty({}, "reason", {
    enumerable: true,
    get() {
      throw new Error("secret");
    },
  });
  for (const call of [
    () => lifecycle.suspendTenant(tenant.id, throwing),
    () => lifecycle.deleteTenant(tenant.id, throwing),
    () => lifecycle.updateTenant(tenant.id, throwing),
    () => lifecycle.createTenant(throwing as never),
    () => lifecycle.revokeTenant(tenant.id, throwing as never),
  ]) {
    const code = await call().then(
      () => "accepted",
      (error: unknown) => (isTenancyError(error) ? error.code : "thrown"),
    );
    expect(code).toBe("precondition.invalid_input");
  }
});

test("every fault of the options is told at once, and a store without the group is refused", () => {
  const { store } = open();
  const options = {
    graceDays: 1.5,
    caches: [{}],
    provisioner: { provision() {} },
    strategy: "",
    strategies: ["schema"],
    autoProvision: "yes",
    onProvisionFailure: "panic",
    deprovision: "burn",
    log: null,
    colour: "red",
  } as never;
  try {
    new TenantLifecycleService(store, options);
    expect.unreachable();
  } catch (error) {
    const { code, details } = error as {
      readonly code: string;
      readonly details: { readonly faults: readonly object[] };
    };
    expect(code).toBe("config.invalid");
    expect(details.faults.map((fault) => (fault as { readonly path: string }).path)).toEqual(
      expect.arrayContaining(Object.keys(options).map((key) => `lifecycle.${key}`)),
    );
  }
  const build = () => new TenantLifecycleService(new InMemoryTenancyStore());
  expect(build).toThrow(
    expect.objectContaining({ code: "config.capability_missing", details: { group: "lifecycle" } }),
  );
});

test("the status that is derived", () => {
  expect(statusOf("active", null)).toBe("active");
  expect(statusOf("active", null, false)).toBe("provisioning");
  expect(statusOf("suspended", null, false)).toBe("suspended");
  expect(statusOf("suspended", { kind: "suspended" })).toBe("suspended");
  expect(statusOf("suspended", { kind: "deactivated" })).toBe("inactive");
  expect(statusOf("suspended", { kind: "deletion" })).toBe("inactive");
  expect(statusOf("revoked", null, false)).toBe("revoked");
});

describe("between the look and its commit", () => {
  /** Two deletions are due; what happens to the second while the first is ended. */
  async function raced(
    meanwhile: (own: TenantLifecycleService, id: OrgId, pass: (days: number) => void) => Promise<unknown>,
  ) {
    let second: OrgId | null = null;
    let isUnderWay = false;
    const own = open({
      caches: [
        {
          async invalidate(id) {
            if (isUnderWay && second !== null && id !== second) {
              isUnderWay = false;
              await meanwhile(plain, second, own.pass);
            }
          },
        },
      ],
    });
    const plain = new TenantLifecycleService(own.store);
    const { tenant: first } = await plain.createTenant({ creator: alice });
    await plain.deleteTenant(first.id, { graceDays: 1 });
    const { tenant } = await plain.createTenant({ creator: alice });
    second = tenant.id;
    await plain.deleteTenant(second, { graceDays: 2 });
    own.pass(2);
    isUnderWay = true;
    const report = await own.lifecycle.runDue();
    expect(report.revoked[0]).toBe(first.id);
    return { second, report, ...own };
  }

  test("a deletion that was taken back is not carried out", async () => {
    const { second, report, lifecycle } = await raced((own, id) => own.restoreTenant(id));
    expect(report).toMatchObject({ skipped: [second], failed: [] });
    expect((await lifecycle.getTenant(second)).status).toBe("active");
  });

  test("nor is one that has another date", async () => {
    const { second, report, lifecycle } = await raced((own, id) => own.deleteTenant(id, { graceDays: 3 }));
    expect(report).toMatchObject({ skipped: [second], failed: [] });
    expect((await lifecycle.getTenant(second)).status).toBe("inactive");
  });

  test("nor is one that is another deletion by now", async () => {
    const { second, report, lifecycle } = await raced(async (own, id) => {
      await own.restoreTenant(id);
      await own.deleteTenant(id, { graceDays: 0 });
    });
    expect(report).toMatchObject({ skipped: [second], failed: [] });
    // Due, too; the next run finds it.
    expect((await lifecycle.runDue()).revoked).toEqual([second]);
  });
});
