import { generate, type IdType, type OrgId, type TenancyStore } from "@tenantry/core";
import { assert } from "../assertions.ts";
import { INVITED, type Town } from "./town.ts";

/** Arguments before the second argument of a mutation. */
export type Arguments = readonly unknown[];

/** Where a value stands in the arguments: at a position, or there in an object. */
export type Place = readonly [position: number, key?: string];

export interface Operation {
  /** The method. */
  readonly name: string;
  readonly isMutation: boolean;
  /** Whether there is one organization, whose version can be expected. */
  readonly hasVersion: boolean;
  /** Whether it is one commit, which an idempotency key can stand for. */
  readonly hasKey: boolean;
  /** Whether a key is taken though it is several commits: it stands for each of them by itself. */
  readonly hasKeyOfParts?: boolean;
  /** Whether it can be called without its first argument, an object. */
  readonly isInputOptional?: boolean;
  /** Whether the last argument is an object of options of a query. */
  readonly hasListOptions?: boolean;
  /** Whether what it is about can be named by the entity itself. */
  readonly takesEntity?: boolean;
  /** Every id among the arguments. */
  readonly ids: readonly IdPlace[];
  /** What has to happen in the town first. */
  readonly prepare?: (town: Town) => Promise<unknown>;
  /** A call that is accepted and changes something. New objects each time. */
  readonly args: (town: Town) => Arguments;
  /** Another valid input in the same scope of keys. */
  readonly otherArgs?: (town: Town) => Arguments;
}

export interface IdPlace {
  readonly at: Place;
  readonly type: IdType;
  /** It names what the call is about: an id that was never made is `not_found`. */
  readonly isAddressed: boolean;
}

const addressed = (type: IdType, ...at: Place): IdPlace => ({ at, type, isAddressed: true });
const named = (type: IdType, ...at: Place): IdPlace => ({ at, type, isAddressed: false });
const mutation = { isMutation: true, hasVersion: true, hasKey: true } as const;
const query = { isMutation: false, hasVersion: false, hasKey: false, ids: [] } as const;
const list = { ...query, hasListOptions: true } as const;
const orgId = [addressed("org", 0)] as const;
const memId = [addressed("mem", 0)] as const;
const orgIdOfRows = [addressed("org", 0, "orgId")] as const;

