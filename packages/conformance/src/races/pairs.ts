import type { StoreUnderTest } from "../open-store.ts";
import { bulkPairs } from "./bulk-pairs.ts";
import {
  accept,
  acceptOther,
  add,
  become,
  close,
  decline,
  demote,
  drop,
  found,
  foundAgain,
  having,
  invite,
  leave,
  pause,
  reinstate,
  remove,
  rename,
  resend,
  resume,
  suspend,
  swapHere,
  swapThere,
  sweep,
  take,
  transfer,
  withdraw,
} from "./calls.ts";
import {
  both,
  dup,
  first,
  fna,
  forb,
  itr,
  mna,
  nf,
  np,
  ok,
  ona,
  one,
  orElse,
  rank,
  second,
  slug,
  sole,
  sorted,
  susp,
  term,
  times,
  tna,
} from "./ends.ts";
import { lapsePairs } from "./lapse-pairs.ts";
import { limitPairs, limitStorms } from "./limit-pairs.ts";
import { type Named, type Pair, pair, type Start, type Storm } from "./pair.ts";
import { readPairs } from "./read-pairs.ts";
import { added, type Setting } from "./setting.ts";
import {
  alone,
  invitedX,
  lapsed,
  neighbour,
  noOffer,
  offersAcross,
  ownership,
  suspendedX,
  twoOffers,
} from "./starts.ts";

// The pairs as data: an operation that is new adds its lines here.

/** The version that both calls expect: one of them has been overtaken. */
const atVersion = (call: Named): Named => having(call, () => ({ expectedVersion: VERSION_OF_A_SETTING }));
/** A setting is made by six mutations. */
const VERSION_OF_A_SETTING = 6;
/** A key that both calls have. */
const withOneKey = (call: Named): Named => having(call, () => ({ idempotencyKey: "shared" }));

