import type { Change, Occupancy, OrgGuard } from "./change.ts";
import type { EventData, EventDraft, TenancyEvent } from "./event.ts";
import type { AuditPort } from "./groups/audit.ts";
import type { PlacementPort, StoredPlacement } from "./groups/placement.ts";
import type { RelayPort } from "./groups/relay.ts";
import type { StoredSetting } from "./groups/setting.ts";
import type { Group } from "./groups.ts";
import type { InvId, Invitation, Membership, Organization, OrgId, Tuple, UsrId } from "./model.ts";
import type { AnswersTo, KeyUse, Plan } from "./read.ts";
import type { UnavailableCode } from "./rejections.ts";

/** What a store can and cannot do. The conformance suite reads it: where something is absent its refusal is tested. */
export interface Capabilities {
  /** Several sessions can be at work at once, so races can be provoked. */
  readonly concurrentSessions: boolean;
  /** The host's users table can be linked, so that an unknown user is refused. */
  readonly usersLink: boolean;
  /** A store can be given a connection inside the host's transaction, and takes part in it. */
  readonly hostTransactions: boolean;
  /** Of a port the groups of tables that it can keep, of a store those that it keeps; left out: none. */
  readonly groups?: readonly Group[];
}

/** What a store is told of the call that it runs inside the host's transaction. */
export interface JoinedCall {
  /** The method's name. */
  readonly operation: string;
  readonly isMutation: boolean;
}

/** Where a key lives: the organization's id, or the creator's before there is one. */
export interface KeyAddress {
  readonly scope: OrgId | UsrId;
  readonly key: string;
}

/** The use of an idempotency key, stored in the commit it stands for. */
export interface KeyClaim extends KeyAddress {
  readonly operation: string;
  /** A digest of the operation and its input. */
  readonly fingerprint: string;
  /** The result, for replays. What `JSON.stringify` makes of it is all that has to be kept. */
  readonly result: unknown;
}

/** What a store keeps of a mutation besides its rows; the organization and the sequence number it adds itself. */
export type CommittedEvent = EventDraft & {
  readonly at: Date;
  readonly actor: UsrId | null;
  readonly idempotencyKey: string | null;
};

/** Everything that becomes true at once, or not at all. */
export interface Commit {
  readonly org: OrgGuard;
  readonly changes: readonly Change[];
  /** What happened, in order, at least one. Each advances the organization's version by one, which is its `seq`. */
  readonly events: readonly CommittedEvent[];
  /** `event`: the place of the event that the key stands for. */
  readonly keys: readonly (KeyClaim & { readonly event: number })[];
}

/**
 * `seq`: of the last event, and so the organization's version now. `ended`: how many rows of each kind ended, where the
 * commit ended everything of the organization; that completes the data of its event.
 */
export interface Committed {
  readonly outcome: "committed";
  readonly seq: number;
  readonly ended?: Ended;
}

/** The counts of `org.revoked`. */
export type Ended = Pick<EventData["org.revoked"], "memberships" | "invitations" | "tuples">;

/**
 * `conflict`: an expectation no longer holds, or a unique rule of the database fired, named by `constraint`.
 * Nothing was written then, nor where a user is unknown to the host's linked table.
 */
export type CommitOutcome =
  | Committed
  | { readonly outcome: "conflict"; readonly constraint: string | null }
  | { readonly outcome: "unknown_user" };

/**
 * What a database has to offer. A store answers questions and applies changes; it contains no rule.
 * Whatever goes wrong below it is thrown as a {@link StoreFault}, never as a driver's error.
 */
