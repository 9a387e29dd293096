import {
  type Deed,
  type EntityHistory,
  type OrgId,
  type Read,
  type TenancyEvent,
  tracesOf,
  type UsrId,
} from "@tenantry/core";
import { compare } from "./rows.ts";

/** Where events come from. */
export interface Source {
  /** The events of an organization behind a number, ascending. */
  readonly behind: (orgId: OrgId, seq: number) => readonly TenancyEvent[];
  /** The organizations that have events behind those that were asked for last. */
  readonly fresh: () => Iterable<OrgId>;
}

interface About {
  readonly event: TenancyEvent;
  readonly deed: Deed;
}

/**
 * Events in other orders than their own. Put in order when somebody asks for it, and only what is new since: who never asks
 * pays nothing.
 */
export class Audit {
  readonly #source: Source;
  readonly #seen = new Map<OrgId, number>();
  readonly #byTime = new Map<OrgId, TenancyEvent[]>();
  readonly #ofPerson = new Map<UsrId, TenancyEvent[]>();
  readonly #about = new Map<string, About[]>();

  constructor(source: Source) {
    this.#source = source;
  }

  forget(): void {
    for (const index of [this.#seen, this.#byTime, this.#ofPerson, this.#about]) {
      index.clear();
    }
  }

  trail({ orgId, where, after, take, newestFirst }: Read<"auditTrail">): readonly TenancyEvent[] {
    this.#catchUp();
    const { types, actor, entity, from, to } = where;
    const isByTime = entity === null && (from !== null || to !== null);
    const known = this.#byTime.get(orgId) ?? [];
    const events =
      entity !== null
        ? (this.#about.get(entity) ?? []).map(({ event }) => event).filter((event) => event.orgId === orgId)
        : isByTime
          ? known
          : this.#source.behind(orgId, 0);
    const order = isByTime ? byTime : bySeq;
    const matches = (event: TenancyEvent): boolean =>
      (types?.includes(event.type) ?? true) &&
      (actor === null || event.actor === actor) &&
      (from === null || event.at >= from) &&
      (to === null || event.at < to);
    return pageOf(events, { order, after: after === null ? null : { ...after, orgId }, take, newestFirst, matches });
  }

  ofActor({ actor, after, take, newestFirst }: Read<"eventsOfActor">): readonly TenancyEvent[] {
    this.#catchUp();
    const events = this.#ofPerson.get(actor) ?? [];
    return pageOf(events, { order: byTime, after, take, newestFirst, matches: () => true });
  }

  histories({ entities }: Read<"entityHistories">): readonly EntityHistory[] {
    this.#catchUp();
    return entities.flatMap((entity) => {
      const changes = (this.#about.get(entity) ?? []).filter(({ deed }) => deed !== "named");
      const [first, last] = [changes[0], changes.at(-1)];
      if (first === undefined || last === undefined) {
        return [];
      }
      const latest = (deed: Deed): TenancyEvent | null => changes.findLast((one) => one.deed === deed)?.event ?? null;
      const closed = this.#source.behind(first.event.orgId, 0).findLast(({ type }) => type === "org.revoked") ?? null;
      return [
        {
          entity,
          first: first.event,
          last: last.event,
          ended: latest("ended"),
          restored: latest("restored"),
          closed,
        },
      ];
    });
  }

  #catchUp(): void {
    for (const orgId of this.#source.fresh()) {
      for (const event of this.#source.behind(orgId, this.#seen.get(orgId) ?? 0)) {
        this.#seen.set(orgId, event.seq);
        put(this.#byTime, orgId, event);
        if (event.actor !== null) {
          put(this.#ofPerson, event.actor, event);
        }
        for (const { entity, deed } of tracesOf(orgId, event)) {
          const about = this.#about.get(entity) ?? [];
          about.push({ event, deed });
          this.#about.set(entity, about);
        }
      }
    }
  }
}

interface Place {
  readonly at: Date;
  readonly orgId: OrgId;
  readonly seq: number;
}

function byTime(a: Place, b: Place): number {
  return a.at.getTime() - b.at.getTime() || compare(a.orgId, b.orgId) || a.seq - b.seq;
}

function bySeq(a: Place, b: Place): number {
  return a.seq - b.seq;
}

/** Almost always the last one. */
function put<K>(lists: Map<K, TenancyEvent[]>, key: K, event: TenancyEvent): void {
  const list = lists.get(key) ?? [];
  let place = list.length;
  while (place > 0 && byTime(list[place - 1] as TenancyEvent, event) > 0) {
    place -= 1;
  }
  list.splice(place, 0, event);
  lists.set(key, list);
}

/** Of an ordered list what follows a place, in either direction. */
function pageOf(
  events: readonly TenancyEvent[],
  {
    order,
    after,
    take,
    newestFirst,
    matches,
  }: {
    readonly order: (a: Place, b: Place) => number;
    readonly after: Place | null;
    readonly take: number;
    readonly newestFirst: boolean;
    readonly matches: (event: TenancyEvent) => boolean;
  },
): readonly TenancyEvent[] {
  const page: TenancyEvent[] = [];
  let [low, high] = [0, events.length];
  while (after !== null && low < high) {
    const middle = (low + high) >> 1;
    // The first one that is behind the place; downwards the first one that is not before it.
    if (order(events[middle] as TenancyEvent, after) < (newestFirst ? 0 : 1)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const step = newestFirst ? -1 : 1;
  const start = newestFirst ? (after === null ? events.length : low) - 1 : low;
  for (let place = start; place >= 0 && place < events.length && page.length < take; place += step) {
    const event = events[place] as TenancyEvent;
    if (matches(event)) {
      page.push(event);
    }
  }
  return page;
}