/** Every pair of which one call could be decided on what the other one makes untrue. */
export const pairs: readonly Pair[] = [
  pair(1, leave("a"), leave("b"), one(sole)),
  pair(2, demote("a"), demote("b"), one(sole)),
  pair(3, suspend("a"), suspend("b"), one(sole)),
  pair(4, leave("a"), demote("b"), one(sole)),
  pair(4, leave("a"), suspend("b"), one(sole)),
  pair(4, demote("a"), suspend("b"), one(sole)),
  pair(6, leave("a", "b"), leave("b"), orElse(sole, nf)),
  pair(7, leave("a", "x"), leave("x"), orElse(mna, nf), { start: alone }),
  pair(8, leave("a", "x"), leave("a", "d"), one(mna)),
  pair(9, transfer("a", "b"), transfer("b", "a"), one(tna)),
  pair(10, transfer("a", "x"), transfer("a", "d"), one(fna)),
  pair(11, transfer("a", "x"), remove("x", "d"), orElse(mna, tna)),
  pair(11, transfer("a", "x"), suspend("x"), orElse(mna, tna)),
  pair(11, transfer("a", "x"), leave("x"), orElse(mna, tna)),
  pair(11, transfer("a", "x"), become("x", "guest"), orElse(mna, tna)),
  pair(12, transfer("a", "x"), leave("b"), both),
  pair(13, transfer("a", "x"), close, first(fna)),
  pair(14, become("x", "admin"), become("x", "guest"), one(mna)),
  pair(15, become("x", "guest"), remove("x", "d"), one(mna)),
  pair(15, become("x", "guest"), leave("x"), one(mna)),
  pair(15, become("x", "guest"), suspend("x"), one(mna)),
  pair(16, remove("x", "d"), leave("x"), one(mna)),
  pair(17, suspend("x"), remove("x", "d"), first(mna)),
  pair(17, suspend("x"), leave("x"), first(mna)),
  pair(18, suspend("x"), suspend("x"), one(mna)),
  pair(19, suspend("x"), reinstate("x"), second(itr)),
  pair(20, suspend("x"), reinstate("x"), first(mna), { start: suspendedX }),
  pair(21, reinstate("x"), reinstate("x"), one(itr), { start: suspendedX }),
  pair(
    22,
    reinstate("x"),
    accept,
    [
      [ok, dup],
      [ok, susp],
    ],
    { start: invitedX },
  ),
  pair(
    22,
    reinstate("x"),
    add,
    [
      [ok, dup],
      [ok, susp],
    ],
    { start: invitedX },
  ),
  pair(23, remove("e", "d"), remove("d", "e"), one(forb)),
  pair(24, remove("x", "d"), demote("d"), first(forb)),
  pair(24, remove("x", "d"), suspend("d"), first(forb)),
  pair(24, remove("x", "d"), remove("d", "a"), first(forb)),
  pair(25, add, add, one(dup)),
  pair(26, add, accept, one(dup)),
  pair(28, accept, acceptOther, one(dup), { start: twoOffers }),
  pair(29, accept, withdraw, one(np)),
  pair(29, accept, decline, one(np)),
  pair(30, accept, resend("d"), second(np)),
  pair(30, resend("d"), withdraw, first(np)),
  pair(30, resend("d"), resend("e"), both),
  pair(30, resend("d"), remove("d", "a"), first(forb)),
  pair(30, resend("d"), pause, first(ona)),
  pair(30, resend("d"), close, first(forb)),
  pair(32, accept, pause, first(ona)),
  pair(33, accept, close, first(np)),
  pair(34, accept, remove("d", "a"), first(forb)),
  pair(34, accept, suspend("d"), first(forb)),
  pair(34, accept, demote("d"), first(forb)),
  pair(35, accept, become("b", "admin"), first(rank), { start: ownership }),
  pair(36, add, pause, first(ona)),
  pair(36, invite("d"), pause, first(ona)),
  pair(36, become("x", "guest"), pause, first(ona)),
  pair(36, reinstate("x"), pause, first(ona), { start: suspendedX }),
  pair(37, add, close, first(ona)),
  pair(37, invite("d"), close, first(ona)),
  pair(38, invite("d"), remove("d", "a"), first(forb)),
  pair(39, invite("d"), invite("e"), both),
  pair(39, invite("d"), invite("e"), both, { options: { reinvite: "replace" } }),
  pair(39, invite("d"), invite("e"), one("conflict.duplicate_invitation"), {
    start: noOffer,
    options: { reinvite: "reject" },
  }),
  pair(40, become("x", "guest"), close, first(mna)),
  pair(40, leave("x"), close, first(mna)),
  pair(40, suspend("x"), close, first(mna)),
  pair(41, reinstate("x"), close, first(itr), { start: suspendedX }),
  pair(42, close, close, one(term)),
  pair(43, pause, close, first(term)),
  pair(43, rename("Other"), close, first(term)),
  pair(44, pause, resume, second(itr)),
  pair(45, rename("Other"), take, both),
  pair(45, rename("One"), rename("Other"), both),
  pair(46, found, found, one(slug), { isAcross: true }),
  pair(46, take, found, one(slug), { isAcross: true }),
  pair(47, swapHere, swapThere, [[slug, slug]], { isAcross: true, start: neighbour }),
  pair(48, drop, foundAgain, second(slug), { isAcross: true }),
  pair(48, close, foundAgain, second(slug), { isAcross: true }),
  pair(49, accept, acceptOther, both, { isAcross: true, start: offersAcross }),
  pair(58, sweep, close, both, { isAcross: true, start: lapsed }),
  pair(51, withOneKey(add), withOneKey(suspend("x")), one("conflict.idempotency")),
  pair(51, withOneKey(rename("One")), withOneKey(rename("Other")), one("conflict.idempotency")),
  pair(52, atVersion(rename("One")), atVersion(rename("Other")), one("conflict.version")),
  ...lapsePairs,
  ...readPairs,
  ...limitPairs,
  ...bulkPairs,
];

const eightOwners: Start = async (store, setting) => {
  const owners = [...setting.owners];
  while (owners.length < 8) {
    owners.push(await added(store, setting.orgId, "owner"));
  }
  return { ...setting, owners };
};
const leaving =
  (place: number) =>
  (store: StoreUnderTest, { owners }: Setting, options: object) =>
    store.selfLeave({ memId: (owners[place] as Setting["a"]).id }, options);
/** More than two calls at once. */
export const storms: readonly Storm[] = [
  {
    number: 5,
    name: "eight owners leave",
    start: eightOwners,
    calls: Array.from({ length: 8 }, (_, place) => leaving(place)),
    ends: sorted(7, 1, sole),
  },
  { number: 25, name: "eight add U", calls: times(8, add[1]), ends: sorted(1, 7, dup) },
  { number: 27, name: "eight accept V as U", calls: times(8, accept[1]), ends: sorted(1, 7, np) },
  {
    number: 27,
    name: "eight people accept V",
    calls: times(8, (store: StoreUnderTest, { v }: Setting, options: object) =>
      store.acceptInvitation({ invId: v.id }, options),
    ),
    ends: sorted(1, 7, np),
  },
  { number: 50, name: "ten add U with one key", isOneKey: true, calls: times(10, add[1]), ends: times(10, ok) },
  ...limitStorms,
];
