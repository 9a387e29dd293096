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
  /** Their numbers, by type and by actor. */
  readonly ofType: Map<EventType, number[]>;
  readonly ofActor: Map<UsrId, number[]>;
}

/** What happened. */
export class History {
  readonly #logs = new Map<OrgId, Log>();
  /** Suspensions of memberships and their ends, in order. */
  readonly #pauses = new Map<MemId, { readonly at: Date; readonly type: NonNullable<MembershipThen["pause"]> }[]>();

  all(): readonly TenancyEvent[] {
    return [...this.#logs].sort(([a], [b]) => compare(a, b)).flatMap(([, { events }]) => events);
  }

  list({ orgId, where: { types, actor }, after, take }: Read<"events">): TenancyEvent[] {
    const log = this.#logs.get(orgId);
    if (log === undefined) {
      return [];
    }
    const { events, ofType, ofActor } = log;
    if (types === null && actor === null) {
      // The event numbered n is at the place n - 1.
      return events.slice(after, after + take);
    }
    const behind = (seqs: readonly number[] = []): readonly number[] => seqs.slice(firstFrom(seqs, after + 1));
    const seqs =
      actor === null
        ? (types ?? []).flatMap((type) => behind(ofType.get(type)).slice(0, take)).sort((a, b) => a - b)
        : behind(ofActor.get(actor)).filter((seq) => types?.includes((events[seq - 1] as TenancyEvent).type) ?? true);
    return seqs.slice(0, take).map((seq) => events[seq - 1] as TenancyEvent);
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
    append(ofType, type, seq, undo);
    if (actor !== null) {
      append(ofActor, actor, seq, undo);
    }
    if (event.type === "membership.suspended" || event.type === "membership.reinstated") {
      append(this.#pauses, event.data.memId, { at, type: event.type }, undo);
    }
  }

  #logOf(orgId: OrgId): Log {
    let log = this.#logs.get(orgId);
    if (log === undefined) {
      log = { events: [], ofType: new Map(), ofActor: new Map() };
      this.#logs.set(orgId, log);
    }
    return log;
  }
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