/** Every operation of a store, each with a call that works. */
export const operations: readonly Operation[] = [
  {
    ...mutation,
    name: "createOrg",
    hasVersion: false,
    ids: [named("usr", 0, "creator")],
    args: ({ stranger }) => [{ creator: stranger, name: "Acme", slug: "acme" }],
    otherArgs: ({ stranger }) => [{ creator: stranger, name: "Bolt", slug: "bolt" }],
  },
  {
    ...mutation,
    name: "updateOrg",
    takesEntity: true,
    ids: [addressed("org", 0, "orgId")],
    args: ({ org }) => [{ orgId: org, name: "Acme", slug: "acme" }],
    otherArgs: ({ org }) => [{ orgId: org, name: null }],
  },
  { ...mutation, name: "suspendOrg", takesEntity: true, ids: orgId, args: ({ org }) => [org] },
  {
    ...mutation,
    name: "reinstateOrg",
    takesEntity: true,
    ids: orgId,
    prepare: ({ store, org }) => store.suspendOrg(org),
    args: ({ org }) => [org],
  },
  { ...mutation, name: "revokeOrg", takesEntity: true, ids: orgId, args: ({ org }) => [org] },
  {
    ...mutation,
    name: "addMember",
    ids: [addressed("org", 0, "orgId"), named("usr", 0, "usrId"), named("usr", 0, "invitedBy")],
    args: ({ org, stranger, owner }) => [{ orgId: org, usrId: stranger, role: "member", invitedBy: owner.usrId }],
    otherArgs: ({ org, stranger, owner }) => [{ orgId: org, usrId: stranger, role: "guest", invitedBy: owner.usrId }],
  },
  {
    ...mutation,
    name: "updateMembership",
    takesEntity: true,
    ids: [addressed("mem", 0, "memId")],
    args: ({ member, later }) => [
      { memId: member.memId, metadata: { title: "Lead", tags: ["a"] }, expiresAt: new Date(later) },
    ],
    otherArgs: ({ member }) => [{ memId: member.memId, metadata: { title: null, desk: 7 } }],
  },
  {
    ...mutation,
    name: "changeRole",
    takesEntity: true,
    ids: [addressed("mem", 0, "memId")],
    args: ({ member }) => [{ memId: member.memId, newRole: "guest" }],
    otherArgs: ({ member }) => [{ memId: member.memId, newRole: "viewer" }],
  },
  {
    ...mutation,
    name: "suspendMembership",
    takesEntity: true,
    ids: memId,
    args: ({ member }) => [member.memId],
    otherArgs: ({ admin }) => [admin.memId],
  },
  {
    ...mutation,
    name: "reinstateMembership",
    takesEntity: true,
    ids: memId,
    args: ({ suspended }) => [suspended.memId],
    otherArgs: ({ admin }) => [admin.memId],
  },
  {
    ...mutation,
    name: "selfLeave",
    takesEntity: true,
    ids: [addressed("mem", 0, "memId"), named("usr", 0, "transferTo")],
    args: ({ owner, admin }) => [{ memId: owner.memId, transferTo: admin.usrId }],
    otherArgs: ({ owner, member }) => [{ memId: owner.memId, transferTo: member.usrId }],
  },
  {
    ...mutation,
    name: "adminRemove",
    takesEntity: true,
    ids: [addressed("mem", 0, "memId"), named("usr", 0, "adminUsrId")],
    args: ({ member, owner }) => [{ memId: member.memId, adminUsrId: owner.usrId }],
    otherArgs: ({ member, admin }) => [{ memId: member.memId, adminUsrId: admin.usrId }],
  },
  {
    ...mutation,
    name: "transferOwnership",
    ids: [addressed("org", 0, "orgId"), addressed("mem", 0, "fromMemId"), addressed("mem", 0, "toMemId")],
    args: ({ org, owner, admin }) => [{ orgId: org, fromMemId: owner.memId, toMemId: admin.memId }],
    otherArgs: ({ org, owner, member }) => [{ orgId: org, fromMemId: owner.memId, toMemId: member.memId }],
  },
  {
    ...mutation,
    name: "createInvitation",
    ids: [addressed("org", 0, "orgId"), named("usr", 0, "invitedBy")],
    args: (town) => [invitationOf(town, "member")],
    otherArgs: (town) => [invitationOf(town, "guest")],
  },
  {
    ...mutation,
    name: "acceptInvitation",
    takesEntity: true,
    ids: [addressed("inv", 0, "invId"), named("usr", 0, "asUsrId")],
    args: ({ invitation, stranger }) => [{ invId: invitation, asUsrId: stranger, acceptingIdentifier: INVITED }],
    otherArgs: ({ invitation }) => [{ invId: invitation }],
  },
  {
    ...mutation,
    name: "declineInvitation",
    takesEntity: true,
    ids: [addressed("inv", 0, "invId"), named("usr", 0, "asUsrId")],
    args: ({ invitation, stranger }) => [{ invId: invitation, asUsrId: stranger, acceptingIdentifier: INVITED }],
    otherArgs: ({ invitation }) => [{ invId: invitation }],
  },
  {
    ...mutation,
    name: "revokeInvitation",
    takesEntity: true,
    ids: [addressed("inv", 0, "invId"), named("usr", 0, "adminUsrId")],
    args: ({ invitation, owner }) => [{ invId: invitation, adminUsrId: owner.usrId }],
    otherArgs: ({ invitation, admin }) => [{ invId: invitation, adminUsrId: admin.usrId }],
  },
  {
    ...mutation,
    name: "resendInvitation",
    takesEntity: true,
    ids: [addressed("inv", 0, "invId"), named("usr", 0, "adminUsrId")],
    args: ({ invitation, owner, later }) => [
      { invId: invitation, adminUsrId: owner.usrId, expiresAt: new Date(later.getTime() + 1) },
    ],
    otherArgs: ({ invitation, owner, later }) => [
      { invId: invitation, adminUsrId: owner.usrId, expiresAt: new Date(later.getTime() + 2) },
    ],
  },
  {
    ...mutation,
    name: "expireInvitations",
    hasVersion: false,
    hasKey: false,
    isInputOptional: true,
    ids: [addressed("org", 0, "orgId")],
    prepare: lapse,
    args: ({ org }) => [{ orgId: org, limit: 10 }],
  },
  {
    ...mutation,
    name: "expireMemberships",
    hasVersion: false,
    hasKey: false,
    isInputOptional: true,
    ids: [addressed("org", 0, "orgId")],
    prepare: lapseMembership,
    args: ({ org }) => [{ orgId: org, limit: 10 }],
  },
  {
    ...mutation,
    name: "expireGrants",
    hasVersion: false,
    hasKey: false,
    isInputOptional: true,
    ids: [addressed("org", 0, "orgId")],
    prepare: lapseGrant,
    args: ({ org }) => [{ orgId: org, limit: 10 }],
  },
  {
    ...mutation,
    name: "addMembers",
    ids: orgIdOfRows,
    args: ({ org, stranger, owner }) => [
      { orgId: org, rows: [{ usrId: stranger, role: "member", invitedBy: owner.usrId }], mode: "all", dryRun: false },
    ],
    otherArgs: ({ org, stranger }) => [{ orgId: org, rows: [{ usrId: stranger, role: "member" }] }],
  },
  {
    ...mutation,
    name: "createInvitations",
    ids: orgIdOfRows,
    args: (town) => [{ orgId: town.org, rows: [rowOf(invitationOf(town, "member"))], mode: "all" }],
    otherArgs: (town) => [{ orgId: town.org, rows: [rowOf(invitationOf(town, "guest"))], mode: "all" }],
  },
  {
    ...mutation,
    name: "changeRoles",
    ids: orgIdOfRows,
    args: ({ org, member }) => [{ orgId: org, rows: [{ memId: member.memId, newRole: "guest" }], mode: "each" }],
    otherArgs: ({ org, member }) => [{ orgId: org, rows: [{ memId: member.memId, newRole: "guest" }], mode: "all" }],
  },
  {
    ...mutation,
    name: "removeMembers",
    ids: orgIdOfRows,
    args: ({ org, member, owner }) => [{ orgId: org, rows: [{ memId: member.memId, adminUsrId: owner.usrId }] }],
    otherArgs: ({ org, admin, owner }) => [{ orgId: org, rows: [{ memId: admin.memId, adminUsrId: owner.usrId }] }],
  },
  {
    ...mutation,
    name: "removeUser",
    hasVersion: false,
    hasKey: false,
    hasKeyOfParts: true,
    ids: [named("usr", 0, "usrId")],
    args: ({ org, owner, admin }) => [
      { usrId: owner.usrId, choices: [{ orgId: org, transferTo: admin.usrId }], grants: true, mode: "all", limit: 10 },
    ],
  },
  { ...query, name: "plan", ids: [addressed("org", 0, "revokeOrg")], args: ({ org }) => [{ revokeOrg: org }] },
  { ...query, name: "getOrg", ids: orgId, args: ({ org }) => [org] },
  { ...query, name: "getOrgBySlug", args: () => ["town"] },
  { ...list, name: "listOrgs", args: () => [{ limit: 2, query: "hidden", status: "active" }] },
  { ...query, name: "getMembership", ids: memId, args: ({ member }) => [member.memId] },
  { ...list, name: "listMembers", ids: orgId, args: ({ org }) => [org, { limit: 2, status: "active", total: true }] },
  {
    ...list,
    name: "listMemberships",
    ids: [named("usr", 0)],
    args: ({ owner }) => [owner.usrId, { limit: 2, status: "active" }],
  },
  { ...query, name: "membershipHistory", ids: memId, args: ({ member }) => [member.memId] },
  { ...list, name: "membersAsOf", ids: orgId, args: ({ org, later }) => [org, new Date(later), { limit: 2 }] },
  { ...query, name: "getInvitation", ids: [addressed("inv", 0)], args: ({ invitation }) => [invitation] },
  { ...list, name: "listInvitations", ids: orgId, args: ({ org }) => [org, { limit: 2, status: "pending" }] },
  { ...list, name: "listInvitationsFor", args: () => [INVITED, { limit: 2, status: "pending" }] },
  {
    ...query,
    name: "listTuplesForSubject",
    ids: [named("usr", 1)],
    args: ({ owner }) => ["usr", owner.usrId],
  },
  { ...query, name: "listTuplesForObject", args: ({ org }) => ["org", org, "owner"] },
  {
    ...query,
    name: "check",
    ids: [named("usr", 0, "subject")],
    args: ({ org, owner }) => [{ subject: owner.usrId, relation: "owner", object: org, requireActiveOrg: true }],
  },
  {
    ...list,
    name: "listEvents",
    ids: [addressed("org", 0), named("usr", 1, "actor")],
    args: ({ org, owner }) => [org, { after: 0, limit: 2, types: ["org.created"], actor: owner.usrId }],
  },
];

