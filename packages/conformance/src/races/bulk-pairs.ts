import type { BulkReport, Membership, RemoveUserResult, TenancyEvent } from "@tenantry/core";
import { add, become, close, demote, invite, leave, pause, remove, suspend } from "./calls.ts";
import { both, dup, first, forb, mna, ona, one, second, sole } from "./ends.ts";
import { addMany, addManyWith, becomeMany, inviteMany, removal, removeMany } from "./many-calls.ts";
import { type Contradiction, type Meeting, type Pair, pair } from "./pair.ts";
import { alone, noOffer } from "./starts.ts";

/** What the removal on the left did, and where it was refused. */
function removed({ left }: Meeting): RemoveUserResult {
  return (left.ok ? left.result : { done: [], left: [], more: false }) as RemoveUserResult;
}

/** Whoever removes is refused exactly where the other call left them as the last owner. */
const refusedIfLast: Contradiction = (meeting) => {
  const { done, left } = removed(meeting);
  const isRefused = left.some(({ code }) => code === "conflict.sole_owner");
  return isRefused === meeting.right.ok && done.length === (isRefused ? 0 : 1)
    ? null
    : "of two owners both went, or none";
};
const closedOverHeads: Contradiction = (meeting) =>
  meeting.right.ok && removed(meeting).done.some(({ how }) => how === "revoked")
    ? "an organization was closed over the head of another owner"
    : null;
/** The successor that an only owner names comes before whoever else becomes an owner, or not at all. */
const handedOver: Pair["afterwards"] = async (store, { orgId }) => {
  const types = ["membership.left", "membership.role_changed"] as const;
  const { data } = await store.listEvents(orgId, { types, limit: 100 });
  const isTold = (wanted: (event: TenancyEvent) => boolean): number => data.findIndex(wanted);
  const promotion = isTold((event) => event.type === "membership.role_changed" && event.data.to === "owner");
  const handover = isTold((event) => event.type === "membership.left" && event.data.transfer !== null);
  return handover > promotion ? "ownership was handed over where there was another owner" : null;
};
const doneOnce: Contradiction = (meeting) => {
  const { right } = meeting;
  const all = [...removed(meeting).done, ...(right.ok ? (right.result as RemoveUserResult).done : [])];
  return all.length === 1 ? null : `what was to be done once was done ${all.length} times`;
};

/** Whoever is still there when many are added is refused, and nobody else. */
const refusedIfThere: Pair["ordered"] = ({ left }, isLeftFirst) => {
  const { refused } = (left.ok ? left.result : { refused: 0 }) as BulkReport<Membership>;
  return refused === (isLeftFirst ? 1 : 0) ? null : `${refused} of many rows were refused`;
};

/** Many rows in one commit, and what is done in many organizations, against single calls. */
export const bulkPairs: readonly Pair[] = [
  pair(60, addMany("all"), add, one(dup)),
  pair(60, addMany("each"), add, second(dup)),
  pair(60, addMany("each"), addMany("each"), both),
  pair(60, addMany("all"), addMany("each"), first(dup)),
  // One row is refused for what the other call makes untrue: what it answers of that row is to fit when it commits.
  pair(60, addManyWith("x"), leave("x"), both, { ordered: refusedIfThere }),
  pair(60, addMany("all"), close, first(ona)),
  pair(60, becomeMany("member", "a"), leave("b"), one(sole)),
  pair(60, becomeMany("member", "a", "d"), becomeMany("member", "b", "e"), one(sole)),
  pair(60, becomeMany("guest", "x", "e"), become("x", "admin"), one(mna)),
  pair(60, becomeMany("guest", "x", "e"), close, first(mna)),
  // One row changes nothing, and is answered as it is: that too is to be true when the other row is done.
  pair(60, becomeMany("admin", "x", "e"), suspend("e"), first(mna)),
  pair(60, removeMany("d", "x", "e"), demote("d"), first(forb)),
  pair(60, removeMany("d", "x", "e"), leave("x"), one(mna)),
  pair(60, removeMany("d", "x"), removeMany("e", "x"), one(mna)),
  pair(60, inviteMany("d"), pause, first(ona)),
  pair(60, inviteMany("d"), remove("d", "a"), first(forb)),
  pair(60, inviteMany("d"), invite("e"), one("conflict.duplicate_invitation"), {
    start: noOffer,
    options: { reinvite: "reject" },
  }),
  pair(60, inviteMany("d"), inviteMany("e"), both, { options: { reinvite: "replace" } }),
  pair(61, removal("a"), leave("b"), second(sole), { isAcross: true, contradiction: refusedIfLast }),
  pair(61, removal("a"), demote("b"), second(sole), { isAcross: true, contradiction: refusedIfLast }),
  pair(61, removal("x"), leave("x"), second(mna), { isAcross: true }),
  pair(61, removal("x"), suspend("x"), second(mna), { isAcross: true }),
  pair(61, removal("x"), removal("x"), both, { isAcross: true, contradiction: doneOnce }),
  pair(61, removal("a", "x"), leave("x"), second(mna), { isAcross: true, start: alone }),
  // Whoever is not the only owner any more leaves, and hands nothing over.
  pair(61, removal("a", "x"), become("d", "owner"), both, { isAcross: true, start: alone, afterwards: handedOver }),
  pair(61, removal("a", "revoke"), become("x", "owner"), second(mna), {
    isAcross: true,
    start: alone,
    contradiction: closedOverHeads,
  }),
  pair(61, removal("d"), remove("x", "d"), second(forb), { isAcross: true }),
];
