import { expect, test } from "vitest";
import { codeThrown } from "../test/precedence.ts";
import { answering, committed, conflicting, scriptedPort } from "../test/scripted-port.ts";
import { keyOf, open, rejection } from "../test/scripted-store.ts";
import { acme, admin, after, alice, bob, carol, member, now, offer, owner } from "../test/world.ts";
import type { MutationOptions } from "./input.ts";
import { roleTuple } from "./model.ts";
import { PERMISSIONS } from "./permissions.ts";
import { Tenancy } from "./tenancy.ts";
import type { TenancyStore } from "./tenancy-store.ts";

type Call = (store: TenancyStore) => Promise<unknown>;
type Mutation = (store: TenancyStore, options?: MutationOptions) => Promise<unknown>;
type Facts = Readonly<Record<string, unknown>>;

const toDave = {
  orgId: acme.id,
  identifier: "dave@example.com",
  role: "member",
  invitedBy: alice,
  expiresAt: after(1),
} as const;

/** Every mutation with facts under which it is accepted; the name is that of the method and of the operation. */
const mutations: Readonly<Record<string, readonly [facts: Facts, call: Mutation]>> = {
  createOrg: [{}, (store, options) => store.createOrg(alice, options)],
  updateOrg: [{ org: acme }, (store, options) => store.updateOrg({ orgId: acme.id, name: "New" }, options)],
  suspendOrg: [{ org: acme }, (store, options) => store.suspendOrg(acme.id, options)],
  reinstateOrg: [{ org: { ...acme, status: "suspended" } }, (store, options) => store.reinstateOrg(acme.id, options)],
  revokeOrg: [{ org: acme }, (store, options) => store.revokeOrg(acme.id, options)],
  addMember: [{}, (store, options) => store.addMember({ orgId: acme.id, usrId: carol, role: "member" }, options)],
  updateMembership: [
    { org: acme, membership: member, owners: [owner.id] },
    (store, options) => store.updateMembership({ memId: member.id, metadata: { title: "Lead" } }, options),
  ],
  changeRole: [
    { org: acme, membership: member, owners: [owner.id] },
    (store, options) => store.changeRole({ memId: member.id, newRole: "admin" }, options),
  ],
  suspendMembership: [
    { org: acme, membership: member, owners: [owner.id] },
    (store, options) => store.suspendMembership(member.id, options),
  ],
  reinstateMembership: [
    { org: acme, membership: { ...member, status: "suspended" }, otherLive: false },
    (store, options) => store.reinstateMembership(member.id, options),
  ],
  selfLeave: [
    { org: acme, membership: member, owners: [owner.id] },
    (store, options) => store.selfLeave({ memId: member.id }, options),
  ],
  adminRemove: [
    { org: acme, membership: member, admin },
    (store, options) => store.adminRemove({ memId: member.id, adminUsrId: bob }, options),
  ],
  transferOwnership: [
    { org: acme, from: owner, to: admin },
    (store, options) => store.transferOwnership({ orgId: acme.id, fromMemId: owner.id, toMemId: admin.id }, options),
  ],
  createInvitation: [
    { org: acme, inviter: owner, pending: [] },
    (store, options) => store.createInvitation(toDave, options),
  ],
  acceptInvitation: [
    { org: acme, invitation: offer, inviter: owner },
    (store, options) => store.acceptInvitation({ invId: offer.id }, options),
  ],
  declineInvitation: [
    { org: acme, invitation: offer },
    (store, options) => store.declineInvitation({ invId: offer.id }, options),
  ],
  revokeInvitation: [
    { org: acme, invitation: offer, admin },
    (store, options) => store.revokeInvitation({ invId: offer.id, adminUsrId: bob }, options),
  ],
  addMembers: [
    {},
    (store, options) => store.addMembers({ orgId: acme.id, rows: [{ usrId: carol, role: "member" }] }, options),
  ],
  createInvitations: [
    {},
    (store, options) => {
      const { orgId: of, ...row } = toDave;
      return store.createInvitations({ orgId: of, rows: [row] }, options);
    },
  ],
  changeRoles: [
    { org: acme, memberships: [member], owners: [owner.id] },
    (store, options) => store.changeRoles({ orgId: acme.id, rows: [{ memId: member.id, newRole: "admin" }] }, options),
  ],
  removeMembers: [
    { org: acme, memberships: [member], admins: [admin] },
    (store, options) => store.removeMembers({ orgId: acme.id, rows: [{ memId: member.id, adminUsrId: bob }] }, options),
  ],
  resendInvitation: [
    { org: acme, invitation: offer, admin },
    (store, options) =>
      store.resendInvitation({ invId: offer.id, adminUsrId: bob, expiresAt: offer.expiresAt }, options),
  ],
};

test.each(Object.entries(mutations))("%s commits the operation of its name, once", async (name, [facts, call]) => {
  const { store, commits } = open({ load: [answering(facts)], commit: [committed] });
  await call(store);
  expect(commits.map((commit) => keyOf(commit).operation)).toEqual([name]);
});

test.each(Object.entries(mutations))("%s takes an actor and a key", async (_, [facts, call]) => {
  const { store, commits } = open({ load: [answering(facts)], commit: [committed] });
  await call(store, { actor: carol, idempotencyKey: "k" });
  expect(commits).toMatchObject([{ events: [{ actor: carol, idempotencyKey: "k" }], keys: [{ key: "k" }] }]);
});

const onWhatExists = Object.entries(mutations).filter(([name]) => name !== "createOrg");

