import type { EventDraft } from "./event.ts";
import type { TraceChange } from "./groups/audit.ts";
import type { Domain } from "./groups/domain.ts";
import type { PlacementChange } from "./groups/placement.ts";
import type { AnnounceChange } from "./groups/relay.ts";
import type { SettingChange } from "./groups/setting.ts";
import type { Suspension } from "./groups/suspension.ts";
import type { Group } from "./groups.ts";
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

/**
 * What a membership row must still be, or nothing is written. `updatedAt` tells a suspension and its end from none, and one
 * state of its metadata and time box from another.
 */
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
  | SettingChange
  | AnnounceChange
  | TraceChange
  | PlacementChange
  | { readonly op: "insertOrg"; readonly row: Organization }
  /** Writes `name`, `slug`, `status`, `metadata` and `updatedAt`; the version is advanced by every commit anyway. */
  | { readonly op: "updateOrg"; readonly row: Organization }
  /** `invId`: the invitation that made the row. */
  | { readonly op: "insertMembership"; readonly row: Membership; readonly invId: InvId | null }
  /** Writes `status`, `removedBy`, `metadata`, `expiresAt` and `updatedAt`. */
  | { readonly op: "updateMembership"; readonly row: Membership; readonly expect: MembershipExpectation }
  /** Writes nothing: the decision rests on this row, so it must still be as it was read. */
  | { readonly op: "expectMembership"; readonly memId: MemId; readonly expect: MembershipExpectation }
  /**
   * Writes nothing: the user must be an active member of the commit's organization in one of these roles, whose time box has
   * not lapsed at an instant.
   */
  | { readonly op: "expectMember"; readonly usrId: UsrId; readonly roles: readonly Role[]; readonly at: Date }
  /** `canonical` is stored for look-ups and never returned. */
  | { readonly op: "insertInvitation"; readonly row: Invitation; readonly canonical: string }
  /** Writes `status`, `invitedUserId`, `expiresAt`, `terminalAt` and `terminalBy`. */
  | { readonly op: "updateInvitation"; readonly row: Invitation; readonly expect: InvitationExpectation }
  /** One that exists already takes the time box of this one. */
  | { readonly op: "insertTuple"; readonly tuple: Tuple }
  /**
   * A grant. One that exists already stays, with the later of both ends. What gave it its end is this commit's organization,
   * where a sweep finds it.
   */
  | { readonly op: "grantTuple"; readonly tuple: Tuple }
  /** One that does not exist is no matter. */
  | { readonly op: "deleteTuple"; readonly tuple: Tuple }
  /** Deletes it; it must still end when it did, and for the same organization. */
  | { readonly op: "endGrant"; readonly tuple: Tuple & { readonly expiresAt: Date } }
  /**
   * The user joins under a limit of their own. Each user has a number of such joins, 0 at first, which becomes one more; it
   * must be at most `atMost` before (`null` is any), and where `first` says so it must be none.
   */
  | { readonly op: "countJoin"; readonly usrId: UsrId; readonly first: boolean; readonly atMost: number | null }
  /**
   * Ends whatever is live in the organization, rows included that appeared while the commit waited for its lock: every
   * live membership becomes `revoked` with `updatedAt`, one whose `expiresAt` is before `at` with a millisecond after that;
   * every invitation stored as `pending` whose `expiresAt` is not before `at` becomes `revoked` with `terminalAt` and
   * `terminalBy`; every tuple on the organization is deleted. The instants are raised to those a row already carries. The
   * numbers of those that had not lapsed are added to the data of the commit's event `org.revoked` as `memberships`,
   * `invitations` and `tuples`.
   */
  | { readonly op: "endEverything"; readonly orgId: OrgId; readonly at: Date; readonly by: UsrId | null }
  // Of the group `lifecycle`:
  /** One that the organization has already becomes this one. */
  | { readonly op: "putSuspension"; readonly row: Suspension }
  /** One that does not exist is no matter. */
  | { readonly op: "deleteSuspension"; readonly orgId: OrgId }
  // Of the group `domains`:
  | { readonly op: "insertDomain"; readonly row: Domain }
  /** Writes `state`, `token` and `verifiedAt`. */
  | { readonly op: "updateDomain"; readonly row: Domain }
  | { readonly op: "deleteDomain"; readonly orgId: OrgId; readonly domain: string }
  /** All of the organization. */
  | { readonly op: "deleteDomains"; readonly orgId: OrgId };

