import { expect, test } from "vitest";
import { codeThrown } from "../test/precedence.ts";
import { answering, committed, scriptedPort } from "../test/scripted-port.ts";
import { keyOf, open, rejection } from "../test/scripted-store.ts";
import { acme, admin, after, alice, bob, carol, member, offer, owner } from "../test/world.ts";
import { roleTuple } from "./model.ts";
import { Tenancy, type TenancyStore } from "./tenancy.ts";

type Call = (store: TenancyStore) => Promise<unknown>;
type Facts = Readonly<Record<string, unknown>>;

/** Every mutation with facts under which it is accepted; the name is that of the method and of the operation. */
const mutations: Readonly<Record<string, readonly [facts: Facts, call: Call]>> = {
  createOrg: [{}, (store) => store.createOrg(alice)],
  updateOrg: [{ org: acme }, (store) => store.updateOrg({ orgId: acme.id, name: "New" })],
  suspendOrg: [{ org: acme }, (store) => store.suspendOrg(acme.id)],
  reinstateOrg: [{ org: { ...acme, status: "suspended" } }, (store) => store.reinstateOrg(acme.id)],
  revokeOrg: [{ org: acme }, (store) => store.revokeOrg(acme.id)],
  addMember: [{}, (store) => store.addMember({ orgId: acme.id, usrId: carol, role: "member" })],
  changeRole: [
    { org: acme, membership: member, owners: [owner.id] },
    (store) => store.changeRole({ memId: member.id, newRole: "admin" }),
  ],
  suspendMembership: [
    { org: acme, membership: member, owners: [owner.id] },
    (store) => store.suspendMembership(member.id),
  ],
  reinstateMembership: [
    { org: acme, membership: { ...member, status: "suspended" }, otherLive: false },
    (store) => store.reinstateMembership(member.id),
  ],
  selfLeave: [{ org: acme, membership: member, owners: [owner.id] }, (store) => store.selfLeave({ memId: member.id })],
  adminRemove: [
    { org: acme, membership: member, admin },
    (store) => store.adminRemove({ memId: member.id, adminUsrId: bob }),
  ],
  transferOwnership: [
    { org: acme, from: owner, to: admin },
    (store) => store.transferOwnership({ orgId: acme.id, fromMemId: owner.id, toMemId: admin.id }),
  ],
  createInvitation: [
    { org: acme, inviter: owner, pending: [] },
    (store) =>
      store.createInvitation({
        orgId: acme.id,
        identifier: "dave@example.com",
        role: "member",
        invitedBy: alice,
        expiresAt: after(1),
      }),
  ],
  acceptInvitation: [
    { org: acme, invitation: offer, inviter: owner },
    (store) => store.acceptInvitation({ invId: offer.id }),
  ],
  declineInvitation: [{ org: acme, invitation: offer }, (store) => store.declineInvitation({ invId: offer.id })],
  revokeInvitation: [
    { org: acme, invitation: offer, admin },
    (store) => store.revokeInvitation({ invId: offer.id, adminUsrId: bob }),
  ],
};

test.each(Object.entries(mutations))("%s commits the operation of its name, once", async (name, [facts, call]) => {
  const { store, commits } = open({ load: [answering(facts)], commit: [committed] });
  await call(store);
  expect(commits.map((commit) => keyOf(commit).operation)).toEqual([name]);
});

const loading = Object.entries(mutations).filter(([name]) => !["createOrg", "addMember"].includes(name));

test.each(loading)("%s of what does not exist is not found", async (_, [, call]) => {
  const { store, calls } = open({ load: [answering({})] });
  expect((await rejection(call(store))).code).toBe("not_found");
  expect(calls).toEqual(["load"]);
});

const page = (row: unknown) => ({ data: [row], nextCursor: null });

const queries: Readonly<Record<string, readonly [facts: Facts, call: Call, answer: unknown]>> = {
  getOrg: [{ org: acme }, (store) => store.getOrg(acme.id), acme],
  getMembership: [{ membership: member }, (store) => store.getMembership(member.id), member],
  getInvitation: [{ invitation: offer }, (store) => store.getInvitation(offer.id), offer],
  listMembers: [{ org: acme, members: [member] }, (store) => store.listMembers(acme.id), page(member)],
  listInvitations: [{ org: acme, invitations: [offer] }, (store) => store.listInvitations(acme.id), page(offer)],
  listTuplesForSubject: [
    { tuples: [roleTuple(member)] },
    (store) => store.listTuplesForSubject("usr", carol),
    [roleTuple(member)],
  ],
  listTuplesForObject: [
    { tuples: [roleTuple(member)] },
    (store) => store.listTuplesForObject("org", acme.id, "member"),
    [roleTuple(member)],
  ],
};

test.each(Object.entries(queries))("%s answers what one load tells", async (_, [facts, call, answer]) => {
  const { store, calls } = open({ load: [answering(facts)] });
  await expect(call(store)).resolves.toEqual(answer);
  expect(calls).toEqual(["load"]);
});

test("every method is tried here", () => {
  const methods = Object.getOwnPropertyNames(Tenancy.prototype).filter((name) => name !== "constructor");
  expect([...Object.keys(mutations), ...Object.keys(queries)].sort()).toEqual(methods.sort());
});

test("options reach the operations: pages, filters and counts", async () => {
  const { store, plans } = open({
    load: [answering({ org: acme, members: [] }), answering({ org: acme, invitations: [] })],
  });
  await store.listMembers(acme.id, { limit: 1, cursor: member.id, status: "revoked", role: "guest", total: true });
  await store.listInvitations(acme.id, { limit: 1, cursor: offer.id, status: "declined" });
  const where = { status: "revoked", role: "guest" };
  expect(plans).toMatchObject([
    { members: { where, after: member.id, take: 2 }, total: { where } },
    { invitations: { anyOf: [{ status: "declined" }], after: offer.id, take: 2 } },
  ]);
});

test("a store says what it can do, and refuses options that it does not know", () => {
  const { port } = scriptedPort({});
  expect(new Tenancy(port).capabilities).toEqual({
    concurrentSessions: false,
    usersLink: false,
    hostTransactions: false,
  });
  expect(codeThrown(() => new Tenancy(port, { clocks: 1 } as never))).toBe("precondition.invalid_input");
  expect(codeThrown(() => new Tenancy(port, null as never))).toBe("precondition.invalid_input");
});
