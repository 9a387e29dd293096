import {
  type AnswersTo,
  type Commit,
  type CommitOutcome,
  isTenancyError,
  type MemId,
  type OrgId,
  type Plan,
} from "@tenantry/core";
import { InMemoryDatabase } from "@tenantry/store-memory";
import { describe, expect, test } from "vitest";
import { alice, bob, carol, codeOf, idNo, openWorld, stranger, user, type World } from "../test/world.ts";
import type { ActiveTenant } from "./active-tenant.ts";
import { inTenant, type TenantStore } from "./tenant-store.ts";

const expiresAt = new Date("2040-01-01T00:00:00.000Z");
const unknownMem = idNo("mem", 999);
const unknownInv = idNo("inv", 999);

/** Rows that say how often somebody came for them. */
class CountedDatabase extends InMemoryDatabase {
  readonly trips: string[] = [];

  override load<P extends Plan>(plan: P): Promise<AnswersTo<P>> {
    this.trips.push("load");
    return super.load(plan);
  }

  override commit(commit: Commit): Promise<CommitOutcome> {
    this.trips.push("commit");
    return super.commit(commit);
  }
}

interface Town extends World {
  readonly trips: string[];
  readonly active: ActiveTenant;
  readonly inside: TenantStore;
  readonly own: { readonly memId: MemId };
  readonly foreign: { readonly memId: MemId; readonly other: MemId; readonly invId: `inv_${string}` };
}

/** Alice owns Acme and Beta; she acts in Acme. */
async function openTown(): Promise<Town> {
  const database = new CountedDatabase();
  const world = await openWorld({ database });
  const { store, beta, bobMemId } = world;
  const { id: memId } = await store.addMember({ orgId: beta, usrId: alice, role: "owner" });
  const { id: other } = await store.addMember({ orgId: beta, usrId: bob, role: "member" });
  const offer = { orgId: beta, identifier: "x", role: "guest", invitedBy: alice, expiresAt } as const;
  const { id: invId } = await store.createInvitation(offer);
  const active = await world.tenancy.guard.require(await world.open({ host: "acme.example.com" }, user(alice)));
  const inside = inTenant(store, active);
  return {
    ...world,
    trips: database.trips,
    active,
    inside,
    own: { memId: bobMemId },
    foreign: { memId, other, invId },
  };
}

async function said(attempt: () => Promise<unknown>): Promise<string> {
  try {
    return `answered ${JSON.stringify(await attempt())}`;
  } catch (error) {
    return isTenancyError(error) ? JSON.stringify(error) : String(error);
  }
}

/** What is about the organization alone: another one's id can be given to none of them. */
const WITHOUT_IDS = [
  ...(["getOrg", "updateOrg", "suspendOrg", "reinstateOrg", "revokeOrg"] as const),
  ...(["addMember", "listMembers", "membersAsOf", "createInvitation", "listInvitations", "listEvents"] as const),
  // One's own membership, to a user; and objects, of which there is a test of their own.
  ...(["selfLeave", "check", "listTuplesForObject"] as const),
] satisfies readonly (keyof TenantStore)[];

/** Every operation that names something, with an id to name. */
const operations: Readonly<
  Record<string, (inside: TenantStore, mem: MemId, inv: `inv_${string}`, own: MemId) => Promise<unknown>>
> = {
  getMembership: (inside, mem) => inside.getMembership(mem),
  membershipHistory: (inside, mem) => inside.membershipHistory(mem),
  changeRole: (inside, memId) => inside.changeRole({ memId, newRole: "guest" }),
  suspendMembership: (inside, mem) => inside.suspendMembership(mem),
  reinstateMembership: (inside, mem) => inside.reinstateMembership(mem),
  adminRemove: (inside, memId) => inside.adminRemove({ memId }),
  "transferOwnership from": (inside, fromMemId, _, toMemId) => inside.transferOwnership({ fromMemId, toMemId }),
  "transferOwnership to": (inside, toMemId, _, fromMemId) => inside.transferOwnership({ fromMemId, toMemId }),
  getInvitation: (inside, _, inv) => inside.getInvitation(inv),
  revokeInvitation: (inside, _, invId) => inside.revokeInvitation({ invId }),
  resendInvitation: (inside, _, invId) => inside.resendInvitation({ invId, expiresAt }),
};