/** How many memberships are stored as live, and invitations as pending. Each store keeps both for every organization. */
export interface Occupancy {
  readonly members: number;
  readonly invitations: number;
}

/** What a commit expects of the organization. Every commit locks its row first and advances its version. */
export type OrgGuard = { readonly is: "new"; readonly id: OrgId } | ExistingOrg;

export interface ExistingOrg {
  readonly is: "existing";
  readonly id: OrgId;
  /** "Still active" where the commit only adds; `null` is any. */
  readonly status: Status | null;
  /** "Unchanged since it was read" where owners may become fewer; `null` is any. */
  readonly version: number | null;
  /** So many there are at most before the commit: there is room for what it adds. */
  readonly room?: Partial<Occupancy>;
  /** Its own fields as they were read: what the host made of them depends on nothing else. */
  readonly fields?: OrgFields;
}

/** No two states of an organization's own fields agree in these: a change of metadata always moves `updatedAt`. */
export type OrgFields = Pick<Organization, "name" | "slug" | "updatedAt">;

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
export function existing({ id }: Pick<Organization, "id">): ExistingOrg {
  return { is: "existing", id, status: null, version: null };
}

/** Still active: for what only adds. Waits for the organization's other writers, then proceeds. */
export function stillActive({ id }: Pick<Organization, "id">): ExistingOrg {
  return { is: "existing", id, status: "active", version: null };
}

/** Still in the state in which it was read: for what one of the states forbids. */
export function inState({ id, status }: Pick<Organization, "id" | "status">): ExistingOrg {
  return { is: "existing", id, status, version: null };
}

/** Unchanged since it was read: for whatever could make the owners fewer, and for what rests on more than single rows. */
export function unchanged({ id, version }: Pick<Organization, "id" | "version">): ExistingOrg {
  return { is: "existing", id, status: null, version };
}

/** What every commit of a store writes besides, by the groups that it keeps. */
export function changesOfGroups({ groups }: { readonly groups: readonly Group[] }): readonly Change[] {
  return groups.flatMap((group) => OF_GROUPS[group] ?? []);
}

const OF_GROUPS: { readonly [G in Group]?: readonly Change[] } = {
  relay: [{ op: "announce" }],
  audit: [{ op: "trace" }],
};

/** By how much changes raise what stores count. What `endEverything` ends is not in it. */
export function gained(changes: readonly Change[]): Occupancy {
  let [members, invitations] = [0, 0];
  for (const change of changes) {
    switch (change.op) {
      case "insertMembership":
        members += isLive(change.row.status);
        break;
      case "updateMembership":
        members += isLive(change.row.status) - isLive(change.expect.status);
        break;
      case "insertInvitation":
        invitations += isPending(change.row.status);
        break;
      case "updateInvitation":
        invitations += isPending(change.row.status) - isPending(change.expect.status);
        break;
    }
  }
  return { members, invitations };
}

const isLive = (status: Status): number => Number(status !== "revoked");
const isPending = (status: InvitationStatus): number => Number(status === "pending");

/** The expectation that a membership is as it was read. */
export function asRead({ status, updatedAt }: Membership): MembershipExpectation {
  return { status, updatedAt };
}

/** The expectation that an invitation is as it was read. */
export function asIssued({ expiresAt }: Invitation): InvitationExpectation {
  return { status: "pending", expiresAt };
}
