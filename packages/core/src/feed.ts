import { errorFor } from "./errors.ts";
import type { EventType, TenancyEvent } from "./event.ts";
import { fields } from "./input.ts";
import { detached } from "./json.ts";
import { eventTypesArgument, orgsArgument } from "./list-input.ts";
import { mark } from "./mark.ts";
import type { OrgId } from "./model.ts";
import type { Access, CommitOutcome, JoinedCall, StorePort } from "./store.ts";
import { eventsWritten } from "./written.ts";

/** Which events a handler is told of, and who is told if it fails. */
export interface SubscribeOptions<T extends EventType = EventType> {
  /** Only these types. Default: all. */
  readonly types?: readonly T[] | undefined;
  /** Only these organizations, at most 10,000. Default: all. */
  readonly orgs?: readonly OrgId[] | undefined;
  /**
   * Gets what the handler threw or rejected with. Default: it becomes an unhandled rejection, like that of any promise that
   * nobody waits for; so does what this throws itself.
   */
  readonly onError?: ((error: unknown, event: TenancyEvent<T>) => void) | undefined;
}

/** Told of one event after another. Nobody waits for what it returns, but a rejection is an error of the handler. */
export type EventHandler<T extends EventType = EventType> = (event: TenancyEvent<T>) => unknown;

interface Subscriber {
  readonly handler: EventHandler;
  readonly onError: SubscribeOptions["onError"];
  readonly types: ReadonlySet<EventType> | null;
  readonly orgs: ReadonlySet<OrgId> | null;
}

/** Ends something that was under way, with what it wrote. */
type End = (events: readonly TenancyEvent[]) => void;

/** Everybody who wants to be told what was committed here, after it was. */
export class Feed {
  readonly #subscribers = new Set<Subscriber>();
  readonly #lines = new Map<OrgId, Line>();
  /** Where the transaction that its store is inside of was opened by another store: what hears of it then. */
  outside: Outside | null = null;

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

  /**
   * Something is under way in an organization. What it wrote is told once it has ended, and in the order of `seq`: a commit that
   * begins after another one has ended is later than that one; so events wait for just those of their organization that were
   * under way when their own ended.
   */
  begin(orgId: OrgId): End {
    const line = this.#lines.get(orgId) ?? { underWay: new Set(), untold: [] };
    this.#lines.set(orgId, line);
    const own = {};
    line.underWay.add(own);
    return (events) => {
      line.underWay.delete(own);
      if (line.underWay.size === 0) {
        this.#lines.delete(orgId);
      }
      this.tell(ready(line, own, events));
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

/** What was written in a transaction, for the feed of the store that opened it. */
class Outside {
  readonly #feed: Feed;
  readonly #written: { readonly end: End; readonly events: readonly TenancyEvent[] }[] = [];

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /**
   * A call has written these, of one organization. It holds the organization's lock until the transaction ends, so what is
   * under way there now is either earlier and has been committed, or later and waits for it.
   */
  add(orgId: OrgId, events: readonly TenancyEvent[]): void {
    this.#written.push({ end: this.#feed.begin(orgId), events });
  }

  end(isCommitted: boolean): void {
    for (const { end, events } of this.#written.splice(0)) {
      end(isCommitted ? events : []);
    }
  }
}

const feeds = mark<Feed>();

/** A store that tells a feed what it commits. */
export function tells(store: object, feed: Feed): void {
  feeds.put(store, feed);
}

/**
 * For store classes that open a transaction: what `inside`, a store on its connection, writes there is told to the subscribers of
 * `store`, once the function that this answers says that it was committed; or is not told, where it was not. Call that when the
 * transaction has ended, however it did.
 */
export function toldOnceCommitted(store: object, inside: object): (isCommitted: boolean) => void {
  const [feed, within] = [feeds.on(store), feeds.on(inside)];
  if (feed === undefined || within === undefined) {
    throw errorFor("precondition.invalid_input", { key: null });
  }
  const outside = new Outside(feed);
  within.outside = outside;
  return (isCommitted) => {
    within.outside = null;
    outside.end(isCommitted);
  };
}

/**
 * A store whose commits are told to a feed: once they are true, before whoever made them gets the result, and in the order
 * of `seq` within each organization.
 */
export function toldTo(feed: Feed, port: StorePort): StorePort {
  async function inLine(orgId: OrgId, work: () => Promise<Done>): Promise<CommitOutcome> {
    const end = feed.begin(orgId);
    let events: readonly TenancyEvent[] = [];
    try {
      const done = await work();
      events = done.events;
      return done.outcome;
    } finally {
      end(events);
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
    ...(join === undefined ? {} : { join: (call, work) => joined(feed.outside, join.bind(port), call, work) }),
    ...(hold === undefined
      ? {}
      : {
          hold: (orgId, work) =>
            feed.isHeard ? inLine(orgId, () => held(hold.bind(port), orgId, work)) : hold.call(port, orgId, work),
        }),
  };
}

/**
 * Inside the host's transaction nothing is true before the host commits, and nobody is there to tell it, unless another store
 * opened it. What a call wrote counts once its savepoint has been released.
 */
async function joined<T>(
  outside: Outside | null,
  join: NonNullable<StorePort["join"]>,
  call: JoinedCall,
  work: (access: Access | null) => Promise<T>,
): Promise<T> {
  const written: { readonly orgId: OrgId; readonly events: readonly TenancyEvent[] }[] = [];
  const result = await join(call, (access) =>
    work(
      access === null || outside === null
        ? access
        : {
            load: (plan) => access.load(plan),
            async commit(commit) {
              const outcome = await access.commit(commit);
              written.push({ orgId: commit.org.id, events: eventsWritten(commit, outcome, true) });
              return outcome;
            },
          },
    ),
  );
  for (const { orgId, events } of written) {
    outside?.add(orgId, events);
  }
  return result;
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
