import { generate, type Membership, type Organization, type TenancyStore } from "@tenantry/core";
import { type World, type WorldKind, weekFrom } from "./world.ts";

/** An operation as it is measured. */
export interface Operation {
  readonly name: string;
  /** The method that it calls; the same as `name` but where a method is measured in several ways. */
  readonly method: string;
  readonly kind: WorldKind;
  /** Round trips that it takes when nobody is in its way. */
  readonly trips: 1 | 2;
  /** Whether worlds can be used again: it changes nothing. */
  readonly isRead: boolean;
  /** Something to look up before, of which it is then told. Not timed. */
  readonly held?: (store: TenancyStore, world: World) => Promise<unknown>;
  readonly call: (store: TenancyStore, world: World, held: never) => Promise<unknown>;
}

/** A page and a half of members, so that a page is full and another follows. */
const CROWD = { crowd: 75 };

const reads: readonly Operation[] = [
  read("getOrg", {}, (store, { orgId }) => store.getOrg(orgId)),
  read("getMembership", {}, (store, { member }) => store.getMembership(member.memId)),
  read("getInvitation", {}, (store, { invId }) => store.getInvitation(invId)),
  read("listMembers", CROWD, (store, { orgId }) => store.listMembers(orgId)),
  read("listInvitations", {}, (store, { orgId }) => store.listInvitations(orgId)),
  read("listTuplesForSubject", {}, (store, { owner }) => store.listTuplesForSubject("usr", owner.usrId)),
  read("listTuplesForObject", {}, (store, { orgId }) => store.listTuplesForObject("org", orgId)),
  read("listMemberships", {}, (store, { owner }) => store.listMemberships(owner.usrId)),
  read("membershipHistory", {}, (store, { member }) => store.membershipHistory(member.memId)),
  read("membersAsOf", {}, (store, { orgId }) => store.membersAsOf(orgId, new Date())),
  read("listInvitationsFor", {}, (store, { identifier }) => store.listInvitationsFor(identifier)),
  read("listEvents", {}, (store, { orgId }) => store.listEvents(orgId)),
  read("check", {}, (store, { orgId, owner }) =>
    store.check({ subject: owner.usrId, relations: ["owner", "admin"], object: orgId }),
  ),
];

const ONE_TRIP: readonly Operation[] = [
  mutation("createOrg", 1, {}, (store) => {
    const creator = generate("usr");
    return store.createOrg({ creator, name: "Acme", slug: creator.slice(4) });
  }),
  mutation("addMember", 1, {}, (store, { orgId }) =>
    store.addMember({ orgId, usrId: generate("usr"), role: "member" }),
  ),
  mutation("createInvitation", 1, {}, (store, { orgId, owner }) =>
    store.createInvitation({
      orgId,
      identifier: "another@example.com",
      role: "member",
      invitedBy: owner.usrId,
      expiresAt: weekFrom(new Date()),
    }),
  ),
];

