import type { OrgId, StoredInvitationFilter, StoredMemberFilter } from "@tenantry/core";
import { Shelves } from "./ordered.ts";

/** What ends by itself, if it has an end. */
interface Ending {
  readonly expiresAt: Date | null;
}

/** Whether something has ended by itself: its end is the last instant of it. */
export function hasLapsed({ expiresAt }: Ending, at: Date): boolean {
  return endOf(expiresAt) < at.getTime();
}

/** Whether a row is stored as one of the filters says; no filter lets everything through. */
export function isStoredAsAny(
  row: Ending & { readonly status: string },
  anyOf: readonly (StoredInvitationFilter | StoredMemberFilter)[],
): boolean {
  return anyOf.length === 0 || anyOf.some((filter) => isStoredAs(row, filter));
}

function isStoredAs(
  { status, expiresAt }: Ending & { readonly status: string },
  filter: StoredInvitationFilter | StoredMemberFilter,
): boolean {
  const end = endOf(expiresAt);
  return (
    status === filter.status &&
    (filter.expiresBefore === null || end < filter.expiresBefore.getTime()) &&
    (filter.expiresFrom === null || end >= filter.expiresFrom.getTime())
  );
}

/** In milliseconds; later than everything, if there is none. */
export function endOf(expiresAt: Date | null): number {
  return expiresAt?.getTime() ?? Infinity;
}

/** One instant that all filters are about, if they are about one. */
export function instantOf(anyOf: readonly (StoredInvitationFilter | StoredMemberFilter)[]): Date | null {
  const [first = null, ...others] = anyOf.flatMap(({ expiresBefore, expiresFrom }) =>
    [expiresBefore, expiresFrom].filter((instant) => instant !== null),
  );
  return others.every((other) => other.getTime() === first?.getTime()) ? first : null;
}

/**
 * Rows in the order in which they end by themselves, of an organization and of all: what a sweep looks for. And how far the
 * time has come that was asked for last: who keeps what has lapsed until then apart from the rest passes over neither.
 */
export class Lapsing<R> {
  readonly #moments = new Shelves<OrgId | null, string>();
  readonly #rows = new Map<string, R>();
  #reached = -Infinity;

  /** Whether a row has lapsed by the time that was reached. */
  isOver(row: Ending): boolean {
    return endOf(row.expiresAt) < this.#reached;
  }

  /** Moves on to an instant, or back to it: rows that are on the other side of it then are taken away before, and put back. */
  reach(at: Date, { take, put }: { readonly [Way in "take" | "put"]: (row: R) => void }): void {
    const [from, to] = [this.#reached, at.getTime()];
    const moving = from === to ? [] : [...this.#between(Math.min(from, to), Math.max(from, to))];
    moving.forEach(take);
    this.#reached = to;
    moving.forEach(put);
  }

  /** One without an end is no matter; one without an organization is among all. Of those that end at the same instant the key tells which comes first. */
  put(orgId: OrgId | null, end: Date | null, key: string, row: R): void {
    if (end !== null) {
      const moment = momentOf(end.getTime(), key);
      this.#moments.put(orgId, 0, moment);
      this.#moments.put(null, 0, moment);
      this.#rows.set(moment, row);
    }
  }

  take(orgId: OrgId | null, end: Date | null, key: string): void {
    if (end !== null) {
      const moment = momentOf(end.getTime(), key);
      this.#moments.take(orgId, 0, moment);
      this.#moments.take(null, 0, moment);
      this.#rows.delete(moment);
    }
  }

  /** Those that have lapsed at an instant, of one organization or of all. */
  before(orgId: OrgId | null, at: Date): Generator<R> {
    return this.#until(this.#moments.after(orgId, [0], null), at.getTime());
  }

  /** Those that end at one time or later, and before another. */
  #between(from: number, to: number): Generator<R> {
    return this.#until(this.#moments.after(null, [0], from === -Infinity ? null : momentOf(from, "")), to);
  }

  *#until(moments: Iterable<string>, time: number): Generator<R> {
    const end = momentOf(time, "");
    for (const moment of moments) {
      if (moment >= end) {
        return;
      }
      yield this.#rows.get(moment) as R;
    }
  }
}

/** A time before the year 10000, in milliseconds, and a key, ascending as they do. */
function momentOf(time: number, key: string): string {
  return `${String(time).padStart(15, "0")} ${key}`;
}