export interface StorePort extends Access {
  readonly capabilities: Capabilities;
  /** Whether a commit is a round trip, so that several of one organization at the same time are worth gathering into one. */
  readonly isRemote: boolean;
  /**
   * Runs the whole of one call, from its first look to its last commit. Present where the store may have been given a
   * connection inside the host's transaction: then the call is a part of that. What it wrote is undone if it fails, the
   * host's own work before it is not, and the transaction can be used on. `access` never throws `indeterminate` there. It
   * is `null` while no transaction is open: then the call is made by itself, through the port.
   */
  join?<T>(call: JoinedCall, work: (access: Access | null) => Promise<T>): Promise<T>;
  /**
   * Works while it holds the organization's lock, so that nobody else commits to it in between: for a call that has lost
   * several races. Present where a transaction can be held open. What `work` has committed is true once this returns. Throws
   * a {@link StoreFault} where it cannot begin or end, `indeterminate` once its end was in flight.
   */
  hold?(orgId: OrgId, work: (access: Access) => Promise<CommitOutcome>): Promise<CommitOutcome>;
  /**
   * Settles an attempt whose outcome is unknown: answers what the key was used for, after making sure that, if it was
   * not used, no commit with it can take effect any more (`fenced`). Throws a retryable fault while the attempt is open.
   */
  settle(address: KeyAddress): Promise<KeyUse>;
  /** The bookkeeping of relays, where the port can keep the group `relay`. */
  readonly relay?: RelayPort;
  /** The upkeep of events, where the port can keep the group `audit`. */
  readonly audit?: AuditPort;
  /** The bookkeeping of places, where the port can keep the group `placement`. */
  readonly placement?: PlacementPort;
}

/** Reads and writes. */
export interface Access {
  /** Answers all reads of the plan from one consistent snapshot, in one round trip, without taking a lock. */
  load<P extends Plan>(plan: P): Promise<AnswersTo<P>>;
  /**
   * Applies everything or nothing, in one round trip. The organization's version advances by the number of events.
   * Waits for other writers of the organization, then checks what is expected against the rows as they are now.
   */
  commit(commit: Commit): Promise<CommitOutcome>;
}

/** What happened below, and so what may be done about it. */
export type FaultKind =
  /** Certainly nothing was committed, and another attempt may succeed: deadlock, serialization, a lock not granted. */
  | "contention"
  /** Certainly nothing was committed, and another attempt may succeed: a connection lost before a commit was sent. */
  | "retryable"
  /** Certainly nothing was committed; another attempt now is pointless. */
  | "unavailable"
  /** A commit was in flight. It may have taken effect, or take effect later. */
  | "indeterminate"
  /** A defect of ours or damaged data; nothing was committed. */
  | "bug";

/** The one class of error a store throws. `code` says which `UnavailableError` it becomes if attempts run out. */
export class StoreFault extends Error {
  override readonly name = "StoreFault";
  readonly kind: FaultKind;
  readonly code: UnavailableCode;

  constructor(kind: FaultKind, options: { readonly code?: UnavailableCode; readonly cause?: unknown } = {}) {
    super(kind, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = options.code ?? "unavailable.connection";
  }
}

/** Everything a store holds, for tests and for looking at it; rows ascending by id, events by organization and `seq`. */
export interface Tables {
  readonly org: readonly Organization[];
  readonly mem: readonly (Membership & { readonly invId: InvId | null })[];
  readonly inv: readonly Invitation[];
  /** By subject, object type, object id and relation, in the order of Unicode code points. */
  readonly tup: readonly Tuple[];
  readonly evt: readonly TenancyEvent[];
  /** By scope and key. */
  readonly idem: readonly (KeyAddress & {
    readonly state: KeyUse["state"];
    readonly orgId: OrgId | null;
    readonly seq: number | null;
  })[];
  /** By organization and key, where the store keeps the group `settings`. */
  readonly setting?: readonly (StoredSetting & { readonly orgId: OrgId })[];
  /** By organization, where the store keeps the group `placement`; who works on them is not of the row. */
  readonly placement?: readonly Omit<StoredPlacement, "heldBy">[];
  /** How many live memberships and pending invitations each organization has, where the store keeps such numbers. */
  readonly counts?: readonly (Occupancy & { readonly orgId: OrgId })[];
}
