import {
  type EventType,
  errorOf,
  generate,
  type Lease,
  type Plan,
  type Read,
  RelayError,
  type RelayPort,
  StoreFault,
  type StorePort,
  type TenancyEvent,
} from "@tenantry/core";
import { backoffSeconds, codeOf } from "./delivery.ts";
import { type Log, report } from "./log.ts";
import { placeOf } from "./subscribe.ts";
import type { Timers } from "./timers.ts";

// What every relay does, whatever it delivers to: discover, lease, read, deliver one by one, advance.

/** What came of a run. */
export interface RelayReport {
  /** Events that were new to the relays. */
  readonly discovered: number;
  readonly delivered: number;
  /** Attempts that failed and are repeated later. */
  readonly failed: number;
  /** Events that were given up. */
  readonly parked: number;
  /** Organizations that another relay had taken meanwhile. */
  readonly lost: number;
  /** Whether nothing was left that is due. */
  readonly isDrained: boolean;
}

type Counts = { -readonly [K in Exclude<keyof RelayReport, "isDrained">]: number };

export interface EngineSettings {
  readonly concurrency: number;
  readonly batch: number;
  readonly leaseSeconds: number;
  readonly maxAttempts: number;
  readonly onExhausted: "park" | "block";
  readonly pollSeconds: number;
  readonly clock: () => Date;
  readonly random: () => number;
  readonly timers: Timers;
  readonly log: Log | undefined;
}

/** One attempt. */
export interface Attempt {
  /** 1 is the first. */
  readonly attempt: number;
  /** Ends the attempt when its lease is about to. */
  readonly signal: AbortSignal;
}

export interface EngineParts {
  readonly source: string;
  readonly relay: string;
  readonly port: StorePort;
  readonly bookkeeping: RelayPort;
  /** Left out: those of each subscription; `null`: all. */
  readonly types?: readonly EventType[] | null;
  /** Before the first step: makes sure that there is something to deliver to. */
  prepare(): Promise<void>;
  deliver(event: TenancyEvent, lease: Lease, attempt: Attempt): Promise<void>;
  /** After a success, and after a failure: whether the subscription was switched off, so that nothing more is written down. */
  succeeded?(lease: Lease): Promise<void>;
  failed?(lease: Lease, error: unknown): Promise<boolean>;
  /** Calls back when something was committed in this process; answers what ends that. */
  listen?(wake: () => void): () => void;
}

const NOBODY: ReadonlySet<Promise<void>> = new Set();

/** Of a lease the last part is left for writing down what became of it. */
const USABLE = 0.8;
const DISCOVERED_AT_ONCE = 500;
/** How long a relay that runs waits after a failure of the database's, at most. */
const LONGEST_PAUSE_SECONDS = 30;

export class Engine {
  readonly #parts: EngineParts;
  readonly #settings: EngineSettings;
  readonly #active = new Set<Promise<void>>();
  #running: Running | null = null;
  #isPrepared = false;
  /** Ends the wait for something to do. */
  #endRest: () => void = () => {};
  /** Whether there may be something to do since the last look. */
  #isWoken = false;

  constructor(parts: EngineParts, settings: EngineSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  start(): void {
    const before = this.#running;
    if (before === null || before.isStopping) {
      const running: Running = { isStopping: false, over: Promise.resolve() };
      // One that is still ending has the organizations that it has.
      running.over = before === null ? this.#run(running) : before.over.then(() => this.#run(running));
      this.#running = running;
    }
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running !== null) {
      running.isStopping = true;
      this.#wake();
      await running.over;
      if (this.#running === running) {
        this.#running = null;
      }
    }
  }

  async runOnce(budgetMs: number): Promise<RelayReport> {
    const counts = none();
    const failures: unknown[] = [];
    const end = this.#now() + budgetMs;
    const isOver = (): boolean => this.#now() >= end;
    const active = new Set<Promise<void>>();
    let isDrained = false;
    try {
      while (!isOver() && failures.length === 0) {
        // Who gives an organization back while it is looked for may have left some of it.
        const before = new Set(active);
        const worked = await this.#step(active, counts, isOver, (error) => failures.push(error));
        if (!worked && before.size === 0) {
          isDrained = true;
          break;
        }
        if (!worked || active.size >= this.#settings.concurrency) {
          await Promise.race(worked ? active : before);
        }
      }
    } finally {
      await Promise.all(active);
    }
    if (failures.length > 0) {
      throw failures[0];
    }
    return Object.freeze({ ...counts, isDrained });
  }

