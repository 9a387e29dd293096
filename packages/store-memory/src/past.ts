import type { Membership, MemId, OrgId, Read } from "@tenantry/core";
import { merged, Shelves } from "./ordered.ts";

// Who was a member at an instant began no later and ended later, and a page has them by id. Who began no later is found before
// the last id of that time. Who ended later is a member still, or ended in a later week of the same sixteen, or in later
// sixteen weeks: shelves, however many came and went before.

const WEEK = 7 * 24 * 3600 * 1000;
const SPAN = 16;

/** Memberships that ended, by when; and those whose ids are newer than they are. */
export class Past {
  /** Two shelves for each: one for the week in which it ended, one for the sixteen weeks. */
  readonly #ended = new Shelves<OrgId, MemId>();
  readonly #backdated = new Shelves<OrgId, MemId>();

  put(row: Membership): void {
    for (const [shelves, number] of this.#placesOf(row)) {
      shelves.put(row.orgId, number, row.id);
    }
  }

  take(row: Membership): void {
    for (const [shelves, number] of this.#placesOf(row)) {
      shelves.take(row.orgId, number, row.id);
    }
  }

  /** Those who may have been members at an instant, of whom some are live, by id. */
  *before({ orgId, at, after }: Read<"membersAt">, live: Iterable<MemId>): Generator<MemId> {
    const week = weekOf(at);
    const isLater = (number: number): boolean =>
      number % 2 === 0 ? number >= 2 * week && spanOf(number / 2) === spanOf(week) : number > 2 * spanOf(week) + 1;
    const ended = this.#ended.after(orgId, this.#ended.numbers(orgId).filter(isLater), after);
    const known = upTo(merged([live, ended]), lastId(at));
    let last: MemId | null = null;
    // One that is backdated may be among the others, too.
    for (const id of merged([known, this.#backdated.after(orgId, [0], after)])) {
      if (id !== last) {
        yield id;
      }
      last = id;
    }
  }

  #placesOf({ id, status, createdAt, updatedAt }: Membership): readonly (readonly [Shelves<OrgId, MemId>, number])[] {
    const week = weekOf(updatedAt);
    return [
      ...(status === "revoked" ? ([2 * week, 2 * spanOf(week) + 1] as const) : []).map(
        (number) => [this.#ended, number] as const,
      ),
      ...(id > lastId(createdAt) ? [[this.#backdated, 0] as const] : []),
    ];
  }
}

/** Weeks have numbers, and so have sixteen of them. */
function weekOf(instant: Date): number {
  return Math.floor(instant.getTime() / WEEK);
}

function spanOf(week: number): number {
  return Math.floor(week / SPAN);
}

/** The last id of version 7 that was made up to an instant, by clocks that differ by a minute. */
function lastId(instant: Date): MemId {
  const time = Math.min(Math.max(instant.getTime() + 60_000, 0), 2 ** 48 - 1);
  return `mem_${time.toString(16).padStart(12, "0")}${"f".repeat(20)}`;
}

function* upTo(ids: Iterable<MemId>, last: MemId): Generator<MemId> {
  for (const id of ids) {
    if (id > last) {
      return;
    }
    yield id;
  }
}
