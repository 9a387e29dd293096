import type { EventFilter, TenancyEvent } from "../event.ts";
import type { OrgId, UsrId } from "../model.ts";

// The group `audit`: what finds events by what they are about, by who caused them, and by when.

/** Every event of the commit is found by what `tracesOf` says it is about. Twice is as good as once. */
export interface TraceChange {
  readonly op: "trace";
}

/** A place in an audit: behind the event of a number; where events are read by time, that of this time too. */
export interface AuditPlace {
  readonly at: Date;
  readonly seq: number;
}

export interface AuditFilter extends EventFilter {
  /** What an event is about, as `tracesOf` has it. */
  readonly entity: string | null;
  /** `at >= from` */
  readonly from: Date | null;
  /** `at < to` */
  readonly to: Date | null;
}

/** What events tell of an entity; `null` where they tell nothing of the kind. */
export interface EntityHistory {
  readonly entity: string;
  /** The first and the last event that changed it, its end and its return among them. */
  readonly first: TenancyEvent;
  readonly last: TenancyEvent;
  /** The last event that ended it, and the last that took an end back. */
  readonly ended: TenancyEvent | null;
  readonly restored: TenancyEvent | null;
  /** The event that ended the organization that it belongs to. */
  readonly closed: TenancyEvent | null;
}

export interface AuditQuestions {
  /**
   * Events of an organization, ascending by `seq` or descending; by `at` and `seq` where a time and no entity is asked for.
   * `after`: those behind it in that direction.
   */
  auditTrail: {
    readonly orgId: OrgId;
    readonly where: AuditFilter;
    readonly after: AuditPlace | null;
    readonly take: number;
    readonly newestFirst: boolean;
  };
  /** Events of an actor in all organizations, by `at`, `orgId` and `seq`, in either direction. */
  eventsOfActor: {
    readonly actor: UsrId;
    readonly after: (AuditPlace & { readonly orgId: OrgId }) | null;
    readonly take: number;
    readonly newestFirst: boolean;
  };
  /** Those of these entities that events tell of, in any order. */
  entityHistories: { readonly entities: readonly string[] };
}

export interface AuditAnswers {
  auditTrail: readonly TenancyEvent[];
  eventsOfActor: readonly TenancyEvent[];
  entityHistories: readonly EntityHistory[];
}

export interface AuditPort {
  /**
   * Deletes the oldest events of each organization as long as they are from before an instant and, where the group `relay` is
   * kept, delivered and not given up. At most so many of one organization, of at most so many organizations behind `after`.
   */
  prune(asked: {
    readonly before: Date;
    readonly after: OrgId | null;
    readonly orgs: number;
    readonly take: number;
    readonly keepsUndelivered: boolean;
  }): Promise<{
    readonly removed: number;
    /** The last organization that was looked at; `null`: there are no more. */
    readonly last: OrgId | null;
    /** Whether some of those organizations may have more to delete. */
    readonly hasMore: boolean;
  }>;
}
