import type { PlacementEventData } from "./groups/placement.ts";
import type { SettingEventData } from "./groups/setting.ts";
import type { SuspensionKind } from "./groups/suspension.ts";
import type { InvId, MemId, OrgId, Role, Status, UsrId } from "./model.ts";

/**
 * What each event says. Plain JSON; instants are ISO 8601 strings in UTC. Ids, roles, statuses, names, keys of metadata and values
 * of settings as far as they admit it; no identifier and no value of metadata.
 */
export interface EventData extends SettingEventData, PlacementEventData {
  "org.created": {
    readonly name: string | null;
    readonly slug: string | null;
    readonly memId: MemId;
    readonly usrId: UsrId;
  };
  /** The changed fields only. */
  "org.updated": {
    readonly changes: {
      readonly name?: FieldChange;
      readonly slug?: FieldChange;
      readonly metadata?: readonly string[];
    };
  };
  /** What was said of it, as far as something was. */
  "org.suspended": { readonly kind?: SuspensionKind; readonly reason?: string; readonly dueAt?: string };
  "org.reinstated": Record<never, never>;
  /** `slug` is the one that became free; the numbers count what was ended with the organization. */
  "org.revoked": {
    readonly from: Status;
    readonly slug: string | null;
    readonly memberships: number;
    readonly invitations: number;
    readonly tuples: number;
  };
  /** Of one that was suspended already: it is to be revoked from `dueAt` on. */
  "org.deletion_scheduled": {
    readonly kind: SuspensionKind;
    readonly reason: string | null;
    readonly dueAt: string;
  };
  "domain.added": { readonly domain: string };
  "domain.verified": { readonly domain: string };
  "domain.removed": { readonly domain: string };
  /** Somebody entered who is no member; the actor is who. */
  "operator.entered": { readonly reason: string };
  "membership.added": MemberFacts & Arrival & { readonly invitedBy: UsrId | null };
  /** The changed fields only; of metadata the keys that changed. */
  "membership.updated": MemberFacts & {
    readonly changes: { readonly metadata?: readonly string[]; readonly expiresAt?: FieldChange };
  };
  "membership.role_changed": Link & { readonly usrId: UsrId; readonly from: Role; readonly to: Role };
  "membership.suspended": MemberFacts;
  "membership.reinstated": MemberFacts;
  "membership.left": MemberFacts & { readonly from: Status; readonly transfer: Promotion | null };
  "membership.removed": MemberFacts & { readonly from: Status; readonly removedBy: UsrId };
  /** What a user lost besides a role. */
  "grants.removed": { readonly usrId: UsrId; readonly tuples: readonly GrantFacts[] };
  /** What a sweep wrote down: these lapsed before. */
  "membership.expired": {
    readonly memberships: readonly (MemberFacts & { readonly from: Status; readonly expiresAt: string })[];
  };
  "ownership.transferred": { readonly from: Link & { readonly usrId: UsrId }; readonly to: Promotion };
  "invitation.created": {
    readonly invId: InvId;
    readonly role: Role;
    readonly invitedBy: UsrId;
    readonly expiresAt: string;
    readonly preTuples: readonly GrantFacts[];
    readonly membershipExpiresAt: string | null;
    readonly replaced: readonly InvId[];
  };
  /** `from` and `to` are expiries. */
  "invitation.resent": {
    readonly invId: InvId;
    readonly from: string;
    readonly to: string;
    readonly adminUsrId: UsrId;
  };
  "invitation.accepted": MemberFacts &
    Arrival & {
      readonly invId: InvId;
      readonly invitedBy: UsrId;
      readonly minted: boolean;
      readonly tuples: readonly GrantFacts[];
    };
  "invitation.declined": { readonly invId: InvId; readonly usrId: UsrId | null };
  "invitation.revoked": { readonly invId: InvId; readonly adminUsrId: UsrId };
  /** What a sweep wrote down: these lapsed before. */
  "invitation.expired": { readonly invIds: readonly InvId[] };
  /** What a sweep wrote down: these lapsed before. */
  "grant.expired": {
    readonly tuples: readonly (Omit<GrantFacts, "expiresAt"> & { readonly usrId: UsrId; readonly expiresAt: string })[];
  };
}

