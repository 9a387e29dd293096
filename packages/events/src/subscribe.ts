import type { EventType, OrgId, TenancyEvent } from "@tenantry/core";
import { fields } from "@tenantry/core/extend";
import { type Log, report } from "./log.ts";
import { Checks } from "./options.ts";
import type { Timers } from "./timers.ts";

export interface EventsOptions {
  /** A store, or whatever else tells of its events as a store does. */
  readonly store: EventSource;
  /** Told of handlers that throw, reject or do not end. Default: nobody. */
  readonly log?: Log;
  /** How long a handler may take until it is reported; it is not ended. Default 30. */
  readonly hangSeconds?: number;
  readonly timers?: Timers;
}

/** What is called of a store. */
export interface EventSource {
  subscribe(
    handler: (event: TenancyEvent) => unknown,
    options?: {
      readonly types?: readonly EventType[];
      readonly orgs?: readonly OrgId[];
      readonly onError?: (error: unknown, event: TenancyEvent) => void;
    },
  ): () => void;
}

/** Which events a handler is told of. */
export interface SubscribeFilter<T extends EventType = EventType> {
  /** Only these types. Default: all. */
  readonly types?: readonly T[];
  /** Only these organizations, at most 10,000. Default: all. */
  readonly orgs?: readonly OrgId[];
}

export interface Events {
  /**
   * Tells a handler of what this store commits in this process: after the commit, in the order of `seq` within an
   * organization, each event at most once. What a handler throws, and that it hangs, goes to the log, and harms neither the
   * mutation nor other handlers. Answers what ends it. For what must not be lost there is the relay. Nothing is told of the
   * host's own transactions. Throws `PreconditionError` `precondition.invalid_input` for an unknown type or no function.
   */
  subscribe<T extends EventType = EventType>(
    filter: SubscribeFilter<T>,
    handler: (event: TenancyEvent<T>) => unknown,
  ): () => void;
}

/** A handler took longer than it may. It may still end. */
export class HandlerHangs extends Error {
  override readonly name = "HandlerHangs";
}

/** Subscriptions whose failures are reported. Throws `ConfigError` `config.invalid`. */
export function createEvents(options: EventsOptions): Events {
  const checks = new Checks(options, ["store", "log", "hangSeconds", "timers"]);
  const log = checks.optionalFunction<Log>("log");
  const timers = checks.timers("timers");
  const patience = checks.integer("hangSeconds", 30, 1, 86_400) * 1000;
  const store = checks.get("store") as EventSource | undefined;
  if (typeof store?.subscribe !== "function") {
    checks.fault("store", "a store");
  }
  checks.done();
  const source = store as EventSource;

  return {
    subscribe(filter, handler) {
      const { types, orgs } = fields(filter ?? {}, ["types", "orgs"]);
      const told = (cause: unknown, event: TenancyEvent): void =>
        report(log, { source: "subscribe", cause, event: placeOf(event) });
      return source.subscribe(
        typeof handler === "function" ? (event) => watched(event, handler as Handler, told) : (handler as never),
        { types, orgs, onError: told } as never,
      );
    },
  };

  /** Nobody waits for a handler but this. */
  async function watched(event: TenancyEvent, handler: Handler, told: (cause: unknown, event: TenancyEvent) => void) {
    const late = timers.set(() => told(new HandlerHangs("a handler hangs"), event), patience);
    try {
      await handler(event);
    } finally {
      timers.clear(late);
    }
  }
}

type Handler = (event: TenancyEvent) => unknown;

export function placeOf({ orgId, seq, type }: TenancyEvent): {
  readonly orgId: string;
  readonly seq: number;
  readonly type: string;
} {
  return { orgId, seq, type };
}