  /** Until it is stopped. Whatever goes wrong is reported, and tried again later. */
  async #run(running: Running): Promise<void> {
    const end = this.#parts.listen?.(() => this.#wake());
    const { concurrency, pollSeconds, random } = this.#settings;
    let troubles = 0;
    while (!running.isStopping) {
      let worked = false;
      const before = new Set(this.#active);
      this.#isWoken = false;
      try {
        const over = (): boolean => running.isStopping;
        worked = await this.#step(this.#active, none(), over, (cause) => this.#report(cause));
        troubles = 0;
      } catch (cause) {
        troubles += 1;
        this.#report(cause);
      }
      if (!worked || this.#active.size >= concurrency) {
        const seconds = troubles === 0 ? pollSeconds : Math.min(pollSeconds * 2 ** troubles, LONGEST_PAUSE_SECONDS);
        const served = worked ? this.#active : before;
        await this.#rest(running, seconds * (0.75 + random() / 2), troubles > 0 ? NOBODY : served);
      }
    }
    await Promise.all(this.#active);
    end?.();
  }

  #wake(): void {
    this.#isWoken = true;
    this.#endRest();
  }

  /** Until something may be to do: a while is over, something was committed here, or an organization has been served. */
  async #rest(running: Running, seconds: number, served: ReadonlySet<Promise<void>>): Promise<void> {
    if (running.isStopping || (this.#isWoken && served !== NOBODY)) {
      return;
    }
    const { timers } = this.#settings;
    let late: unknown;
    const woken = new Promise<void>((resolve) => {
      this.#endRest = resolve;
      late = timers.set(resolve, seconds * 1000);
    });
    await Promise.race([woken, ...served]);
    timers.clear(late);
    this.#endRest = () => {};
  }