describe("an id of another organization, of the same owner's", () => {
  test.each(Object.keys(operations))("%s: not found, in the bytes of an id that never was", async (name) => {
    const { store, beta, inside, own, foreign, trips } = await openTown();
    const operation = operations[name] as (typeof operations)[string];
    const before = JSON.stringify([store.tables(), (await store.listEvents(beta)).lastSeq]);
    trips.length = 0;
    const there = await said(() => operation(inside, foreign.other, foreign.invId, own.memId));
    const cost = trips.splice(0);
    const nowhere = await said(() => operation(inside, unknownMem, unknownInv, own.memId));
    expect(cost).toEqual(["load"]);
    expect(trips).toEqual(cost);
    expect(there).toContain('"code":"not_found"');
    expect(there.replaceAll(foreign.other, unknownMem).replaceAll(foreign.invId, unknownInv)).toBe(nowhere);
    expect(JSON.stringify([store.tables(), (await store.listEvents(beta)).lastSeq])).toBe(before);
  });

  test("is given to every operation that takes one", async () => {
    const { inside } = await openTown();
    const tried = Object.keys(operations).map((name) => name.split(" ")[0]);
    expect([...new Set(tried), ...WITHOUT_IDS].sort()).toEqual(Object.keys(inside).sort());
  });

  test("as an object there is nothing on it", async () => {
    const { store, acme, beta, inside } = await openTown();
    const owns = { subject: alice, relation: "owner" } as const;
    expect(await store.check({ ...owns, object: beta })).toBe(true);
    expect(await inside.check({ ...owns, object: beta })).toBe(false);
    expect(await inside.check({ ...owns, object: { type: "org", id: beta } })).toBe(false);
    expect(await inside.listTuplesForObject("org", beta)).toEqual([]);
    expect(await inside.check({ ...owns, object: acme })).toBe(true);
    expect(await inside.check({ ...owns, object: { type: "org", id: acme } })).toBe(true);
    expect(await inside.listTuplesForObject("org", acme, "owner")).toMatchObject([{ subjectId: alice }]);
    expect(await inside.listTuplesForObject("project", "42")).toEqual([]);
  });

  test("does not become one's own by an object that says something else when it is asked again", async () => {
    const { store, acme, beta, inside } = await openTown();
    // Carol owns Beta and is nobody's owner here.
    const owns = { subject: carol, relation: "owner" } as const;
    expect(await store.check({ ...owns, object: beta })).toBe(true);
    for (const ids of [
      [acme, beta],
      [beta, acme],
    ] as const) {
      const turning = (): (() => OrgId) => {
        let asked = 0;
        return () => ids[asked++ % 2] as OrgId;
      };
      const [object, id, whole] = [turning(), turning(), turning()];
      for (const input of [
        {
          ...owns,
          get object() {
            return object();
          },
        },
        {
          ...owns,
          object: {
            type: "org",
            get id() {
              return id();
            },
          },
        },
        {
          ...owns,
          get object() {
            return { type: "org", id: whole() };
          },
        },
      ]) {
        expect(await inside.check(input)).toBe(false);
      }
    }
  });

  test("nor is a getter's error anybody's answer", async () => {
    const { acme, inside } = await openTown();
    const fail = (): never => {
      throw new Error("secret");
    };
    const owns = { subject: alice, relation: "owner" } as const;
    for (const input of [
      {
        ...owns,
        get object() {
          return fail();
        },
      },
      {
        ...owns,
        object: {
          type: "org",
          get id() {
            return fail();
          },
        },
      },
      new Proxy({ ...owns, object: acme }, { ownKeys: fail }),
    ]) {
      expect(await codeOf(() => inside.check(input))).toBe("precondition.invalid_input");
    }
    expect(await codeOf(() => inside.check(null as never))).toBe("precondition.invalid_input");
    expect(await codeOf(() => inside.check({ ...owns, object: null as never }))).toBe("precondition.invalid_input");
  });

  test("cannot be smuggled in beside the tenant's own", async () => {
    const { store, beta, acme, inside, foreign } = await openTown();
    const before = JSON.stringify((await store.listEvents(beta)).data);
    const smuggled = { orgId: beta, invitedBy: carol, adminUsrId: carol, memId: foreign.memId } as object;
    await inside.updateOrg({ name: "Apex", ...({ orgId: beta } as object) });
    await inside.addMember({ usrId: stranger, role: "guest", ...({ orgId: beta, invitedBy: carol } as object) });
    const offer = {
      identifier: "y",
      role: "guest",
      expiresAt,
      ...({ orgId: beta, invitedBy: carol } as object),
    } as const;
    expect(await inside.createInvitation(offer)).toMatchObject({ orgId: acme, invitedBy: alice });
    await codeOf(() => inside.selfLeave({ transferTo: bob, ...smuggled }));
    expect((await store.getOrg(acme)).name).toBe("Apex");
    expect(await store.getMembership(foreign.memId)).toMatchObject({ status: "active" });
    expect(JSON.stringify((await store.listEvents(beta)).data)).toBe(before);
  });
});

