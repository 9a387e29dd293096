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

/** Rows in the order in which they end by themselves, of an organization and of all: what a sweep looks for. */
export class Lapsing<R> {
  readonly #moments = new Shelves<OrgId | null, string>();
  readonly #rows = new Map<string, R>();

  /** One without an end is no matter. Of those that end at the same instant the key tells which comes first. */
  put(orgId: OrgId, end: Date | null, key: string, row: R): void {
    if (end !== null) {
      const moment = momentOf(end, key);
      this.#moments.put(orgId, 0, moment);
      this.#moments.put(null, 0, moment);
      this.#rows.set(moment, row);
    }
  }

  take(orgId: OrgId, end: Date | null, key: string): void {
    if (end !== null) {
      const moment = momentOf(end, key);
      this.#moments.take(orgId, 0, moment);
      this.#moments.take(null, 0, moment);
      this.#rows.delete(moment);
    }
  }

  /** Those that have lapsed at an instant, of one organization or of all. */
  *before(orgId: OrgId | null, at: Date): Generator<R> {
    const end = momentOf(at, "");
    for (const moment of this.#moments.after(orgId, [0], null)) {
      if (moment >= end) {
        return;
      }
      yield this.#rows.get(moment) as R;
    }
  }

  countBefore(orgId: OrgId, at: Date): number {
    let count = 0;
    for (const _ of this.before(orgId, at)) {
      count += 1;
    }
    return count;
  }
}

/** An instant before the year 10000 and a key, ascending as they do. */
function momentOf(end: Date, key: string): string {
  return `${String(end.getTime()).padStart(15, "0")} ${key}`;
}
