import { generate, isTenancyError, type OrgId, type Tenancy, type UsrId } from "@tenantry/core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TenantLifecycleService } from "../src/index.ts";
import { type OpenWorld, STORES } from "./stores.ts";

const DAY = 86_400_000;
const BEGIN = new Date("2030-01-01T00:00:00.000Z");
const alice: UsrId = generate("usr");
const later = (days: number): Date => new Date(BEGIN.getTime() + days * DAY);

/** How a tenant comes to each status. */
const STATES = {
  active: async () => {},
  suspended: (own: TenantLifecycleService, id: OrgId) => own.suspendTenant(id, { reason: "unpaid" }),
  deactivated: (own: TenantLifecycleService, id: OrgId) => own.deactivateTenant(id),
  deleted: (own: TenantLifecycleService, id: OrgId) => own.deleteTenant(id, { reason: "closed" }),
  revoked: (own: TenantLifecycleService, id: OrgId) => own.revokeTenant(id, { confirm: id }),
} as const;
type State = keyof typeof STATES;

type Outcome = readonly [status: string, event: string, data: object];
interface Row {
  readonly name: string;
  readonly call: (own: TenantLifecycleService, id: OrgId) => Promise<unknown>;
  /** From each status: what it leads to, with its event; or the code. */
  readonly outcomes: Readonly<Record<State, Outcome | string>>;
}

const over = "conflict.already_terminal";
const wrong = "precondition.invalid_transition";
const dueAt = later(30).toISOString();
const renamed = (status: string): Outcome => [status, "org.updated", { changes: { name: { from: null, to: "New" } } }];
const suspended = { suspended: over, deactivated: over, deleted: over, revoked: over };

const table: readonly Row[] = [
  {
    name: "updateTenant",
    call: (own, id) => own.updateTenant(id, { name: "New" }, { actor: alice }),
    outcomes: {
      active: renamed("active"),
      suspended: renamed("suspended"),
      deactivated: renamed("inactive"),
      deleted: renamed("inactive"),
      revoked: over,
    },
  },
  {
    name: "deactivateTenant",
    call: (own, id) => own.deactivateTenant(id, {}, { actor: alice }),
    outcomes: { active: ["inactive", "org.suspended", { kind: "deactivated" }], ...suspended },
  },
  {
    name: "suspendTenant",
    call: (own, id) => own.suspendTenant(id, { reason: "late" }, { actor: alice }),
    outcomes: { active: ["suspended", "org.suspended", { kind: "suspended", reason: "late" }], ...suspended },
  },
  {
    name: "activateTenant",
    call: (own, id) => own.activateTenant(id, { actor: alice }),
    outcomes: {
      active: wrong,
      suspended: ["active", "org.reinstated", {}],
      deactivated: ["active", "org.reinstated", {}],
      deleted: ["active", "org.reinstated", {}],
      revoked: wrong,
    },
  },
  {
    name: "deleteTenant",
    call: (own, id) => own.deleteTenant(id, { graceDays: 30 }, { actor: alice }),
    outcomes: {
      active: ["inactive", "org.suspended", { kind: "deletion", dueAt }],
      suspended: ["inactive", "org.deletion_scheduled", { kind: "deletion", reason: "unpaid", dueAt }],
      deactivated: ["inactive", "org.deletion_scheduled", { kind: "deletion", reason: null, dueAt }],
      // To the same date it is no change.
      deleted: ["inactive", "", {}],
      revoked: over,
    },
  },
  {
    name: "restoreTenant",
    call: (own, id) => own.restoreTenant(id, { actor: alice }),
    outcomes: {
      active: wrong,
      suspended: wrong,
      deactivated: wrong,
      deleted: ["active", "org.reinstated", {}],
      revoked: wrong,
    },
  },
  {
    name: "revokeTenant",
    call: (own, id) => own.revokeTenant(id, { confirm: id }, { actor: alice }),
    outcomes: {
      active: ["revoked", "org.revoked", { from: "active" }],
      suspended: ["revoked", "org.revoked", { from: "suspended" }],
      deactivated: ["revoked", "org.revoked", { from: "suspended" }],
      deleted: ["revoked", "org.revoked", { from: "suspended" }],
      revoked: over,
    },
  },
];