interface FieldChange {
  readonly from: string | null;
  readonly to: string | null;
}
interface MemberFacts {
  readonly memId: MemId;
  readonly usrId: UsrId;
  readonly role: Role;
}
/** `expired`: the user's membership before, which had lapsed, and whose end was written down in passing. */
interface Arrival {
  readonly expiresAt: string | null;
  readonly expired: MemId | null;
}
interface GrantFacts {
  readonly relation: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly expiresAt: string | null;
}
interface Link {
  readonly memId: MemId;
  readonly replaces: MemId;
}
/** How somebody became owner; `replaces: null` if they were one already and `memId` stands as it was. */
interface Promotion {
  readonly memId: MemId;
  readonly replaces: MemId | null;
  readonly usrId: UsrId;
  readonly fromRole: Role;
}

export type EventType = keyof EventData;

const described: { readonly [T in EventType]: true } = {
  "org.created": true,
  "org.updated": true,
  "org.suspended": true,
  "org.reinstated": true,
  "org.revoked": true,
  "org.deletion_scheduled": true,
  "domain.added": true,
  "domain.verified": true,
  "domain.removed": true,
  "operator.entered": true,
  "membership.added": true,
  "membership.updated": true,
  "membership.role_changed": true,
  "membership.suspended": true,
  "membership.reinstated": true,
  "membership.left": true,
  "membership.removed": true,
  "grants.removed": true,
  "membership.expired": true,
  "ownership.transferred": true,
  "invitation.created": true,
  "invitation.resent": true,
  "invitation.accepted": true,
  "invitation.declined": true,
  "invitation.revoked": true,
  "invitation.expired": true,
  "grant.expired": true,
  "tenant.provisioned": true,
  "tenant.provisioning_failed": true,
  "tenant.deprovisioned": true,
  "tenant.paused": true,
  "tenant.resumed": true,
  "tenant.moved": true,
  "setting.changed": true,
  "setting.unset": true,
};

/** Every type of event. */
export const EVENT_TYPES: readonly EventType[] = Object.freeze(Object.keys(described)) as readonly EventType[];

/** What a decision says about its event. The store adds the organization, the sequence number and the counts. */
export type EventDraft<T extends EventType = EventType> = {
  readonly [K in T]: {
    readonly type: K;
    readonly data: K extends "org.revoked"
      ? Omit<EventData[K], "memberships" | "invitations" | "tuples">
      : EventData[K];
    /** What subscribers of this process hear in place of `data`: they may know what is not kept. No store keeps it. */
    readonly heard?: EventData[K];
  };
}[T];

/** The record of one accepted mutation. `(orgId, seq)` identifies it; `seq` runs 1, 2, 3 … without gaps. */
export type TenancyEvent<T extends EventType = EventType> = {
  readonly [K in T]: {
    readonly orgId: OrgId;
    /** The organization's version after the mutation. */
    readonly seq: number;
    readonly type: K;
    /** The time of the mutation. Not an order: it may repeat. */
    readonly at: Date;
    readonly actor: UsrId | null;
    /** The caller's own key; `null` where the library made one. */
    readonly idempotencyKey: string | null;
    readonly data: EventData[K];
  };
}[T];

/** A part of an organization's events, in the order of `seq`. */
export interface EventsPage {
  readonly data: readonly TenancyEvent[];
  /** Everything up to here was looked at: the next `after`, also where no event matched. */
  readonly lastSeq: number;
  /** Whether others that match followed in the snapshot of this part. */
  readonly hasMore: boolean;
}

/** Which events of an organization are asked for. */
export interface EventFilter {
  /** `null` is any, types that this version does not know included. */
  readonly types: readonly EventType[] | null;
  readonly actor: UsrId | null;
}