test.each(onWhatExists)("%s takes a version to expect", async (_, [facts, call]) => {
  const { store, commits } = open({ load: [answering(facts)], commit: [committed] });
  await call(store, { expectedVersion: acme.version });
  expect(commits).toMatchObject([{ org: { version: acme.version } }]);
});

test.each(onWhatExists)("%s of what does not exist is not found", async (_, [, call]) => {
  const { store } = open({ load: [answering({})], commit: [conflicting()] });
  expect((await rejection(call(store))).code).toBe("not_found");
});

const page = (row: unknown) => ({ data: [row], nextCursor: null });
const { id, usrId, orgId, role, replaces, invitedBy, createdAt } = member;
const event = { orgId: acme.id, seq: 7, type: "org.suspended", at: now, actor: null, idempotencyKey: null, data: {} };

const queries: Readonly<Record<string, readonly [facts: Facts, call: Call, answer: unknown]>> = {
  getOrg: [{ org: acme }, (store) => store.getOrg(acme.id), acme],
  getMembership: [{ membership: member }, (store) => store.getMembership(member.id), member],
  getInvitation: [{ invitation: offer }, (store) => store.getInvitation(offer.id), offer],
  listMembers: [{ org: acme, members: [member] }, (store) => store.listMembers(acme.id), page(member)],
  listInvitations: [{ org: acme, invitations: [offer] }, (store) => store.listInvitations(acme.id), page(offer)],
  getOrgBySlug: [{ org: acme }, (store) => store.getOrgBySlug("acme"), acme],
  listOrgs: [{ orgs: [acme] }, (store) => store.listOrgs(), page(acme)],
  listMemberships: [
    { memberships: [{ ...member, org: acme }] },
    (store) => store.listMemberships(carol),
    page({ ...member, org: acme }),
  ],
  membershipHistory: [{ chain: [member] }, (store) => store.membershipHistory(member.id), [member]],
  membersAsOf: [
    { org: acme, members: [{ membership: member, pause: null }] },
    (store) => store.membersAsOf(acme.id, now),
    page({ id, usrId, orgId, role, status: "active", replaces, invitedBy, createdAt }),
  ],
  listInvitationsFor: [
    { invitations: [{ ...offer, org: acme }] },
    (store) => store.listInvitationsFor("dave@example.com"),
    page({ ...offer, org: acme }),
  ],
  check: [{ tuple: true }, (store) => store.check({ subject: carol, relation: "member", object: acme.id }), true],
  listEvents: [
    { org: acme, events: [event] },
    (store) => store.listEvents(acme.id),
    { data: [event], lastSeq: 7, hasMore: false },
  ],
  plan: [
    { org: acme, from: owner, to: admin },
    (store) => store.plan({ transferOwnership: { orgId: acme.id, fromMemId: owner.id, toMemId: admin.id } }),
    {
      org: acme,
      refusal: null,
      roles: [
        { memId: owner.id, usrId: alice, from: "owner", to: "member" },
        { memId: admin.id, usrId: bob, from: "admin", to: "owner" },
      ],
    },
  ],
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
  const methods = Object.keys(PERMISSIONS);
  const sweeps = ["expireInvitations", "expireMemberships", "expireGrants"];
  // What is several commits has tests of its own.
  const tried = [...Object.keys(mutations), ...Object.keys(queries), ...sweeps, "removeUser"];
  expect(tried.sort()).toEqual(methods.sort());
});

test("options reach the operations: pages, filters and counts", async () => {
  const { store, plans } = open({
    load: [
      answering({ org: acme, members: [] }),
      answering({ org: acme, invitations: [] }),
      answering({ orgs: [] }),
      answering({ memberships: [] }),
      answering({ org: acme, members: [] }),
      answering({ invitations: [] }),
      answering({ org: acme, events: [] }),
    ],
  });
  await store.listMembers(acme.id, { limit: 1, cursor: member.id, status: "revoked", role: "guest", total: true });
  await store.listInvitations(acme.id, { limit: 1, cursor: offer.id, status: "declined" });
  await store.listOrgs({ limit: 1, cursor: acme.id, query: "a" });
  await store.listMemberships(carol, { limit: 1, cursor: member.id, status: "active" });
  await store.membersAsOf(acme.id, now, { limit: 1, cursor: member.id });
  await store.listInvitationsFor("dave", { limit: 1, cursor: offer.id, status: "revoked" });
  await store.listEvents(acme.id, { limit: 1, after: 2, types: ["org.updated"], actor: bob });
  const where = { anyOf: [{ status: "revoked" }, { status: "active" }, { status: "suspended" }], role: "guest" };
  expect(plans).toMatchObject([
    { members: { where, after: member.id, take: 2 }, total: { where } },
    { invitations: { anyOf: [{ status: "declined" }], after: offer.id, take: 2 } },
    { orgs: { where: { query: "a" }, after: acme.id, take: 2 } },
    { memberships: { anyOf: [{ status: "active" }], after: member.id, take: 2 } },
    { members: { at: now, after: member.id, take: 2 } },
    { invitations: { canonical: "dave", anyOf: [{ status: "revoked" }], after: offer.id, take: 2 } },
    { events: { where: { types: ["org.updated"], actor: bob }, after: 2, take: 2 } },
  ]);
});

test("a store says what it can do, and refuses options that it does not know", () => {
  const { port } = scriptedPort({});
  expect(new Tenancy(port).capabilities).toEqual({
    concurrentSessions: false,
    usersLink: false,
    hostTransactions: false,
    groups: [],
  });
  expect(codeThrown(() => new Tenancy(port, { clocks: 1 } as never))).toBe("precondition.invalid_input");
  expect(codeThrown(() => new Tenancy(port, null as never))).toBe("precondition.invalid_input");
});
