import type {
  CommittedEvent,
  Ended,
  EventType,
  MembershipThen,
  MemId,
  OrgId,
  Read,
  TenancyEvent,
  UsrId,
} from "@tenantry/core";
import { firstFrom } from "./ordered.ts";
import { compare, type Undo } from "./rows.ts";

/** The events of one organization, in order. */
interface Log {
  readonly events: TenancyEvent[];
  /** How many older ones were deleted. */
  gone: number;
  /** Their numbers, by type, and by type of each actor. */
  readonly ofType: Map<EventType, number[]>;
  readonly ofActor: Map<UsrId, Map<EventType, number[]>>;
}

/** What happened. */
export class History {
  readonly #logs = new Map<OrgId, Log>();
  /** Suspensions of memberships and their ends, in order. */
  readonly #pauses = new Map<MemId, { readonly at: Date; readonly type: NonNullable<MembershipThen["pause"]> }[]>();

  /** Organizations with events that the audit has not asked for yet. */
  readonly #fresh = new Set<OrgId>();

  all(): readonly TenancyEvent[] {
    return [...this.#logs].sort(([a], [b]) => compare(a, b)).flatMap(([, { events }]) => events);
  }

  list({ orgId, where: { types, actor }, after, take }: Read<"events">): TenancyEvent[] {
    const log = this.#logs.get(orgId);
    if (log === undefined) {
      return [];
    }
    const { events, gone, ofType, ofActor } = log;
    if (types === null && actor === null) {
      const from = placeOf(log, after + 1);
      return events.slice(from, from + take);
    }
    const lists = actor === null ? ofType : ofActor.get(actor);
    const page = (type: EventType): readonly number[] => {
      const seqs = lists?.get(type) ?? [];
      const from = firstFrom(seqs, after + 1);
      return seqs.slice(from, from + take);
    };
    const seqs = (types ?? [...(lists?.keys() ?? [])]).flatMap(page).sort((a, b) => a - b);
    return seqs.slice(0, take).map((seq) => events[seq - 1 - gone] as TenancyEvent);
  }

  event(orgId: OrgId, seq: number): TenancyEvent | undefined {
    const log = this.#logs.get(orgId);
    return log?.events[seq - 1 - log.gone];
  }

  behind(orgId: OrgId, seq: number): readonly TenancyEvent[] {
    const log = this.#logs.get(orgId);
    return log === undefined ? [] : log.events.slice(placeOf(log, seq + 1));
  }

  /** Those that have events since this was asked last. */
  fresh(): readonly OrgId[] {
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    return fresh;
  }

  /** Deletes the oldest events of an organization, at most so many, as long as they are old enough. Answers how many. */
  prune(orgId: OrgId, take: number, isOld: (event: TenancyEvent) => boolean): number {
    const log = this.#logs.get(orgId);
    if (log === undefined) {
      return 0;
    }
    const kept = log.events.slice(0, take).findIndex((event) => !isOld(event));
    const number = kept === -1 ? Math.min(take, log.events.length) : kept;
    for (const event of log.events.splice(0, number)) {
      log.ofType.get(event.type)?.shift();
      if (event.actor !== null) {
        log.ofActor.get(event.actor)?.get(event.type)?.shift();
      }
      if (event.type === "membership.suspended" || event.type === "membership.reinstated") {
        this.#pauses.get(event.data.memId)?.shift();
      }
    }
    log.gone += number;
    return number;
  }

  /** The audit begins anew. */
  refresh(): void {
    for (const orgId of this.#logs.keys()) {
      this.#fresh.add(orgId);
    }
  }

  /** Which of these events came last for a membership, up to an instant. */
  lastPause(memId: MemId, at: Date): MembershipThen["pause"] {
    return this.#pauses.get(memId)?.findLast((pause) => pause.at <= at)?.type ?? null;
  }

  record(orgId: OrgId, seq: number, event: CommittedEvent, ended: Ended | undefined, undo: Undo): void {
    const { type, at, actor, idempotencyKey } = event;
    const data = type === "org.revoked" ? { ...event.data, ...ended } : event.data;
    const { events, ofType, ofActor } = this.#logOf(orgId);
    events.push({ orgId, seq, type, at, actor, idempotencyKey, data } as TenancyEvent);
    undo.push(() => events.pop());
    this.#fresh.add(orgId);
    append(ofType, type, seq, undo);
    if (actor !== null) {
      append(listsOf(ofActor, actor), type, seq, undo);
    }
    if (event.type === "membership.suspended" || event.type === "membership.reinstated") {
      append(this.#pauses, event.data.memId, { at, type: event.type }, undo);
    }
  }

  #logOf(orgId: OrgId): Log {
    let log = this.#logs.get(orgId);
    if (log === undefined) {
      log = { events: [], gone: 0, ofType: new Map(), ofActor: new Map() };
      this.#logs.set(orgId, log);
    }
    return log;
  }
}

/** The place of the event of a number, or of the first one behind it that there is. */
function placeOf({ gone }: Log, seq: number): number {
  return Math.max(0, seq - 1 - gone);
}

function listsOf<K, L>(lists: Map<K, Map<L, number[]>>, key: K): Map<L, number[]> {
  const own = lists.get(key) ?? new Map<L, number[]>();
  lists.set(key, own);
  return own;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V, undo: Undo): void {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  list.push(value);
  undo.push(() => lists.get(key)?.pop());
}
