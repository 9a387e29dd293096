import type { EventDraft } from "./event.ts";
import type {
  InvId,
  Invitation,
  InvitationStatus,
  Membership,
  MemId,
  Organization,
  OrgId,
  Role,
  Status,
  Tuple,
  UsrId,
} from "./model.ts";

/** What a membership row must still be, or nothing is written. `updatedAt` tells a suspension and its end from none. */
export interface MembershipExpectation {
  readonly status: Status;
  readonly updatedAt: Date;
}

/** What an invitation row must still be, or nothing is written. */
export interface InvitationExpectation {
  readonly status: InvitationStatus;
  readonly expiresAt: Date;
}

/**
 * Every write, as data. A store applies all changes of a commit or none; it takes its locks in the order
 * organization, invitations, memberships by id, tuples by key, and decides nothing.
 */
export type Change =
  | { readonly op: "insertOrg"; readonly row: Organization }
  /** Writes `name`, `slug`, `status` and `updatedAt`; the version is advanced by every commit anyway. */
  | { readonly op: "updateOrg"; readonly row: Organization }
  /** `invId`: the invitation that made the row. */
  | { readonly op: "insertMembership"; readonly row: Membership; readonly invId: InvId | null }
  /** Writes `status`, `removedBy` and `updatedAt`. */
  | { readonly op: "updateMembership"; readonly row: Membership; readonly expect: MembershipExpectation }
  /** Writes nothing: the decision rests on this row, so it must still be as it was read. */
  | { readonly op: "expectMembership"; readonly memId: MemId; readonly expect: MembershipExpectation }
  /** Writes nothing: the user must be an active member of the commit's organization in one of these roles. */
  | { readonly op: "expectMember"; readonly usrId: UsrId; readonly roles: readonly Role[] }
  /** `canonical` is stored for look-ups and never returned. */
  | { readonly op: "insertInvitation"; readonly row: Invitation; readonly canonical: string }
  /** Writes `status`, `invitedUserId`, `expiresAt`, `terminalAt` and `terminalBy`. */
  | { readonly op: "updateInvitation"; readonly row: Invitation; readonly expect: InvitationExpectation }
  /** One that exists already stays as it is. */
  | { readonly op: "insertTuple"; readonly tuple: Tuple }
  /** One that does not exist is no matter. */
  | { readonly op: "deleteTuple"; readonly tuple: Tuple }
  /**
   * Ends whatever is live in the organization, rows included that appeared while the commit waited for its lock: every
   * live membership becomes `revoked` with `updatedAt`; every invitation stored as `pending` whose `expiresAt` is not
   * before `at` becomes `revoked` with `terminalAt` and `terminalBy`; every tuple on the organization is deleted. The
   * instants are raised to those a row already carries. The numbers of rows are added to the data of the commit's event
   * `org.revoked` as `memberships`, `invitations` and `tuples`.
   */
  | { readonly op: "endEverything"; readonly orgId: OrgId; readonly at: Date; readonly by: UsrId | null };

/** What a commit expects of the organization. Every commit locks its row first and advances its version. */
export type OrgGuard =
  | { readonly is: "new"; readonly id: OrgId }
  | {
      readonly is: "existing";
      readonly id: OrgId;
      /** "Still active" where the commit only adds; `null` is any. */
      readonly status: Status | null;
      /** "Unchanged since it was read" where owners may become fewer; `null` is any. */
      readonly version: number | null;
    };

/** What an accepted decision wants to be written: the changes, what they rest on, and their event. */
export interface Write {
  readonly org: OrgGuard;
  /** The time of the mutation; the event's `at`. */
  readonly at: Date;
  /** Who did it, unless the caller names somebody else. */
  readonly actor: UsrId | null;
  readonly changes: readonly Change[];
  readonly event: EventDraft;
  /** What else happened, in order, behind the event. */
  readonly further?: readonly Happening[];
}

/** An event with its time and with who did it, unless the caller names somebody else. */
export type Happening = Pick<Write, "at" | "actor" | "event">;

/** Any state: for what is guarded by its own rows and cannot make the owners fewer. */
export function existing({ id }: Pick<Organization, "id">): OrgGuard {
  return { is: "existing", id, status: null, version: null };
}

/** Still active: for what only adds. Waits for the organization's other writers, then proceeds. */
export function stillActive({ id }: Pick<Organization, "id">): OrgGuard {
  return { is: "existing", id, status: "active", version: null };
}

/** Unchanged since it was read: for whatever could make the owners fewer, and for what rests on more than single rows. */
export function unchanged({ id, version }: Pick<Organization, "id" | "version">): OrgGuard {
  return { is: "existing", id, status: null, version };
}

/** The expectation that a membership is as it was read. */
export function asRead({ status, updatedAt }: Membership): MembershipExpectation {
  return { status, updatedAt };
}

/** The expectation that an invitation is as it was read. */
export function asIssued({ expiresAt }: Invitation): InvitationExpectation {
  return { status: "pending", expiresAt };
}
