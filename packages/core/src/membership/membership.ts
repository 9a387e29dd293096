import { asRead, type Change } from "../change.ts";
import { type Found, found, type Rejected, reject } from "../decision.ts";
import {
  ADMIN_HIERARCHY,
  hasPassed,
  latest,
  type Membership,
  type MemId,
  type Organization,
  ROLES,
  type Role,
  rankOf,
  roleTuple,
  type UsrId,
} from "../model.ts";
import { type AuthorityFact, type OrgFact, presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import { canBecome, MEMBERSHIP_TRANSITIONS } from "../states.ts";

// What the operations on memberships share.

/**
 * The membership as everybody sees it at an instant: one whose time box has lapsed has ended a millisecond after its last
 * instant, whether or not a sweep wrote it down.
 */
export function effectiveMembership(membership: Membership, now: Date): Membership {
  const { status, expiresAt, updatedAt } = membership;
  return status !== "revoked" && expiresAt !== null && hasPassed(expiresAt, now)
    ? { ...membership, status: "revoked", updatedAt: latest(new Date(expiresAt.getTime() + 1), updatedAt) }
    : membership;
}

/** Whether somebody may administer the organization at an instant: an active owner or admin. */
export function isAdministrator<M extends AuthorityFact>(membership: M | null, now: Date): membership is M {
  return (
    membership !== null &&
    membership.status === "active" &&
    !hasPassed(membership.expiresAt, now) &&
    (membership.role === "owner" || membership.role === "admin")
  );
}

/** Who may administer an organization and ranks at least as high as a role. */
const AUTHORITY_OVER = Object.fromEntries(
  ROLES.map((over) => [over, (["owner", "admin"] as const).filter((role) => ranksAtLeast(role, over))]),
) as unknown as Readonly<Record<Role, readonly Role[]>>;

/** That somebody may still administer the organization, in a role that ranks at least as high as another. */
export function authority(usrId: UsrId, over: Role, at: Date): Change {
  return { op: "expectMember", usrId, roles: AUTHORITY_OVER[over], at };
}

/** Whether a role ranks at least as high as another. Roles without a rank count as the lowest. */
export function ranksAtLeast(role: Role, other: Role): boolean {
  return (rankOf(role) ?? 0) >= (rankOf(other) ?? 0);
}

/** Whether a membership is that of an active owner. */
export function isActiveOwner({ role, status }: Membership): boolean {
  return role === ADMIN_HIERARCHY[0] && status === "active";
}

/** Whether a membership is one of those of which an organization always has one: of an active owner, without a time box. */
export function isLastingOwner(membership: Membership): boolean {
  return isActiveOwner(membership) && membership.expiresAt === null;
}

/**
 * What is known of a member whom the caller holds: nothing about other owners, so one who counts among them has to be looked
 * up. Of everybody else it makes no difference.
 */
export function heldMember(
  held: Membership | undefined,
): { readonly membership: Membership; readonly org: OrgFact; readonly otherOwner: boolean } | null {
  return held === undefined || isLastingOwner(held)
    ? null
    : { membership: held, org: presumablyActive(held.orgId), otherOwner: false };
}

/** Two are enough to know whether there is an owner besides this member, however many there are. */
export function twoOwners(memId: MemId): Read<"owners"> {
  return { read: "owners", of: { membership: memId }, take: 2 };
}

/** Whether somebody else is among these. */
export function isAmongOthers(memId: MemId, owners: readonly MemId[]): boolean {
  return owners.some((owner) => owner !== memId);
}

/** Whether a membership can end at all: it has not ended before. */
export function canEnd({ status }: Membership): boolean {
  return canBecome(MEMBERSHIP_TRANSITIONS, status, "revoked");
}

/** The row of a membership that ends, and what that writes. Its role tuple exists only if it was active. */
export function ended(
  membership: Membership,
  at: Date,
  removedBy: Membership["removedBy"] = null,
): { readonly row: Membership; readonly changes: readonly Change[] } {
  const row: Membership = { ...membership, status: "revoked", removedBy, updatedAt: latest(at, membership.updatedAt) };
  const end: Change = { op: "updateMembership", row, expect: asRead(membership) };
  return membership.status === "active"
    ? { row, changes: [end, { op: "deleteTuple", tuple: roleTuple(membership) }] }
    : { row, changes: [end] };
}

/** The end of a membership that has lapsed, written down: by a sweep, or by what takes its place. */
export function writtenDown(
  membership: Membership,
  now: Date,
): { readonly row: Membership; readonly changes: readonly Change[] } {
  return ended(membership, effectiveMembership(membership, now).updatedAt);
}

/**
 * The time of a mutation that adds a link: 1 ms after the row that it replaces began, or later. Order is evidence, so it
 * strictly increases along a chain even if the clock stands still or steps back.
 */
export function linkTime(now: Date, ...replaced: readonly Membership[]): Date {
  return latest(now, ...replaced.flatMap((row) => [new Date(row.createdAt.getTime() + 1), row.updatedAt]));
}

/** The next link of a chain: the same person in another role, from `at` on, and what that writes. */
export function relinked(
  membership: Membership,
  role: Role,
  id: MemId,
  at: Date,
): { readonly row: Membership; readonly changes: readonly Change[] } {
  const row: Membership = {
    ...membership,
    id,
    role,
    status: "active",
    replaces: membership.id,
    createdAt: at,
    updatedAt: at,
  };
  return {
    row,
    changes: [
      ...ended(membership, at).changes,
      { op: "insertMembership", row, invId: null },
      { op: "insertTuple", tuple: roleTuple(row) },
    ],
  };
}

/** The addressed membership with its organization, or that there is none. */
export function foundMembership(
  memId: MemId,
  { membership, org }: { readonly membership: Membership | null; readonly org: Organization | null },
): Found<{ readonly membership: Membership; readonly org: Organization }> | Rejected<"not_found"> {
  return membership === null || org === null ? noMembership(memId) : found({ membership, org });
}

export function noMembership(memId: MemId): Rejected<"not_found"> {
  return reject("not_found", { what: "membership", id: memId });
}
