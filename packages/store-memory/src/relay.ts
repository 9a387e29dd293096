import type {
  DeadEvent,
  DeadRef,
  Held,
  Lease,
  OrgId,
  RelayPort,
  Subscription,
  SubscriptionDraft,
  TenancyEvent,
} from "@tenantry/core";
import { compare, type Undo } from "./rows.ts";

/** What relays look up elsewhere in the database. */
export interface Surroundings {
  readonly now: () => Date;
  readonly orgs: () => Iterable<OrgId>;
  /** `null`: there is no such organization. */
  readonly version: (orgId: OrgId) => number | null;
  readonly event: (orgId: OrgId, seq: number) => TenancyEvent | undefined;
}

interface Waiting {
  readonly orgId: OrgId;
  readonly seq: number;
  readonly at: Date;
}

interface Cursor {
  readonly orgId: OrgId;
  readonly subscription: string;
  seq: number;
  head: number;
  attempts: number;
  /** Milliseconds; `Infinity`: not by itself. */
  dueAt: number;
  leasedBy: string | null;
  waitingSince: Date;
}

interface Dead extends DeadEvent {
  readonly dueAt: number | null;
  readonly leasedBy: string | null;
}

/** The bookkeeping of relays. Nothing here awaits in between, so each step is one instant. */
export class Relays implements RelayPort {
  readonly #around: Surroundings;
  readonly #outbox: Waiting[] = [];
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #cursors = new Map<string, Cursor>();
  /** Those in which there is something to deliver: what is idle is not looked at. */
  readonly #behind = new Set<Cursor>();
  readonly #dead = new Map<string, Dead>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  announce(orgId: OrgId, seq: number, undo: Undo): void {
    this.#outbox.push({ orgId, seq, at: this.#around.now() });
    undo.push(() => this.#outbox.pop());
  }

