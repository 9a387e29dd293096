import type { EventType } from "../event.ts";
import type { OrgId } from "../model.ts";

// The bookkeeping of relays: which subscriptions there are, how far each has come in each organization, and what none of
// its attempts could deliver. No mutation of an organization: it touches rows of its own only, waits for no organization's
// lock, and goes by the database's clock.

/** Every event of the commit waits to be discovered by the relays. Twice is as good as once. */
export interface AnnounceChange {
  readonly op: "announce";
}

/** What a relay asks to be told of. */
export interface SubscriptionDraft {
  readonly id: string;
  /** The relay that serves it. */
  readonly relay: string;
  /** `null`: all organizations. */
  readonly orgId: OrgId | null;
  /** `null`: all types. */
  readonly types: readonly EventType[] | null;
  /** From the events on that are written from now on, or from the first ones that there are. */
  readonly from: "now" | "beginning";
  /** Where to, as the relay has it. Plain JSON. */
  readonly endpoint: unknown;
}

export interface Subscription extends SubscriptionDraft {
  /** 1, and one more with each change of `types` or `endpoint`. */
  readonly revision: number;
  readonly createdAt: Date;
  /** Since when no delivery has succeeded; `null`: the last one did. */
  readonly failingSince: Date | null;
  /** Since when and why nothing is delivered. What happens meanwhile is kept in mind. */
  readonly disabled: { readonly at: Date; readonly code: string } | null;
}

/** `null` where it is as it was. */
export interface SubscriptionChange {
  readonly id: string;
  /** The one that the change was made of. */
  readonly revision: number;
  readonly types?: readonly EventType[] | null;
  readonly endpoint?: unknown;
}

/** An organization that a relay has to itself, for one subscription, until the lease is over. */
export interface Lease {
  readonly subscription: Subscription;
  readonly orgId: OrgId;
  /** The last event that was delivered or passed over. */
  readonly seq: number;
  /** The last event that is known. */
  readonly head: number;
  /** How often the next one was tried. */
  readonly attempts: number;
  /** A single event that is to be delivered again: that behind `seq`, and nothing else. */
  readonly isAgain: boolean;
}

/** Whose lease it is. One that is over, and was taken by nobody else, is still one's own. */
export interface Held {
  readonly subscription: string;
  readonly orgId: OrgId;
  readonly holder: string;
}

/** An event that was given up for a subscription. */
export interface DeadRef {
  readonly orgId: OrgId;
  readonly seq: number;
  readonly subscription: string;
}

export interface DeadEvent extends DeadRef {
  readonly code: string;
  readonly attempts: number;
  readonly at: Date;
  /** Whether the events behind it wait for what becomes of it. */
  readonly isBlocking: boolean;
}

export interface Lag {
  /** Since when the oldest event waits that is neither delivered nor given up; `null`: none waits. */
  readonly oldest: Date | null;
  /** By the database's clock. */
  readonly seconds: number;
  /** Events that were given up. */
  readonly parked: number;
  /** Those of them that hold their organization. */
  readonly blocked: number;
}

export interface RelayPort {
  /** Makes the subscription, unless there is one of its id; answers the one that there is. */
  subscribe(draft: SubscriptionDraft): Promise<Subscription>;
  subscription(id: string): Promise<Subscription | null>;
  /** Of a relay, ascending by id. `orgId`: those of this organization alone; `null`: all. */
  subscriptions(asked: {
    readonly relay: string;
    readonly orgId: OrgId | null;
    readonly after: string | null;
    readonly take: number;
  }): Promise<readonly Subscription[]>;
  /** Ends its leases: whoever has one goes by what was before. `false`: it is not of this revision any more. */
  change(change: SubscriptionChange): Promise<boolean>;
  /** Delivers nothing more, and says why; `null`: delivers again, from where it stopped. `false`: there is none. */
  disable(id: string, code: string | null): Promise<boolean>;
  /** With all that is known of it. `false`: there was none. */
  unsubscribe(id: string): Promise<boolean>;

  /**
   * Takes at most so many events, up to 500, out of the outbox, and lets every subscription know how far their organizations have come.
   * Answers how many it took; 0 also while another one discovers.
   */
  discover(take: number): Promise<number>;
  /**
   * Leases organizations, at most so many, up to 100, in which there is something to deliver; those first that wait longest.
   * Besides them as many events that are to be delivered again, of subscriptions that are not switched off.
   */
  lease(asked: {
    readonly relay: string;
    readonly holder: string;
    readonly seconds: number;
    readonly take: number;
  }): Promise<readonly Lease[]>;
  /**
   * Everything up to `seq` is done. `seconds`: how long the lease goes on; `null`: it is given back. `false`: it is not one's
   * own any more, and nothing changed; so with the next two.
   */
  advance(held: Held & { readonly seq: number; readonly seconds: number | null }): Promise<boolean>;
  /** The event behind `seq` was tried so often without success; the lease is given back, and nobody has another until then. */
  fail(held: Held & { readonly seq: number; readonly attempts: number; readonly seconds: number }): Promise<boolean>;
  /**
   * Gives up the event `seq`. The lease goes on with the next one, or, where it blocks, the organization is held; `seconds` as
   * for `advance`.
   */
  park(
    held: Held & {
      readonly seq: number;
      readonly code: string;
      readonly attempts: number;
      readonly isBlocking: boolean;
      readonly seconds: number | null;
    },
  ): Promise<boolean>;
  /** What became of an event that was to be delivered again; `code: null`: it was. */
  settleAgain(held: Held & { readonly seq: number; readonly code: string | null }): Promise<boolean>;
  /** Whether deliveries of a subscription fail. Answers since when they have. */
  failing(id: string, isFailing: boolean): Promise<Date | null>;

  /** Moves a subscription in an organization, either way, and ends a lease. `false`: there is no such organization or subscription. */
  seek(asked: { readonly subscription: string; readonly orgId: OrgId; readonly seq: number }): Promise<boolean>;
  /** An event that was given up is to be delivered again. `false`: it was not given up. */
  redeliver(dead: DeadRef): Promise<boolean>;
  /** Forgets an event that was given up; where it blocks, the next one follows. `false`: it was not given up. */
  discard(dead: DeadRef): Promise<boolean>;
  /** What was given up for a subscription, ascending by organization and `seq`. */
  dead(asked: {
    readonly subscription: string;
    readonly after: Omit<DeadRef, "subscription"> | null;
    readonly take: number;
  }): Promise<readonly DeadEvent[]>;
  lag(relay: string): Promise<Lag>;
}
