/** Entities and values of `behaviour` as data. Everything is read-only: a change is a new value. */

/** Registered id prefixes, in the order of the specification. Tenantry mints `org`, `mem`, `inv` and, at acceptance, `usr`. */
export const ID_TYPES = ["usr", "org", "mem", "inv", "tup", "ses", "cred", "mfa", "shr", "pat"] as const;
export type IdType = (typeof ID_TYPES)[number];

/** `{prefix}_{32 lower-case hex digits of a UUID}`. */
export type Id<T extends IdType> = `${T}_${string}`;
export type UsrId = Id<"usr">;
export type OrgId = Id<"org">;
export type MemId = Id<"mem">;
export type InvId = Id<"inv">;

export const ROLES = ["owner", "admin", "member", "guest", "viewer", "editor"] as const;
export type Role = (typeof ROLES)[number];

/** The roles that have a rank, highest first. `viewer` and `editor` stand outside the hierarchy. */
export const ADMIN_HIERARCHY = ["owner", "admin", "member", "guest"] as const;

export const STATUSES = ["active", "suspended", "revoked"] as const;
/** Status of an organization or a membership. `revoked` is terminal. */
export type Status = (typeof STATUSES)[number];

export const INVITATION_STATUSES = ["pending", "accepted", "declined", "revoked", "expired"] as const;
/** Status of an invitation. Only `pending` is not terminal. */
export type InvitationStatus = (typeof INVITATION_STATUSES)[number];

// They are rules: who changed one at run time would change them for everybody.
for (const list of [ID_TYPES, ROLES, ADMIN_HIERARCHY, STATUSES, INVITATION_STATUSES]) {
  Object.freeze(list);
}

/** A value of plain JSON. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What the host keeps beside an entity, where no schema says more: an object of plain JSON. */
export type Metadata = { readonly [key: string]: JsonValue };

/** The unit of tenancy. Flat: it has no parent. `O` is what the store's schema makes of its metadata. */
export interface Organization<O = Metadata> {
  readonly id: OrgId;
  readonly status: Status;
  /** Display text, at most 1,024 UTF-16 units; not unique. */
  readonly name: string | null;
  /** Unique among organizations that are not revoked. A revoked one keeps the value but no longer holds it. */
  readonly slug: string | null;
  /** 1 for a new organization, one more for every accepted mutation of anything in it; the `seq` of its newest event. */
  readonly version: number;
  readonly createdAt: Date;
  /** Moves with the organization's own fields and status, not with its members. */
  readonly updatedAt: Date;
  readonly metadata: O;
}

/** One period in which one user holds one role in one organization. */
export interface Membership<M = Metadata> {
  readonly id: MemId;
  readonly usrId: UsrId;
  readonly orgId: OrgId;
  /** Never changes within a row: a role change makes a new row that `replaces` this one. */
  readonly role: Role;
  readonly status: Status;
  /** The previous link of the chain; `null` at its root. */
  readonly replaces: MemId | null;
  readonly invitedBy: UsrId | null;
  /** Set by `adminRemove` alone. */
  readonly removedBy: UsrId | null;
  readonly createdAt: Date;
  /** On a revoked row the instant at which it ended. */
  readonly updatedAt: Date;
  /** The last instant at which it is live; `null`: it has no time box. */
  readonly expiresAt: Date | null;
  /** Kept along a chain. */
  readonly metadata: M;
}

/** A grant on some object, written in an invitation and given to whoever accepts it. */
export interface PreTuple {
  readonly relation: string;
  readonly objectType: string;
  readonly objectId: string;
  /** The last instant at which it holds. Left out or `null`: it has no time box. */
  readonly expiresAt?: Date | null | undefined;
}

/** With every default filled in: nothing left out, nor given as `undefined`. */
export type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** A grant as an invitation has it. */
export type Grant = Filled<PreTuple>;