const TWO_TRIPS: readonly Operation[] = [
  mutation("updateOrg", 2, {}, (store, { orgId }) => store.updateOrg({ orgId, name: `Acme ${generate("org")}` })),
  mutation("suspendOrg", 2, {}, (store, { orgId }) => store.suspendOrg(orgId)),
  mutation("reinstateOrg", 2, { isSuspended: true }, (store, { orgId }) => store.reinstateOrg(orgId)),
  mutation("revokeOrg", 2, {}, (store, { orgId }) => store.revokeOrg(orgId)),
  mutation("changeRole", 2, {}, (store, { member }) => store.changeRole({ memId: member.memId, newRole: "guest" })),
  mutation("suspendMembership", 2, {}, (store, { member }) => store.suspendMembership(member.memId)),
  mutation("reinstateMembership", 2, {}, (store, { suspended }) => store.reinstateMembership(suspended.memId)),
  mutation("selfLeave", 2, {}, (store, { member }) => store.selfLeave({ memId: member.memId })),
  mutation("adminRemove", 2, {}, (store, { member, admin }) =>
    store.adminRemove({ memId: member.memId, adminUsrId: admin.usrId }),
  ),
  mutation("transferOwnership", 2, {}, (store, { orgId, owner, member }) =>
    store.transferOwnership({ orgId, fromMemId: owner.memId, toMemId: member.memId }),
  ),
  mutation("acceptInvitation", 2, {}, (store, { invId, identifier }) =>
    store.acceptInvitation({ invId, asUsrId: generate("usr"), acceptingIdentifier: identifier }),
  ),
  mutation("resendInvitation", 2, {}, (store, { invId, owner }) =>
    store.resendInvitation({ invId, adminUsrId: owner.usrId, expiresAt: weekFrom(weekFrom(new Date())) }),
  ),
  mutation("declineInvitation", 2, {}, (store, { invId }) => store.declineInvitation({ invId })),
  mutation("revokeInvitation", 2, {}, (store, { invId, owner }) =>
    store.revokeInvitation({ invId, adminUsrId: owner.usrId }),
  ),
];

/** One round trip, because the caller holds what it is about. */
const HELD: readonly Operation[] = [
  held("changeRole", aMember, (store, _, memId) => store.changeRole({ memId, newRole: "guest" })),
  held("suspendMembership", aMember, (store, _, memId) => store.suspendMembership(memId)),
  held("selfLeave", aMember, (store, _, memId) => store.selfLeave({ memId })),
  held("adminRemove", aMember, (store, { admin }, memId) => store.adminRemove({ memId, adminUsrId: admin.usrId })),
  held("updateOrg", anOrg, (store, _, orgId) => store.updateOrg({ orgId, name: `Acme ${generate("org")}` })),
  held("acceptInvitation", anInvitation, (store, { identifier }, invId) =>
    store.acceptInvitation({ invId, asUsrId: generate("usr"), acceptingIdentifier: identifier }),
  ),
];

const GRANTS = { grants: 10 };

const TEN_GRANTS: readonly Operation[] = [
  {
    ...mutation("acceptInvitation", 2, GRANTS, (store, { invId, identifier }) =>
      store.acceptInvitation({ invId, asUsrId: generate("usr"), acceptingIdentifier: identifier }),
    ),
    name: "acceptInvitation, ten grants",
  },
  {
    ...held("acceptInvitation", anInvitation, (store, { identifier }, invId) =>
      store.acceptInvitation({ invId, asUsrId: generate("usr"), acceptingIdentifier: identifier }),
    ),
    name: "acceptInvitation, ten grants, held",
    kind: GRANTS,
  },
];

export const OPERATIONS: readonly Operation[] = [...reads, ...ONE_TRIP, ...TWO_TRIPS, ...HELD, ...TEN_GRANTS];

function read(name: string, kind: WorldKind, call: Operation["call"]): Operation {
  return { name, method: name, kind, trips: 1, isRead: true, call };
}

function mutation(name: string, trips: 1 | 2, kind: WorldKind, call: Operation["call"]): Operation {
  return { name, method: name, kind, trips, isRead: false, call };
}

function held<E>(
  method: string,
  look: (store: TenancyStore, world: World) => Promise<E>,
  call: (store: TenancyStore, world: World, entity: E) => Promise<unknown>,
): Operation {
  const name = `${method}, held`;
  return { name, method, kind: {}, trips: 1, isRead: false, held: look, call: call as Operation["call"] };
}

function aMember(store: TenancyStore, { member }: World): Promise<Membership> {
  return store.getMembership(member.memId);
}

function anOrg(store: TenancyStore, { orgId }: World): Promise<Organization> {
  return store.getOrg(orgId);
}

function anInvitation(store: TenancyStore, { invId }: World): ReturnType<TenancyStore["getInvitation"]> {
  return store.getInvitation(invId);
}