  /** The first event of an organization that is neither delivered nor given up for good. */
  firstKept(orgId: OrgId): number {
    const undiscovered = this.#outbox.filter((row) => row.orgId === orgId).map(({ seq }) => seq);
    const underWay = [...this.#behind]
      .filter((cursor) => cursor.orgId === orgId && this.#subscriptions.get(cursor.subscription)?.disabled === null)
      .map(({ seq }) => seq + 1);
    const givenUp = [...this.#dead.values()].filter((dead) => dead.orgId === orgId).map(({ seq }) => seq);
    return Math.min(Infinity, ...undiscovered, ...underWay, ...givenUp);
  }

  async subscribe(draft: SubscriptionDraft): Promise<Subscription> {
    const known = this.#subscriptions.get(draft.id);
    if (known !== undefined) {
      return known;
    }
    const made: Subscription = {
      ...draft,
      endpoint: asJson(draft.endpoint),
      revision: 1,
      createdAt: this.#around.now(),
      failingSince: null,
      disabled: null,
    };
    this.#subscriptions.set(draft.id, made);
    if (draft.from === "now") {
      // What was written before and waits to be discovered is none of its concern.
      for (const { orgId, seq, at } of this.#outbox) {
        if (draft.orgId === null || draft.orgId === orgId) {
          this.#move(this.#put(made, { orgId, seq, head: seq, since: at }), seq);
        }
      }
    }
    if (draft.from === "beginning") {
      for (const orgId of draft.orgId === null ? this.#around.orgs() : [draft.orgId]) {
        const head = this.#around.version(orgId);
        if (head !== null) {
          this.#put(made, { orgId, seq: 0, head, since: this.#around.event(orgId, 1)?.at ?? this.#around.now() });
        }
      }
    }
    return made;
  }

  async subscription(id: string): Promise<Subscription | null> {
    return this.#subscriptions.get(id) ?? null;
  }

  async subscriptions({
    relay,
    orgId,
    after,
    take,
  }: Parameters<RelayPort["subscriptions"]>[0]): Promise<readonly Subscription[]> {
    return [...this.#subscriptions.values()]
      .filter(
        (one) => one.relay === relay && (orgId === null || one.orgId === orgId) && (after === null || one.id > after),
      )
      .sort((a, b) => compare(a.id, b.id))
      .slice(0, take);
  }

  async change({ id, revision, types, endpoint }: Parameters<RelayPort["change"]>[0]): Promise<boolean> {
    const known = this.#subscriptions.get(id);
    if (known?.revision !== revision) {
      return false;
    }
    this.#subscriptions.set(id, {
      ...known,
      revision: revision + 1,
      ...(types === undefined ? {} : { types }),
      ...(endpoint === undefined ? {} : { endpoint: asJson(endpoint) }),
    });
    for (const cursor of this.#cursors.values()) {
      // Whoever is at it goes by what was before.
      if (cursor.subscription === id && cursor.leasedBy !== null) {
        Object.assign(cursor, { leasedBy: null, dueAt: this.#now() });
      }
    }
    return true;
  }

  async disable(id: string, code: string | null): Promise<boolean> {
    const known = this.#subscriptions.get(id);
    if (known === undefined) {
      return false;
    }
    const disabled = code === null ? null : { at: known.disabled?.at ?? this.#around.now(), code };
    this.#subscriptions.set(id, { ...known, disabled, failingSince: null });
    for (const cursor of this.#cursors.values()) {
      if (cursor.subscription === id && (code !== null || !this.#isBlocked(cursor))) {
        cursor.dueAt = code === null ? this.#now() : Infinity;
        cursor.attempts = 0;
        cursor.leasedBy = null;
      }
    }
    return true;
  }

  async unsubscribe(id: string): Promise<boolean> {
    for (const [key, cursor] of this.#cursors) {
      if (cursor.subscription === id) {
        this.#cursors.delete(key);
        this.#behind.delete(cursor);
      }
    }
    for (const [key, dead] of this.#dead) {
      if (dead.subscription === id) {
        this.#dead.delete(key);
      }
    }
    return this.#subscriptions.delete(id);
  }

  async discover(take: number): Promise<number> {
    const found = this.#outbox.splice(0, take);
    for (const { orgId, seq, at } of found) {
      for (const subscription of this.#subscriptions.values()) {
        if (subscription.orgId === null || subscription.orgId === orgId) {
          this.#put(subscription, { orgId, seq: subscription.from === "now" ? seq - 1 : 0, head: seq, since: at });
        }
      }
    }
    return found.length;
  }

  async lease({ relay, holder, seconds, take }: Parameters<RelayPort["lease"]>[0]): Promise<readonly Lease[]> {
    const now = this.#now();
    const until = now + seconds * 1000;
    const serves = (id: string): Subscription | null => {
      const subscription = this.#subscriptions.get(id);
      return subscription?.relay === relay ? subscription : null;
    };
    const leases: Lease[] = [];
    const due = [...this.#behind].filter(({ dueAt, subscription }) => dueAt <= now && serves(subscription) !== null);
    for (const cursor of due.sort((a, b) => a.dueAt - b.dueAt).slice(0, take)) {
      cursor.leasedBy = holder;
      cursor.dueAt = until;
      const { orgId, seq, head, attempts } = cursor;
      leases.push({
        subscription: serves(cursor.subscription) as Subscription,
        orgId,
        seq,
        head,
        attempts,
        isAgain: false,
      });
    }
    const again = [...this.#dead.values()].filter(
      ({ dueAt, subscription }) => dueAt !== null && dueAt <= now && serves(subscription)?.disabled === null,
    );
    for (const dead of again.slice(0, take)) {
      this.#dead.set(deadKey(dead), { ...dead, leasedBy: holder, dueAt: until });
      const { orgId, seq, attempts } = dead;
      const subscription = serves(dead.subscription) as Subscription;
      leases.push({ subscription, orgId, seq: seq - 1, head: seq, attempts, isAgain: true });
    }
    return leases;
  }

  async advance({ seq, seconds, ...held }: Parameters<RelayPort["advance"]>[0]): Promise<boolean> {
    const cursor = this.#own(held);
    if (cursor !== null) {
      this.#moveOn(cursor, seq, seconds);
    }
    return cursor !== null;
  }

  async fail({ seq, attempts, seconds, ...held }: Parameters<RelayPort["fail"]>[0]): Promise<boolean> {
    const cursor = this.#own(held);
    if (cursor !== null) {
      this.#move(cursor, seq);
      Object.assign(cursor, { attempts, dueAt: this.#now() + seconds * 1000, leasedBy: null });
    }
    return cursor !== null;
  }

  async park({
    seq,
    code,
    attempts,
    isBlocking,
    seconds,
    ...held
  }: Parameters<RelayPort["park"]>[0]): Promise<boolean> {
    const cursor = this.#own(held);
    if (cursor === null) {
      return false;
    }
    if (isBlocking) {
      this.#move(cursor, seq - 1);
      Object.assign(cursor, { dueAt: Infinity, leasedBy: null });
    } else {
      this.#moveOn(cursor, seq, seconds);
    }
    const { subscription, orgId } = held;
    const dead = { subscription, orgId, seq, code, attempts, isBlocking, at: this.#around.now() };
    this.#dead.set(deadKey(dead), { ...dead, dueAt: null, leasedBy: null });
    return true;
  }

  async settleAgain({ seq, code, holder, ...ref }: Parameters<RelayPort["settleAgain"]>[0]): Promise<boolean> {
    const key = deadKey({ ...ref, seq });
    const dead = this.#dead.get(key);
    if (dead?.leasedBy !== holder) {
      return false;
    }
    if (code === null) {
      this.#dead.delete(key);
    } else {
      const attempts = dead.attempts + 1;
      this.#dead.set(key, { ...dead, code, attempts, at: this.#around.now(), dueAt: null, leasedBy: null });
    }
    return true;
  }

  async failing(id: string, isFailing: boolean): Promise<Date | null> {
    const known = this.#subscriptions.get(id);
    if (known === undefined) {
      return null;
    }
    const failingSince = isFailing ? (known.failingSince ?? this.#around.now()) : null;
    this.#subscriptions.set(id, { ...known, failingSince });
    return failingSince;
  }

  async seek({ subscription: id, orgId, seq }: Parameters<RelayPort["seek"]>[0]): Promise<boolean> {
    const subscription = this.#subscriptions.get(id);
    const version = this.#around.version(orgId);
    if (subscription === undefined || version === null || (subscription.orgId ?? orgId) !== orgId) {
      return false;
    }
    for (const [key, dead] of this.#dead) {
      if (dead.isBlocking && dead.subscription === id && dead.orgId === orgId) {
        this.#dead.delete(key);
      }
    }
    const now = this.#around.now();
    const cursor = this.#put(subscription, { orgId, seq, head: version, since: now });
    this.#move(cursor, Math.min(seq, version));
    const dueAt = subscription.disabled === null ? now.getTime() : Infinity;
    Object.assign(cursor, { attempts: 0, leasedBy: null, waitingSince: now, dueAt });
    return true;
  }

  async redeliver(ref: DeadRef): Promise<boolean> {
    const dead = this.#dead.get(deadKey(ref));
    if (dead === undefined) {
      return false;
    }
    if (dead.isBlocking) {
      this.#dead.delete(deadKey(ref));
      this.#resume(ref, 0);
    } else {
      this.#dead.set(deadKey(ref), { ...dead, dueAt: dead.dueAt ?? this.#now() });
    }
    return true;
  }

  async discard(ref: DeadRef): Promise<boolean> {
    const dead = this.#dead.get(deadKey(ref));
    this.#dead.delete(deadKey(ref));
    if (dead?.isBlocking === true) {
      this.#resume(ref, ref.seq);
    }
    return dead !== undefined;
  }

  async dead({ subscription, after, take }: Parameters<RelayPort["dead"]>[0]): Promise<readonly DeadEvent[]> {
    return [...this.#dead.values()]
      .filter((dead) => dead.subscription === subscription && (after === null || byPlace(dead, after) > 0))
      .sort(byPlace)
      .slice(0, take)
      .map(({ dueAt: _, leasedBy: __, ...dead }) => dead);
  }

  async lag(relay: string): ReturnType<RelayPort["lag"]> {
    const serves = ({ subscription }: { readonly subscription: string }): boolean =>
      this.#subscriptions.get(subscription)?.relay === relay;
    const waits = [...this.#behind].filter((cursor) => serves(cursor) && cursor.dueAt < Infinity);
    const times = [...waits.map(({ waitingSince }) => waitingSince), ...this.#outbox.map(({ at }) => at)];
    const oldest = times.length === 0 ? null : new Date(Math.min(...times.map((time) => time.getTime())));
    const dead = [...this.#dead.values()].filter(serves);
    return {
      oldest,
      seconds: oldest === null ? 0 : Math.max(0, (this.#now() - oldest.getTime()) / 1000),
      parked: dead.length,
      blocked: dead.filter(({ isBlocking }) => isBlocking).length,
    };
  }

  #now(): number {
    return this.#around.now().getTime();
  }

  /** A cursor that there is already learns how far its organization has come, and stays where it is. */
  #put(
    { id, disabled }: Subscription,
    {
      orgId,
      seq,
      head,
      since,
    }: { readonly orgId: OrgId; readonly seq: number; readonly head: number; readonly since: Date },
  ): Cursor {
    const key = `${orgId} ${id}`;
    const known = this.#cursors.get(key);
    const dueAt = disabled === null ? this.#now() : Infinity;
    const cursor = known ?? {
      orgId,
      subscription: id,
      seq,
      head,
      attempts: 0,
      dueAt,
      leasedBy: null,
      waitingSince: since,
    };
    if (cursor.head <= cursor.seq) {
      cursor.waitingSince = since;
    }
    cursor.head = Math.max(cursor.head, head);
    this.#cursors.set(key, cursor);
    this.#move(cursor, cursor.seq);
    return cursor;
  }

  #move(cursor: Cursor, seq: number): void {
    cursor.seq = seq;
    if (cursor.head > seq) {
      this.#behind.add(cursor);
    } else {
      this.#behind.delete(cursor);
    }
  }

  /** A lease that goes on, or is given back; then the next event waits since it happened. */
  #moveOn(cursor: Cursor, seq: number, seconds: number | null): void {
    this.#move(cursor, seq);
    cursor.attempts = 0;
    cursor.dueAt = this.#now() + (seconds ?? 0) * 1000;
    if (seconds === null) {
      cursor.leasedBy = null;
      cursor.waitingSince = this.#around.event(cursor.orgId, seq + 1)?.at ?? this.#around.now();
    }
  }

  #own({ orgId, subscription, holder }: Held): Cursor | null {
    const cursor = this.#cursors.get(`${orgId} ${subscription}`);
    return cursor?.leasedBy === holder ? cursor : null;
  }

  #resume({ orgId, subscription }: DeadRef, from: number): void {
    const cursor = this.#cursors.get(`${orgId} ${subscription}`);
    if (cursor !== undefined) {
      this.#move(cursor, Math.max(cursor.seq, from));
      Object.assign(cursor, { attempts: 0, leasedBy: null, dueAt: this.#now(), waitingSince: this.#around.now() });
    }
  }

  #isBlocked({ orgId, subscription }: Cursor): boolean {
    return [...this.#dead.values()].some(
      (dead) => dead.isBlocking && dead.orgId === orgId && dead.subscription === subscription,
    );
  }
}

function deadKey({ subscription, orgId, seq }: DeadRef): string {
  return `${subscription} ${orgId} ${seq}`;
}

function byPlace(a: Omit<DeadRef, "subscription">, b: Omit<DeadRef, "subscription">): number {
  return compare(a.orgId, b.orgId) || a.seq - b.seq;
}

/** What a database would keep of it. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
