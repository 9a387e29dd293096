import type { EventType, OrgId, Page, PageOptions, TenancyEvent } from "@tenantry/core";
import { eventTypesArgument } from "@tenantry/core/extend";
import {
  budgetArgument,
  type DeadLetter,
  type DeadRef,
  deadArgument,
  deadLetters,
  healthOf,
  type RelayHealth,
  type RelayLag,
  type RelayStore,
  type RelayTuning,
  relayOf,
  seek,
  settled,
  TUNING,
  tuned,
} from "./bookkeeping.ts";
import { Engine, type RelayReport, told } from "./engine.ts";
import { Checks } from "./options.ts";

export type { DeadLetter, DeadRef, RelayHealth, RelayLag, RelayStore, RelayTuning } from "./bookkeeping.ts";
export { DeliveryFailed } from "./delivery.ts";
export type { RelayReport } from "./engine.ts";
export type { Log, LogEntry } from "./log.ts";
export type { Timers } from "./timers.ts";

export interface RelayOptions extends RelayTuning {
  readonly store: RelayStore;
  /** 1 to 64 characters `a-z A-Z 0-9 _ . -`. Relays of one name share the work, in whatever process they are. */
  readonly name: string;
  /** Default: all. What is of another type is passed over. */
  readonly types?: readonly EventType[];
  /** Where a relay begins that was never there before. Default: `now`. */
  readonly from?: "now" | "beginning";
  /** Succeeds when the event is safe; what it throws is tried again later. `attempt`: 1 is the first. */
  deliver(event: TenancyEvent, context: { readonly attempt: number; readonly signal: AbortSignal }): Promise<void>;
  /** `park` goes on with the next event, `block` holds the organization. Default: `park`. */
  readonly onExhausted?: "park" | "block";
}

/**
 * Delivers events at least once, in the order of `seq` within an organization, and can be resumed. Any number may run at once:
 * one organization is with one of them at a time. One that is stalled beyond its lease may repeat an old event late, so
 * keep the highest `seq` of each organization. All throw `UnavailableError`.
 */
export interface Relay {
  /** Works until it is stopped. What goes wrong is reported to the log, and tried again. */
  start(): void;
  /** Resolves when what is under way has ended, at most the time of a lease later. */
  stop(): Promise<void>;
  /** Works until nothing is due, or for so long, and then lets what is under way end: for cron jobs and edge runtimes. */
  runOnce(options: { readonly budgetMs: number }): Promise<RelayReport>;
  /** What follows `seq` is delivered next, be it for the second time. Throws `not_found`. */
  seek(org: OrgId, seq: number): Promise<void>;
  /** Delivers an event once more that was given up; where it blocks, what follows goes on behind it. Throws `not_found`. */
  redeliver(dead: DeadRef): Promise<void>;
  /** Forgets an event that was given up; where it blocks, the next one follows. Throws `not_found`. */
  discard(dead: DeadRef): Promise<void>;
  /** What was given up, by organization and `seq`. */
  dead(page?: PageOptions): Promise<Page<DeadLetter>>;
  lag(): Promise<RelayLag>;
  readonly health: RelayHealth;
}

/**
 * A relay over a store that keeps the group `relay`. Throws `ConfigError` `config.invalid`, `config.capability_missing`,
 * `PreconditionError` `precondition.invalid_input` for an unknown type.
 */
export function createRelay(options: RelayOptions): Relay {
  const checks = new Checks(options, [...TUNING, "store", "name", "types", "from", "deliver", "onExhausted"]);
  const name = checks.name("name");
  const from = checks.oneOf("from", ["now", "beginning"], "now");
  const onExhausted = checks.oneOf("onExhausted", ["park", "block"], "park");
  const deliver = checks.function<RelayOptions["deliver"]>("deliver");
  const settings = tuned(checks, onExhausted);
  const healthySeconds = checks.integer("healthySeconds", 300, 1, 86_400 * 365);
  checks.done();
  const types = eventTypesArgument(checks.get("types"));
  const { store } = options;
  const { port, bookkeeping, clock } = relayOf(store);
  const relay = `relay:${name}`;
  const parts = {
    source: "relay",
    relay,
    port,
    bookkeeping,
    types,
    prepare: async () => {
      await bookkeeping.subscribe({ id: relay, relay, orgId: null, types: null, from, endpoint: null });
    },
    deliver: (event: TenancyEvent, _: unknown, { attempt, signal }: Parameters<RelayOptions["deliver"]>[1]) =>
      deliver(event, { attempt, signal }),
    listen: (wake: () => void) => store.subscribe(wake),
  };
  const engine = new Engine(parts, { ...settings, clock: settings.clock ?? clock });
  const which = (dead: unknown): DeadRef & { readonly subscription: string } => ({
    ...deadArgument(dead),
    subscription: relay,
  });
  return {
    start: () => engine.start(),
    stop: () => engine.stop(),
    runOnce: (run) => engine.runOnce(budgetArgument(run)),
    seek: (org, seq) => seek(bookkeeping, parts.prepare, { subscription: relay, orgId: org, seq }),
    redeliver: (dead) => settled(which(dead), (ref) => bookkeeping.redeliver(ref)),
    discard: (dead) => settled(which(dead), (ref) => bookkeeping.discard(ref)),
    dead: (page) => deadLetters(bookkeeping, relay, page),
    lag: () => told(() => bookkeeping.lag(relay)),
    health: healthOf(() => told(() => bookkeeping.lag(relay)), healthySeconds),
  };
}