describe("inside its organization", () => {
  test("everything is done by whoever acts, and nobody else can be named", async () => {
    const { store, acme, inside, own } = await openTown();
    await inside.suspendMembership(own.memId, { actor: carol } as object);
    await inside.reinstateMembership(own.memId);
    await inside.updateOrg({ slug: "apex" }, { idempotencyKey: "k" });
    const { id: memId } = await inside.changeRole({ memId: own.memId, newRole: "admin" });
    expect(await inside.adminRemove({ memId })).toMatchObject({ removedBy: alice });
    const { id: invId } = await inside.createInvitation({ identifier: "y", role: "guest", expiresAt });
    await inside.resendInvitation({ invId, expiresAt: new Date(expiresAt.getTime() + 1) });
    await inside.revokeInvitation({ invId });
    const events = (await store.listEvents(acme, { after: 2 })).data;
    expect(events.map(({ actor }) => actor)).toEqual(events.map(() => alice));
    expect(events).toHaveLength(8);
  });

  test("queries are about it", async () => {
    const { acme, inside, own } = await openTown();
    expect(await inside.getOrg()).toMatchObject({ id: acme });
    expect((await inside.listMembers({ role: "member" })).data.map(({ id }) => id)).toEqual([own.memId]);
    expect(await inside.membershipHistory(own.memId)).toHaveLength(1);
    expect(await inside.getMembership(own.memId)).toMatchObject({ usrId: bob });
    expect((await inside.membersAsOf(new Date())).data).toHaveLength(2);
    expect((await inside.listInvitations()).data).toEqual([]);
    expect((await inside.listEvents({ limit: 1 })).data).toMatchObject([{ type: "org.created", orgId: acme }]);
  });

  test("its life is its own", async () => {
    const { inside } = await openTown();
    expect(await inside.suspendOrg()).toMatchObject({ status: "suspended" });
    expect(await inside.reinstateOrg()).toMatchObject({ status: "active" });
    expect(await inside.revokeOrg()).toMatchObject({ status: "revoked" });
  });

  test("ownership is handed on among its members, and one leaves by one's own membership", async () => {
    const { active, inside, own } = await openTown();
    const mine = active.membership?.id as MemId;
    const { toMembership } = await inside.transferOwnership({ fromMemId: mine, toMemId: own.memId });
    expect(toMembership).toMatchObject({ usrId: bob, role: "owner" });
    const world = await openWorld();
    const proof = await world.tenancy.guard.require(await world.open({ host: "acme.example.com" }, user(bob)));
    expect(await inTenant(world.store, proof).selfLeave()).toMatchObject({ usrId: bob, status: "revoked" });
  });

  test("what names a user who acts needs one", async () => {
    const world = await openWorld();
    const said = { claims: { tenant_id: world.acme } };
    const proof = await world.tenancy.guard.require(await world.open(said, { kind: "service", id: "billing" }));
    const inside = inTenant(world.store, proof);
    const offer = { identifier: "y", role: "guest", expiresAt } as const;
    for (const attempt of [
      () => inside.createInvitation(offer),
      () => inside.adminRemove({ memId: world.bobMemId }),
      () => inside.revokeInvitation({ invId: unknownInv }),
      () => inside.resendInvitation({ invId: unknownInv, expiresAt }),
    ]) {
      expect(await codeOf(attempt)).toBe("tenant.unauthenticated");
    }
    expect(await codeOf(() => inside.selfLeave())).toBe("tenant.denied");
    await inside.updateOrg({ name: "Apex" });
    expect((await inside.listEvents()).data.at(-1)).toMatchObject({ type: "org.updated", actor: null });
  });

  test("needs a proof", async () => {
    const { store, active } = await openTown();
    expect(await codeOf(() => inTenant(store, { ...active }))).toBe("tenant.context_missing");
    const forged = { org: { id: "org_x" as OrgId } } as ActiveTenant;
    expect(await codeOf(() => inTenant(store, forged))).toBe("tenant.context_missing");
  });
});