export const mutations: readonly Operation[] = operations.filter(({ isMutation }) => isMutation);
export const keyedMutations: readonly Operation[] = mutations.filter(({ hasKey }) => hasKey);

/** An invitation that has lapsed, besides the town's, which has not. */
async function lapse({ store, org, owner, later, waitUntil }: Town): Promise<void> {
  const expiresAt = new Date(later.getTime() - 2);
  await store.createInvitation({ orgId: org, identifier: INVITED, role: "guest", invitedBy: owner.usrId, expiresAt });
  waitUntil(new Date(later.getTime() - 1));
}

/** A membership that has lapsed. */
async function lapseMembership({ store, org, later, waitUntil }: Town): Promise<void> {
  await store.addMember({
    orgId: org,
    usrId: generate("usr"),
    role: "guest",
    expiresAt: new Date(later.getTime() - 2),
  });
  waitUntil(new Date(later.getTime() - 1));
}

/** A grant that has lapsed, of somebody who accepted an invitation. */
async function lapseGrant({ store, org, owner, later, waitUntil }: Town): Promise<void> {
  const offer = { orgId: org, identifier: INVITED, role: "guest", invitedBy: owner.usrId } as const;
  const { id } = await store.createInvitation({
    ...offer,
    expiresAt: new Date(later.getTime() - 3),
    preTuples: [{ relation: "viewer", objectType: "project", objectId: "p", expiresAt: new Date(later.getTime() - 2) }],
  });
  await store.acceptInvitation({ invId: id });
  waitUntil(new Date(later.getTime() - 1));
}

