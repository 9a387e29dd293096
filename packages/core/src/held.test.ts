import { describe, expect, test } from "vitest";
import { answering, committed, conflicting, scriptedPort, times } from "../test/scripted-port.ts";
import { keyOf, open, rejection } from "../test/scripted-store.ts";
import { acme, after, bob, carol, member, now, offer, owner } from "../test/world.ts";
import type { MembershipExpectation } from "./change.ts";
import { handOut, heldEntity } from "./held.ts";
import type { Invitation, Membership, Organization } from "./model.ts";
import { Tenancy } from "./tenancy.ts";

// An entity that the library handed out says what its id stands for, so nothing has to be looked up; the guards of the
// commit find out whether it is still so.

interface Held {
  readonly org: Organization;
  readonly membership: Membership;
  readonly invitation: Invitation;
}

/** A store whose next loads and commits are these, and entities that it has handed out. */
async function holding(
  script: Parameters<typeof open>[0] = {},
  stored: Partial<Held> = {},
): Promise<ReturnType<typeof open> & { readonly held: Held }> {
  const { org = acme, membership = member, invitation = offer } = stored;
  const loads = [answering({ org }), answering({ membership }), answering({ invitation })];
  const opened = open({ ...script, load: [...loads, ...(script.load ?? [])] });
  const held = {
    org: await opened.store.getOrg(acme.id),
    membership: await opened.store.getMembership(membership.id),
    invitation: await opened.store.getInvitation(offer.id),
  };
  opened.calls.splice(0, 3, "load", "load", "load");
  return { ...opened, held };
}

const suspended = { status: "suspended" } as const;
const operations: readonly (readonly [
  name: string,
  stored: Partial<Held>,
  call: (store: Tenancy, held: Held) => Promise<unknown>,
])[] = [
  ["updateOrg", {}, (store, { org }) => store.updateOrg({ orgId: org, name: "New" })],
  ["suspendOrg", {}, (store, { org }) => store.suspendOrg(org)],
  ["reinstateOrg", { org: { ...acme, ...suspended } }, (store, { org }) => store.reinstateOrg(org)],
  ["revokeOrg", {}, (store, { org }) => store.revokeOrg(org)],
  ["changeRole", {}, (store, { membership }) => store.changeRole({ memId: membership, newRole: "admin" })],
  ["suspendMembership", {}, (store, { membership }) => store.suspendMembership(membership)],
  [
    "reinstateMembership",
    { membership: { ...member, ...suspended } },
    (store, { membership }) => store.reinstateMembership(membership),
  ],
  ["selfLeave", {}, (store, { membership }) => store.selfLeave({ memId: membership })],
  ["adminRemove", {}, (store, { membership }) => store.adminRemove({ memId: membership, adminUsrId: bob })],
  ["acceptInvitation", {}, (store, { invitation }) => store.acceptInvitation({ invId: invitation })],
  ["declineInvitation", {}, (store, { invitation }) => store.declineInvitation({ invId: invitation, asUsrId: carol })],
  ["revokeInvitation", {}, (store, { invitation }) => store.revokeInvitation({ invId: invitation, adminUsrId: bob })],
  [
    "resendInvitation",
    {},
    (store, { invitation }) => store.resendInvitation({ invId: invitation, adminUsrId: bob, expiresAt: after(1) }),
  ],
];

describe.each(operations)("%s of an entity that the caller holds", (name, stored, call) => {
  test("is one commit, without a look", async () => {
    const { store, calls, commits, held } = await holding({ commit: [committed] }, stored);
    await call(store, held);
    expect(calls).toEqual(["load", "load", "load", "commit"]);
    expect(keyOf(commits[0]).operation).toBe(name);
  });

  test("is looked at after all where the commit says that it is no longer so", async () => {
    const { store, calls, held } = await holding({ commit: [conflicting()], load: [answering({})] }, stored);
    expect((await rejection(call(store, held))).code).toBe("not_found");
    expect(calls.slice(3)).toEqual(["commit", "load"]);
  });
});