describe("an object of the caller's that throws when it is read", () => {
  const throwing = (key: string): object =>
    Object.defineProperty({}, key, {
      enumerable: true,
      get() {
        throw new Error("secret");
      },
    });
  const revoked = (): object => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };

  test.each<readonly [name: string, key: string, call: (inside: TenantStore, value: never) => Promise<unknown>]>([
    ["updateOrg", "name", (inside, value) => inside.updateOrg(value)],
    ["updateOrg, options", "expectedVersion", (inside, value) => inside.updateOrg({}, value)],
    ["suspendOrg", "idempotencyKey", (inside, value) => inside.suspendOrg(value)],
    ["reinstateOrg", "idempotencyKey", (inside, value) => inside.reinstateOrg(value)],
    ["revokeOrg", "idempotencyKey", (inside, value) => inside.revokeOrg(value)],
    ["addMember", "usrId", (inside, value) => inside.addMember(value)],
    ["changeRole", "memId", (inside, value) => inside.changeRole(value)],
    ["selfLeave", "transferTo", (inside, value) => inside.selfLeave(value)],
    ["adminRemove", "memId", (inside, value) => inside.adminRemove(value)],
    ["transferOwnership", "fromMemId", (inside, value) => inside.transferOwnership(value)],
    ["createInvitation", "identifier", (inside, value) => inside.createInvitation(value)],
    ["revokeInvitation", "invId", (inside, value) => inside.revokeInvitation(value)],
    ["resendInvitation", "invId", (inside, value) => inside.resendInvitation(value)],
    ["listMembers", "limit", (inside, value) => inside.listMembers(value)],
    ["listInvitations", "limit", (inside, value) => inside.listInvitations(value)],
    ["listEvents", "after", (inside, value) => inside.listEvents(value)],
  ])("%s: a wrong input, and a promise that says so", async (_, key, call) => {
    const { inside } = await openTown();
    for (const value of [throwing(key), revoked(), null]) {
      const answer = call(inside, value as never);
      expect(answer).toBeInstanceOf(Promise);
      expect(await codeOf(() => answer)).toBe("precondition.invalid_input");
    }
  });
});