  /** Discovers, leases what there is room for, and begins to serve it. Whether there was something to do. */
  async #step(
    active: Set<Promise<void>>,
    counts: Counts,
    isOver: () => boolean,
    onFailure: (error: unknown) => void,
  ): Promise<boolean> {
    const { bookkeeping, relay } = this.#parts;
    const { concurrency, leaseSeconds: seconds } = this.#settings;
    if (!this.#isPrepared) {
      await told(() => this.#parts.prepare());
      this.#isPrepared = true;
    }
    const discovered = await told(() => bookkeeping.discover(DISCOVERED_AT_ONCE));
    counts.discovered += discovered;
    const take = concurrency - active.size;
    if (take <= 0) {
      return true;
    }
    const holder = generate("tup");
    const until = this.#now() + seconds * 1000 * USABLE;
    const leases = await told(() => bookkeeping.lease({ relay, holder, seconds, take }));
    if (leases.length === 0) {
      return discovered === DISCOVERED_AT_ONCE;
    }
    const events = await told(() => this.#events(leases));
    for (const [place, lease] of leases.entries()) {
      const held: Holding = { lease, holder, events: events[place] ?? [], until, counts, isOver };
      const work: Promise<void> = (lease.isAgain ? this.#again(held) : this.#serve(held))
        .catch((error) => onFailure(errorFrom(error)))
        .finally(() => active.delete(work));
      active.add(work);
    }
    return true;
  }

  /** The next events of each lease, in one round trip. */
  async #events(leases: readonly Lease[]): Promise<readonly (readonly TenancyEvent[])[]> {
    const all = { types: null, actor: null };
    const take = (lease: Lease): number => (lease.isAgain ? 1 : this.#settings.batch);
    const reads = leases.map((lease, place): readonly [string, Read<"events">] => [
      `e${place}`,
      { read: "events", orgId: lease.orgId, where: all, after: lease.seq, take: take(lease) },
    ]);
    const answers = await this.#parts.port.load(Object.fromEntries(reads) as Plan);
    return reads.map(([name]) => answers[name] as readonly TenancyEvent[]);
  }

  /** One organization, event by event. What it holds no lease of any more it leaves alone, and says nothing. */
  async #serve({ lease, holder, events, until, counts, isOver }: Holding): Promise<void> {
    const { bookkeeping } = this.#parts;
    const { batch, leaseSeconds, maxAttempts, onExhausted, random } = this.#settings;
    const { subscription, orgId } = lease;
    const held = { subscription: subscription.id, orgId, holder };
    const { types = subscription.types } = this.#parts;
    const isWanted = ({ type }: TenancyEvent): boolean => types?.includes(type) ?? true;
    // Where no more follow everything up to the head was looked at: what is missing was deleted.
    const end =
      events.length < batch ? Math.max(lease.head, events.at(-1)?.seq ?? 0) : (events.at(-1)?.seq ?? lease.head);
    const last = events.findLast(isWanted)?.seq;
    let { seq: position, attempts } = lease;
    let deadline = until;
    for (const event of events.filter(isWanted)) {
      if (isOver()) {
        // Whoever goes on knows how often this event has failed.
        await (attempts === 0
          ? bookkeeping.advance({ ...held, seq: position, seconds: null })
          : bookkeeping.fail({ ...held, seq: position, attempts, seconds: 0 }));
        return;
      }
      const isLast = event.seq === last;
      const seconds = isLast ? null : leaseSeconds;
      const tried = attempts + 1;
      const error = await this.#attempt(event, lease, tried, deadline);
      deadline = this.#now() + leaseSeconds * 1000 * USABLE;
      let isMine: boolean;
      if (error === null) {
        counts.delivered += 1;
        isMine = await bookkeeping.advance({ ...held, seq: isLast ? end : event.seq, seconds });
        await this.#parts.succeeded?.(lease);
      } else {
        this.#report(error.cause, event);
        if ((await this.#parts.failed?.(lease, error.cause)) === true) {
          counts.failed += 1;
          return;
        }
        const isBlocking = onExhausted === "block";
        if (tried < maxAttempts) {
          counts.failed += 1;
          const wait = backoffSeconds(tried, random, error.cause);
          isMine = await bookkeeping.fail({ ...held, seq: event.seq - 1, attempts: tried, seconds: wait });
          counts.lost += Number(!isMine);
          return;
        }
        const code = codeOf(error.cause);
        isMine = await bookkeeping.park({ ...held, seq: event.seq, code, attempts: tried, isBlocking, seconds });
        counts.parked += Number(isMine);
        if (isBlocking && isMine) {
          return;
        }
      }
      if (!isMine) {
        counts.lost += 1;
        return;
      }
      [position, attempts] = [event.seq, 0];
    }
    if (last === undefined) {
      await bookkeeping.advance({ ...held, seq: end, seconds: null });
    }
  }

  /** An event that was given up, once more. */
  async #again({ lease, holder, events, until, counts }: Holding): Promise<void> {
    const [event] = events;
    const ref = { subscription: lease.subscription.id, orgId: lease.orgId, holder, seq: lease.head };
    if (event === undefined || event.seq !== lease.head) {
      // It was deleted by hand.
      await this.#parts.bookkeeping.settleAgain({ ...ref, code: "gone" });
      return;
    }
    const error = await this.#attempt(event, lease, lease.attempts + 1, until);
    if (error === null) {
      counts.delivered += 1;
    } else {
      counts.failed += 1;
      this.#report(error.cause, event);
    }
    await this.#parts.bookkeeping.settleAgain({ ...ref, code: error === null ? null : codeOf(error.cause) });
  }

  /** What went wrong, if something did. One that does not end in time is left to itself. */
  async #attempt(
    event: TenancyEvent,
    lease: Lease,
    attempt: number,
    deadline: number,
  ): Promise<{ readonly cause: unknown } | null> {
    const { timers } = this.#settings;
    const controller = new AbortController();
    const { signal } = controller;
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    const timer = timers.set(
      () => controller.abort(new RelayError("relay.lease_lost", {})),
      Math.max(0, deadline - this.#now()),
    );
    try {
      await Promise.race([(async () => this.#parts.deliver(event, lease, { attempt, signal }))(), late]);
      return null;
    } catch (cause) {
      return { cause };
    } finally {
      timers.clear(timer);
    }
  }

  #now(): number {
    return this.#settings.clock().getTime();
  }

  #report(cause: unknown, event?: TenancyEvent): void {
    report(this.#settings.log, {
      source: this.#parts.source,
      cause,
      event: event === undefined ? null : placeOf(event),
    });
  }
}

/** From a start to its stop. */
interface Running {
  isStopping: boolean;
  over: Promise<void>;
}

interface Holding {
  readonly lease: Lease;
  readonly holder: string;
  readonly events: readonly TenancyEvent[];
  /** Until when a delivery may take, in milliseconds. */
  readonly until: number;
  readonly counts: Counts;
  readonly isOver: () => boolean;
}

function none(): Counts {
  return { discovered: 0, delivered: 0, failed: 0, parked: 0, lost: 0 };
}

function errorFrom(error: unknown): unknown {
  return error instanceof StoreFault ? errorOf(error) : error;
}

/** Runs a step of the bookkeeping; what goes wrong below is told as everywhere. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw errorFrom(error);
  }
}