describe.each(Object.keys(STORES))("on %s", (name) => {
  let world: OpenWorld;
  let store: Tenancy;
  let lifecycle: TenantLifecycleService;
  beforeAll(async () => {
    world = await (STORES[name] as (typeof STORES)[string])();
    store = world.store();
    lifecycle = new TenantLifecycleService(store);
  });
  afterAll(async () => {
    expect(await world.broken()).toEqual([]);
    await world.close();
  });
  beforeEach(() => {
    world.hands.now = BEGIN;
  });

  async function tenant(state: State = "active"): Promise<OrgId> {
    const { tenant: created } = await lifecycle.createTenant({ creator: alice });
    await STATES[state](lifecycle, created.id);
    return created.id;
  }

  const eventsAfter = async (id: OrgId, seq: number) => (await store.listEvents(id, { after: seq })).data;

  describe.each(table)("$name", ({ call, outcomes }) => {
    test.each(Object.keys(STATES) as State[])("from %s", async (state) => {
      const id = await tenant(state);
      const before = await store.getOrg(id);
      const outcome = outcomes[state];
      if (typeof outcome === "string") {
        await expect(call(lifecycle, id)).rejects.toMatchObject({ code: outcome });
        expect(await eventsAfter(id, before.version)).toEqual([]);
        expect(await store.getOrg(id)).toEqual(before);
        return;
      }
      const [status, type, data] = outcome;
      const answer = await call(lifecycle, id);
      expect(answer).toMatchObject({ id, status });
      expect(await lifecycle.getTenant(id)).toEqual(answer);
      const events = await eventsAfter(id, before.version);
      expect(events).toMatchObject(type === "" ? [] : [{ type, data, actor: alice }]);
      const counted = type === "org.revoked" ? ["invitations", "memberships", "tuples"] : [];
      expect(Object.keys(events[0]?.data ?? {}).sort()).toEqual(
        [...Object.keys(data), ...counted, ...(type === "org.revoked" ? ["slug"] : [])].sort(),
      );
    });
  });

  test("createTenant begins an active tenant, with its event", async () => {
    const slug = `t-${name.toLowerCase().replaceAll(/\W/g, "")}`;
    const { tenant: created, ownerMembership } = await lifecycle.createTenant({ creator: alice, slug, name: "Acme" });
    expect(created).toMatchObject({ slug, name: "Acme", status: "active", version: 1, suspension: null });
    expect(ownerMembership).toMatchObject({ usrId: alice, role: "owner", orgId: created.id });
    expect(await eventsAfter(created.id, 0)).toMatchObject([{ type: "org.created" }]);
    expect(await lifecycle.getTenant(created.id)).toEqual(created);
    const taken = { code: "conflict.org_slug" };
    await expect(lifecycle.createTenant({ creator: alice, slug })).rejects.toMatchObject(taken);
    const other = await tenant();
    await expect(lifecycle.updateTenant(other, { slug })).rejects.toMatchObject(taken);
    expect(await eventsAfter(other, 1)).toEqual([]);
    expect(await lifecycle.updateTenant(created.id, { slug: `${slug}-2` })).toMatchObject({ slug: `${slug}-2` });
    expect(await lifecycle.updateTenant(other, { slug })).toMatchObject({ slug });
  });

  test("nobody is found under an id that never was", async () => {
    const id = generate("org");
    for (const { call } of table) {
      await expect(call(lifecycle, id)).rejects.toMatchObject({ code: "not_found" });
    }
    await expect(lifecycle.getTenant(id)).rejects.toMatchObject({ code: "not_found" });
  });

  test("a reason can be read while the tenant is suspended, and is gone with it", async () => {
    const id = await tenant();
    const reason = "unpaid since March";
    await lifecycle.suspendTenant(id, { reason }, { actor: alice });
    const suspension = { kind: "suspended", reason, since: BEGIN, dueAt: null, requestedBy: alice };
    expect((await lifecycle.getTenant(id)).suspension).toEqual(suspension);
    await store.updateOrg({ orgId: id, name: "Renamed" });
    expect((await lifecycle.getTenant(id)).suspension).toEqual(suspension);
    await lifecycle.activateTenant(id);
    expect((await lifecycle.getTenant(id)).suspension).toBeNull();
    await lifecycle.suspendTenant(id);
    expect((await lifecycle.getTenant(id)).suspension).toMatchObject({ reason: null });
    await store.revokeOrg(id);
    expect(await lifecycle.getTenant(id)).toMatchObject({ status: "revoked", suspension: null });
  });

  test("what core suspends and reinstates is told the same", async () => {
    const id = await tenant();
    await store.suspendOrg({ orgId: id, kind: "deletion", reason: "moved", dueAt: later(1) });
    expect(await lifecycle.getTenant(id)).toMatchObject({
      status: "inactive",
      suspension: { kind: "deletion", reason: "moved", dueAt: later(1) },
    });
    await store.reinstateOrg(id);
    expect(await lifecycle.getTenant(id)).toMatchObject({ status: "active", suspension: null });
    await store.suspendOrg(id);
    expect(await lifecycle.getTenant(id)).toMatchObject({ status: "suspended", suspension: { kind: "suspended" } });
    expect((await eventsAfter(id, 3)).map(({ data }) => data)).toEqual([{}]);
  });

  test("a deletion of one that is suspended changes kind and date, and a reason that is given", async () => {
    const id = await tenant();
    await lifecycle.suspendTenant(id, { reason: "unpaid" }, { actor: alice });
    world.hands.now = later(2);
    await lifecycle.deleteTenant(id, { graceDays: 3 });
    const suspension = { kind: "deletion", reason: "unpaid", since: BEGIN, dueAt: later(5), requestedBy: alice };
    expect((await lifecycle.getTenant(id)).suspension).toEqual(suspension);
    await lifecycle.deleteTenant(id, { graceDays: 4, reason: "asked for" });
    expect((await lifecycle.getTenant(id)).suspension).toEqual({ ...suspension, dueAt: later(6), reason: "asked for" });
  });

  test("a key replays an answer, dates included", async () => {
    const id = await tenant();
    const options = { idempotencyKey: "once" };
    const first = await lifecycle.deleteTenant(id, { graceDays: 3 }, options);
    world.hands.now = later(1);
    expect(await lifecycle.deleteTenant(id, { graceDays: 3 }, options)).toEqual(first);
    const other = lifecycle.deleteTenant(id, { graceDays: 4 }, options);
    await expect(other).rejects.toMatchObject({ code: "conflict.idempotency" });
    const older = lifecycle.restoreTenant(id, { expectedVersion: 1 });
    await expect(older).rejects.toMatchObject({ code: "conflict.version" });
  });

  test("what is due is revoked, once, and nothing else", async () => {
    const ids = await Promise.all([tenant(), tenant(), tenant(), tenant()]);
    const [one, two, kept, restored] = ids as [OrgId, OrgId, OrgId, OrgId];
    await lifecycle.deleteTenant(one, { graceDays: 2 });
    await lifecycle.deleteTenant(two, { graceDays: 1 });
    await lifecycle.deleteTenant(kept, { graceDays: 3 });
    await lifecycle.deleteTenant(restored, { graceDays: 1 });
    await lifecycle.restoreTenant(restored);
    const due = async () => (await lifecycle.listDue()).data.map(({ orgId }) => orgId).filter((id) => ids.includes(id));
    world.hands.now = new Date(later(1).getTime() - 1);
    expect(await due()).toEqual([]);
    world.hands.now = later(2);
    expect(await due()).toEqual([two, one]);
    const first = await lifecycle.listDue({ limit: 1 });
    expect(first.more).toBe(true);
    const { revoked, failed } = await lifecycle.runDue();
    expect(revoked.filter((id) => ids.includes(id))).toEqual([two, one]);
    expect(failed).toEqual([]);
    expect(await lifecycle.runDue()).toEqual({ revoked: [], skipped: [], deprovisioned: [], failed: [], more: false });
    expect((await lifecycle.getTenant(kept)).status).toBe("inactive");
    expect((await lifecycle.getTenant(restored)).status).toBe("active");
    const [event] = (await store.listEvents(one, { types: ["org.revoked"] })).data;
    expect(event).toMatchObject({ idempotencyKey: `due:${BEGIN.toISOString()}`, data: { from: "suspended" } });
    await expect(lifecycle.restoreTenant(one)).rejects.toMatchObject({ code: "precondition.invalid_transition" });
  });

  test("without days of grace a deletion is due at once", async () => {
    const id = await tenant();
    await lifecycle.deleteTenant(id, { graceDays: 0 });
    expect((await lifecycle.runDue()).revoked).toContain(id);
  });

  test("a hundred years of grace are the longest, and 200 that are due are the most", async () => {
    const id = await tenant();
    for (const graceDays of [-1, 0.5, 36_501, Number.NaN, Number.POSITIVE_INFINITY, "1", null]) {
      const refused = lifecycle.deleteTenant(id, { graceDays: graceDays as number });
      await expect(refused).rejects.toMatchObject({
        code: "precondition.invalid_input",
        details: { key: "graceDays" },
      });
    }
    expect(await lifecycle.deleteTenant(id, { graceDays: 36_500 })).toMatchObject({
      suspension: { dueAt: later(36_500) },
    });
    for (const limit of [0, 201, 1.5]) {
      await expect(lifecycle.listDue({ limit })).rejects.toMatchObject({ code: "precondition.invalid_limit" });
    }
    expect((await lifecycle.listDue({ limit: 200 })).data.map(({ orgId }) => orgId)).not.toContain(id);
  });

  test("a tenant that was suspended before the store kept reasons is suspended, and can be deleted", async () => {
    const plain = world.store([]);
    const id = await tenant();
    await plain.suspendOrg(id);
    expect(await lifecycle.getTenant(id)).toMatchObject({ status: "suspended", suspension: null });
    expect(await lifecycle.deleteTenant(id, { graceDays: 1 })).toMatchObject({
      status: "inactive",
      suspension: { kind: "deletion", dueAt: later(1) },
    });
    const told = plain.suspendOrg({ orgId: id, reason: "late" });
    await expect(told).rejects.toMatchObject({ code: "config.capability_missing" });
  });

  test("what a store without reasons leaves behind ends no tenant that is active", async () => {
    const plain = world.store([]);
    const id = await tenant();
    await lifecycle.deleteTenant(id, { graceDays: 1 });
    await plain.reinstateOrg(id);
    world.hands.now = later(1);
    const report = await lifecycle.runDue();
    expect(report.skipped).toContain(id);
    expect(report.revoked).not.toContain(id);
    expect(await lifecycle.getTenant(id)).toMatchObject({ status: "active", suspension: null });
    await lifecycle.suspendTenant(id, { reason: "again" });
    expect((await lifecycle.getTenant(id)).suspension).toMatchObject({ kind: "suspended", reason: "again" });
  });

  test("a tenant is ended for good by who names it again", async () => {
    const [id, other] = [await tenant(), await tenant()];
    for (const how of [{ confirm: other }, {}, undefined, { confirm: id, force: true }]) {
      const refused = lifecycle.revokeTenant(id, how as never);
      await expect(refused).rejects.toMatchObject({ code: "precondition.invalid_input" });
    }
    expect((await lifecycle.getTenant(id)).status).toBe("active");
  });

  test("refusals are values where they are asked for", async () => {
    const id = await tenant("revoked");
    const calls: readonly (readonly [method: keyof typeof lifecycle.result, ...args: unknown[]])[] = [
      ["getTenant", generate("org")],
      ["updateTenant", id, { name: "New" }],
      ["updateTenant", id, { unknown: 1 }],
      ["deactivateTenant", id],
      ["suspendTenant", id, { reason: 7 }],
      ["activateTenant", id],
      ["deleteTenant", id, { graceDays: -1 }],
      ["restoreTenant", "nobody"],
      ["revokeTenant", id, { confirm: generate("org") }],
      ["createTenant", { creator: "nobody" }],
      ["listDue", { limit: 0 }],
      ["runDue", { limit: 201 }],
    ];
    for (const [method, ...args] of calls) {
      const call = lifecycle.result[method] as (...all: unknown[]) => Promise<{ ok: boolean; error?: unknown }>;
      const result = await call(...args);
      expect(result.ok).toBe(false);
      expect(isTenancyError(result.error)).toBe(true);
    }
    expect(await lifecycle.result.getTenant(id)).toEqual({ ok: true, value: await lifecycle.getTenant(id) });
  });
});