/** An offer to join an organization in a role, addressed to an identifier. */
export interface Invitation<M = Metadata> {
  readonly id: InvId;
  readonly orgId: OrgId;
  /** Exactly as given at creation. */
  readonly identifier: string;
  readonly role: Role;
  readonly status: InvitationStatus;
  readonly preTuples: readonly Grant[];
  /** The time box of the membership that accepting makes. */
  readonly membershipExpiresAt: Date | null;
  /** The metadata of the membership that accepting makes. */
  readonly membershipMetadata: M;
  readonly invitedBy: UsrId;
  /** Set by acceptance. */
  readonly invitedUserId: UsrId | null;
  readonly createdAt: Date;
  /** The last instant at which it can be accepted. */
  readonly expiresAt: Date;
  /** `null` exactly while pending. */
  readonly terminalAt: Date | null;
  readonly terminalBy: UsrId | null;
}

/**
 * An authorization fact. Its five fields before the time box are its key: the same tuple exists once, however often it is
 * granted, and for the longest time that it was granted for.
 */
export interface Tuple {
  readonly subjectType: "usr";
  readonly subjectId: UsrId;
  readonly relation: string;
  readonly objectType: string;
  /** Byte for byte as it was given. */
  readonly objectId: string;
  /** The last instant at which it holds; `null`: it has no time box. */
  readonly expiresAt: Date | null;
}

/** One page of a list. `nextCursor` is `null` exactly when nothing followed in the snapshot of the page. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
  /** Number of rows that match the filters, if it was asked for. */
  readonly total?: number;
}

export interface CreateOrgResult<O = Metadata, M = Metadata> {
  readonly org: Organization<O>;
  readonly ownerMembership: Membership<M>;
}

export interface TransferOwnershipResult<M = Metadata> {
  readonly fromMembership: Membership<M>;
  readonly toMembership: Membership<M>;
}

export interface AcceptInvitationResult<M = Metadata> {
  readonly invitation: Invitation<M>;
  readonly membership: Membership<M>;
  /** The invitation's pre-tuples as tuples of the new member, in order, those already held included. */
  readonly materializedTuples: readonly Tuple[];
}

/** A membership with the organization it belongs to, from one snapshot. */
export type MembershipWithOrg<O = Metadata, M = Metadata> = Membership<M> & { readonly org: Organization<O> };

/** An invitation with the organization it leads to, from one snapshot. */
export type InvitationWithOrg<O = Metadata, M = Metadata> = Invitation<M> & { readonly org: Organization<O> };

/** A membership as it was at an instant at which it was live. */
export interface MembershipAsOf
  extends Pick<Membership, "id" | "usrId" | "orgId" | "role" | "replaces" | "invitedBy" | "createdAt"> {
  readonly status: Exclude<Status, "revoked">;
}

/** What a sweep wrote down. */
export interface SweepResult<E> {
  /** By organization, and within one by expiry. */
  readonly expired: readonly E[];
  /** Whether others had lapsed too, beyond the limit. */
  readonly more: boolean;
}

export type ExpireInvitationsResult = SweepResult<InvId>;
export type ExpireMembershipsResult = SweepResult<MemId>;
export type ExpireGrantsResult = SweepResult<Tuple>;

/** The rank of a role: owner 4, admin 3, member 2, guest 1; `null` for `viewer` and `editor`, which have none. */
export function rankOf(role: Role): number | null {
  const place = (ADMIN_HIERARCHY as readonly Role[]).indexOf(role);
  return place === -1 ? null : ADMIN_HIERARCHY.length - place;
}

/** The tuple that says "this user holds this role here". It exists exactly while the membership is active. */
export function roleTuple({
  usrId,
  role,
  orgId,
  expiresAt,
}: Pick<Membership, "usrId" | "role" | "orgId" | "expiresAt">): Tuple {
  return { subjectType: "usr", subjectId: usrId, relation: role, objectType: "org", objectId: orgId, expiresAt };
}

/** Whether the last instant of something has passed. At that instant it has not; `null` never does. */
export function hasPassed(expiresAt: Date | null, now: Date): boolean {
  return expiresAt !== null && now.getTime() > expiresAt.getTime();
}

/** Whether a time box can be given to something now: it must not end at once. */
export function isPast(expiresAt: Date | null, now: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() <= now.getTime();
}

/** The later of two instants: no timestamp of a row is earlier than one written to it before, even if a clock steps back. */
export function latest(first: Date, ...others: readonly Date[]): Date {
  return others.reduce((a, b) => (b.getTime() > a.getTime() ? b : a), first);
}
