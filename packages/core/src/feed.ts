import { errorFor } from "./errors.ts";
import type { EventType, TenancyEvent } from "./event.ts";
import { fields } from "./input.ts";
import { detached } from "./json.ts";
import { eventTypesArgument, orgsArgument } from "./list-input.ts";
import type { OrgId } from "./model.ts";
import type { Access, CommitOutcome, StorePort } from "./store.ts";
import { eventsWritten } from "./written.ts";

/** Which events a handler is told of, and who is told if it fails. */
export interface SubscribeOptions<T extends EventType = EventType> {
  /** Only these types. Default: all. */
  readonly types?: readonly T[];
  /** Only these organizations, at most 10,000. Default: all. */
  readonly orgs?: readonly OrgId[];
  /**
   * Gets what the handler threw or rejected with. Default: it becomes an unhandled rejection, like that of any promise that
   * nobody waits for; so does what this throws itself.
   */
  readonly onError?: (error: unknown, event: TenancyEvent<T>) => void;
}

/** Told of one event after another. Nobody waits for what it returns, but a rejection is an error of the handler. */
export type EventHandler<T extends EventType = EventType> = (event: TenancyEvent<T>) => unknown;

interface Subscriber {
  readonly handler: EventHandler;
  readonly onError: SubscribeOptions["onError"];
  readonly types: ReadonlySet<EventType> | null;
  readonly orgs: ReadonlySet<OrgId> | null;
}

/** Everybody who wants to be told what was committed here, after it was. */
export class Feed {
  readonly #subscribers = new Set<Subscriber>();

  get isHeard(): boolean {
    return this.#subscribers.size > 0;
  }

  subscribe(handler: unknown, options: unknown = {}): () => void {
    const { types, orgs, onError } = fields(options, ["types", "orgs", "onError"]);
    const named = eventTypesArgument(types);
    const within = orgsArgument(orgs);
    const subscriber: Subscriber = {
      handler: functionArgument<EventHandler>(handler, null),
      onError: onError === undefined ? undefined : functionArgument(onError, "onError"),
      types: named === null ? null : new Set(named),
      orgs: within === null ? null : new Set(within),
    };
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  }

  tell(events: readonly TenancyEvent[]): void {
    for (const event of events) {
      // Those who subscribe meanwhile hear what is committed from then on; those who end it hear nothing more.
      for (const subscriber of [...this.#subscribers]) {
        if (this.#subscribers.has(subscriber) && concerns(event, subscriber)) {
          tellOne(event, subscriber);
        }
      }
    }
  }
}

function concerns({ type, orgId }: TenancyEvent, { types, orgs }: Subscriber): boolean {
  return (types?.has(type) ?? true) && (orgs?.has(orgId) ?? true);
}

/** Whatever a handler does reaches neither the mutation nor the other handlers. */
function tellOne(event: TenancyEvent, { handler, onError }: Subscriber): void {
  const own = detached(event);
  void (async () => handler(own))().catch(
    onError === undefined
      ? undefined
      : (error: unknown) => {
          onError(error, own);
        },
  );
}

function functionArgument<F>(value: unknown, key: string | null): F {
  if (typeof value !== "function") {
    throw errorFor("precondition.invalid_input", { key });
  }
  return value as F;
}

/** What was committed and is not told yet. */
interface Untold {
  /** Of its first event. */
  readonly seq: number;
  readonly events: readonly TenancyEvent[];
  /** Of those under way, the ones that may turn out to be earlier. */
  readonly behind: Set<object>;
}

/** What one organization has under way and untold. */
interface Line {
  readonly underWay: Set<object>;
  readonly untold: Untold[];
}

/** What came of some work, and what it wrote. */
interface Done {
  readonly outcome: CommitOutcome;
  readonly events: readonly TenancyEvent[];
}

/**
 * A store whose commits are told to a feed: once they are true, before whoever made them gets the result, and in the order
 * of `seq` within each organization. A commit that begins after another one has ended is later than that one; so events
 * wait for just those commits of their organization that were under way when their own ended.
 */
export function toldTo(feed: Feed, port: StorePort): StorePort {
  const lines = new Map<OrgId, Line>();

  async function inLine(orgId: OrgId, work: () => Promise<Done>): Promise<CommitOutcome> {
    const line = lines.get(orgId) ?? { underWay: new Set(), untold: [] };
    lines.set(orgId, line);
    const own = {};
    line.underWay.add(own);
    let events: readonly TenancyEvent[] = [];
    try {
      const done = await work();
      events = done.events;
      return done.outcome;
    } finally {
      line.underWay.delete(own);
      if (line.underWay.size === 0) {
        lines.delete(orgId);
      }
      feed.tell(ready(line, own, events));
    }
  }

  const { join, hold, relay, audit, placement } = port;
  return {
    capabilities: port.capabilities,
    isRemote: port.isRemote,
    load: (plan) => port.load(plan),
    settle: (address) => port.settle(address),
    commit(commit) {
      return feed.isHeard
        ? inLine(commit.org.id, async () => {
            const outcome = await port.commit(commit);
            return { outcome, events: eventsWritten(commit, outcome, true) };
          })
        : port.commit(commit);
    },
    ...(relay === undefined ? {} : { relay }),
    ...(audit === undefined ? {} : { audit }),
    ...(placement === undefined ? {} : { placement }),
    // Inside the host's transaction nothing is true before the host commits, and then nobody is there to tell it.
    ...(join === undefined ? {} : { join: join.bind(port) as NonNullable<StorePort["join"]> }),
    ...(hold === undefined
      ? {}
      : {
          hold: (orgId, work) =>
            feed.isHeard ? inLine(orgId, () => held(hold.bind(port), orgId, work)) : hold.call(port, orgId, work),
        }),
  };
}

/** What was written under the lock is true once that is over. */
async function held(
  hold: NonNullable<StorePort["hold"]>,
  orgId: OrgId,
  work: (access: Access) => Promise<CommitOutcome>,
): Promise<Done> {
  let events: readonly TenancyEvent[] = [];
  const outcome = await hold(orgId, (access) =>
    work({
      load: (plan) => access.load(plan),
      async commit(commit) {
        const inside = await access.commit(commit);
        events = eventsWritten(commit, inside, true);
        return inside;
      },
    }),
  );
  return { outcome, events: outcome.outcome === "committed" ? events : [] };
}

/** What can be told now that one commit has ended: everything that waits for no other one, the earliest first. */
function ready({ underWay, untold }: Line, own: object, events: readonly TenancyEvent[]): readonly TenancyEvent[] {
  for (const { behind } of untold) {
    behind.delete(own);
  }
  const [first] = events;
  if (first !== undefined) {
    const place = untold.findLastIndex(({ seq }) => seq < first.seq) + 1;
    // What began after a later one had ended is later still.
    const next = untold[place];
    const behind = [...underWay].filter((other) => next?.behind.has(other) ?? true);
    untold.splice(place, 0, { seq: first.seq, events, behind: new Set(behind) });
  }
  const waiting = untold.findIndex(({ behind }) => behind.size > 0);
  return untold.splice(0, waiting === -1 ? untold.length : waiting).flatMap((one) => one.events);
}
