import type { EventsPage, Membership, Page } from "@tenantry/core";
import type { Outcome } from "../assertions.ts";
import type { StoreUnderTest } from "../open-store.ts";
import { become, close, remove, suspend } from "./calls.ts";
import { both } from "./ends.ts";
import { addMany } from "./many-calls.ts";
import { type Contradiction, type Named, type Pair, pair } from "./pair.ts";
import type { Setting } from "./setting.ts";

// Whoever reads sees what was before a call or what came of it, and only the second once it was acknowledged.

const check: Named = [
  "check X",
  (store, { orgId, x }) => store.check({ subject: x.usrId, relation: "member", object: orgId }),
];
const look: Named = ["get X", (store, { x }) => store.getMembership(x.id)];
const list: Named = [
  "list who is active",
  (store, { orgId }) => store.listMembers(orgId, { status: "active", total: true }),
];
const walk: Named = [
  "walk over the members",
  async (store, { orgId }) => {
    const ids: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Page<Membership> = await store.listMembers(
        orgId,
        cursor === undefined ? { limit: 2 } : { limit: 2, cursor },
      );
      ids.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    return ids;
  },
];
const follow: Named = [
  "follow the events",
  async (store, { orgId }) => {
    const seqs: number[] = [];
    for (let hasMore = true; hasMore; ) {
      const page: EventsPage = await store.listEvents(orgId, { limit: 2, after: seqs.at(-1) ?? 0 });
      seqs.push(...page.data.map(({ seq }) => seq));
      hasMore = page.hasMore;
    }
    return seqs;
  },
];

const answer = <T>({ left }: { readonly left: Outcome }): T | null => (left.ok ? (left.result as T) : null);

/** Everybody who was active, or all but X, or nobody: never a part. */
const inParts: Contradiction = (meeting) => {
  const page = answer<Page<Membership>>(meeting);
  const count = page?.data.length ?? 0;
  return [5, 4, 0].includes(count) && page?.total === count ? null : `${count} of ${page?.total} were listed`;
};
const missed: Contradiction = (meeting) => {
  const ids = answer<readonly string[]>(meeting) ?? [];
  const { a, b, d, e, x } = meeting.setting;
  return new Set(ids).size === ids.length && [a, b, d, e, x].every(({ id }) => ids.includes(id))
    ? null
    : "somebody who was there is missing in the walk, or there twice (H07)";
};
const gap: Contradiction = (meeting) => {
  const seqs = answer<readonly number[]>(meeting) ?? [];
  return seqs.length > 0 && seqs.every((seq, place) => seq === place + 1)
    ? null
    : `the events that were followed are ${seqs.join(", ")} (H07)`;
};

/** Once it is acknowledged that X is not active any more, nobody sees that they are. */
async function gone(store: StoreUnderTest, { orgId, x }: Setting): Promise<string | null> {
  const holds = await store.check({ subject: x.usrId, relation: "member", object: orgId });
  const { status } = await store.getMembership(x.id);
  const { data } = await store.listMembers(orgId, { status: "active" });
  return holds || status === "active" || data.some(({ id }) => id === x.id) ? "X is still active" : null;
}

const acknowledged = { isAcross: true, afterwards: gone } as const;

export const readPairs: readonly Pair[] = [
  pair(55, check, remove("x", "d"), both, acknowledged),
  pair(55, check, suspend("x"), both, acknowledged),
  pair(55, check, close, both, acknowledged),
  pair(55, look, remove("x", "d"), both, acknowledged),
  pair(55, list, remove("x", "d"), both, { ...acknowledged, contradiction: inParts }),
  pair(55, list, close, both, { ...acknowledged, contradiction: inParts }),
  pair(56, walk, become("x", "guest"), both, { isAcross: true, contradiction: missed }),
  pair(56, walk, addMany("all"), both, { isAcross: true, contradiction: missed }),
  pair(56, follow, addMany("all"), both, { isAcross: true, contradiction: gap }),
];