describe("what is held", () => {
  test("is what was handed out, whatever the caller did to its dates", async () => {
    const { store, commits, held } = await holding({ commit: [committed] });
    held.membership.updatedAt.setTime(0);
    await store.suspendMembership(held.membership);
    const [change] = commits[0]?.changes ?? [];
    const expected: MembershipExpectation = { status: "active", updatedAt: member.updatedAt };
    expect(change).toMatchObject({ op: "updateMembership", expect: expected });
  });

  test("in a copy, or as somebody else made it, is not an id and not read", async () => {
    const { store, calls, held } = await holding();
    const trap = new Proxy(held.membership, {
      get() {
        throw new Error("nobody reads this");
      },
    });
    for (const value of [{ ...held.membership }, structuredClone(held.membership), trap, { id: member.id }]) {
      expect((await rejection(store.suspendMembership(value as never))).code).toBe("invalid_id");
    }
    expect(calls).toHaveLength(3);
  });

  test("of another type is not what the operation is about", async () => {
    const { store, held } = await holding();
    expect((await rejection(store.suspendOrg(held.membership as never))).code).toBe("invalid_type");
  });

  test("is known on every page of a list", async () => {
    const { store, calls } = open({
      load: [answering({ org: acme, members: [member] })],
      commit: [committed],
    });
    const { data } = await store.listMembers(acme.id);
    await store.suspendMembership(data[0] as Membership);
    expect(calls).toEqual(["load", "commit"]);
  });

  test("is known where it is shown with its organization, and so is that", async () => {
    const { store, calls } = open({
      load: [answering({ memberships: [{ ...member, org: acme }] })],
      commit: [committed, committed],
    });
    const [row] = (await store.listMemberships(carol)).data;
    await store.suspendMembership(row as Membership);
    await store.suspendOrg(row?.org as Organization);
    expect(calls).toEqual(["load", "commit", "commit"]);
  });

  test("is the present: a membership as it was in the past is none", async () => {
    const { store } = open({ load: [answering({ org: acme, members: [{ membership: member, pause: null }] })] });
    const { data } = await store.membersAsOf(acme.id, after(0));
    expect((await rejection(store.suspendMembership(data[0] as never))).code).toBe("invalid_id");
  });

  test("is known in the result of a mutation", async () => {
    const { store, calls } = open({ commit: [committed, committed] });
    const added = await store.addMember({ orgId: acme.id, usrId: carol, role: "member" });
    await store.changeRole({ memId: added, newRole: "admin" });
    expect(calls).toEqual(["commit", "commit"]);
  });
});

describe("without a look nothing is refused or left as it is", () => {
  const look = answering({ membership: member, org: acme, owners: [owner.id] });

  test("an owner is looked up: only the organization's version tells whether another one is there", async () => {
    const facts = answering({ membership: owner, org: acme, owners: [owner.id] });
    const { store, calls, held } = await holding({ load: [facts] }, { membership: owner });
    expect((await rejection(store.selfLeave({ memId: held.membership }))).code).toBe("conflict.sole_owner");
    expect(calls.slice(3)).toEqual(["load"]);
  });

  test("a role that the member has already is looked at before the answer is that nothing changes", async () => {
    const { store, calls, held } = await holding({ load: [look] });
    await store.changeRole({ memId: held.membership, newRole: "member" });
    expect(calls.slice(3)).toEqual(["load"]);
  });

  test("what looks impossible is looked at before it is refused", async () => {
    const { store, calls, held } = await holding(
      { load: [look], commit: [committed] },
      {
        membership: { ...member, ...suspended },
      },
    );
    await store.suspendMembership(held.membership);
    expect(calls.slice(3)).toEqual(["load", "commit"]);
  });

  test("an invitation that seems to have expired is looked at: it may have been sent again", async () => {
    const { store, held } = await holding(
      { load: [answering({ org: acme, invitation: offer })], commit: [committed] },
      {
        invitation: { ...offer, expiresAt: after(-1) },
      },
    );
    await expect(store.acceptInvitation({ invId: held.invitation })).rejects.toMatchObject({ code: "forbidden" });
  });
});

test("an entity and an expected version of different times are looked at", async () => {
  const now = { ...acme, version: acme.version + 1, name: "New" };
  const { store, held, calls } = await holding({ load: [answering({ org: now })] });
  const call = store.updateOrg({ orgId: held.org, name: "New" }, { expectedVersion: now.version });
  await expect(call).resolves.toEqual(now);
  expect(calls.slice(3)).toEqual(["load"]);
});

test("an expected version that the entity does not have is refused if it is the entity that is right", async () => {
  const { store, held } = await holding({ load: [answering({ org: acme })] });
  const error = await rejection(store.suspendOrg(held.org, { expectedVersion: acme.version + 1 }));
  expect(error.code).toBe("conflict.version");
});

test("an expected version that is the entity's own is expected in one commit", async () => {
  const { store, held, calls } = await holding({ commit: [committed] });
  await store.suspendOrg(held.org, { expectedVersion: acme.version });
  expect(calls.slice(3)).toEqual(["commit"]);
});

test("an id and the entity behind it are the same input to an idempotency key", async () => {
  const { store, commits, held } = await holding({
    load: [answering({ membership: member, org: acme, owners: [owner.id] })],
    commit: [committed, committed],
  });
  await store.suspendMembership(held.membership, { idempotencyKey: "k" });
  await store.suspendMembership(member.id, { idempotencyKey: "k" });
  const [first, second] = commits.map((commit) => keyOf(commit).fingerprint);
  expect(first).toBe(second);
});

test("a row in a list that shows the organization beside it is the row alone", () => {
  const shown = {};
  handOut(shown, { ...member, org: acme }, true);
  expect(heldEntity(shown)).toEqual({ entity: member, isCertain: true });
});

test("what was seen inside the host's transaction is looked up again: it may have been undone with it", async () => {
  const facts = { membership: member, org: acme, owners: [owner.id, member.id] };
  const script = { load: times(4, answering(facts)), commit: times(3, committed) };
  const { calls, port } = scriptedPort(script);
  const store = new Tenancy({ ...port, join: (_, work) => work(port) }, { clock: () => now });
  const [read, changed] = [await store.getMembership(member.id), await store.suspendMembership(member.id)];
  calls.length = 0;
  await store.suspendMembership(read);
  await store.reinstateMembership(changed).catch(() => undefined);
  expect(calls.filter((call) => call === "load")).toHaveLength(2);
});