/** The same as a row of many, which are of one organization. */
function rowOf({ orgId: _, ...row }: ReturnType<typeof invitationOf>): object {
  return row;
}

function invitationOf({ org, owner, later }: Town, role: string): { readonly orgId: OrgId } {
  const preTuples = [{ relation: "viewer", objectType: "project", objectId: "plan" }];
  const offer = {
    orgId: org,
    identifier: "guest.7f3a91@hidden.example",
    role,
    invitedBy: owner.usrId,
    expiresAt: new Date(later),
    preTuples,
  };
  return offer;
}

/** Calls the method as a caller would whom no type checker watches. */
export function call({ store }: Pick<Town, "store">, name: string, args: Arguments): Promise<unknown> {
  return callOn(store, name, args);
}

export async function callOn(store: TenancyStore, name: string, args: Arguments): Promise<unknown> {
  const method: unknown = Reflect.get(store, name);
  assert(typeof method === "function", `the store has no method ${name}`);
  return await Reflect.apply(method, store, args);
}

/** Prepares the town and answers the arguments of the call. */
export async function prepared(operation: Operation, town: Town): Promise<Arguments> {
  await operation.prepare?.(town);
  return operation.args(town);
}

/** The same arguments with another value at one place. */
export function replaced(args: Arguments, [position, key]: Place, value: unknown): Arguments {
  return args.map((arg, index) =>
    index !== position ? arg : key === undefined ? value : { ...(arg as object), [key]: value },
  );
}

export function valueAt(args: Arguments, [position, key]: Place): unknown {
  const arg = args[position];
  return key === undefined ? arg : Reflect.get(Object(arg), key);
}

/** For the name of a case. */
export function placeName({ name }: Operation, [position, key]: Place): string {
  return key === undefined ? `${name}, argument ${position + 1}` : `${name}, ${key}`;
}
