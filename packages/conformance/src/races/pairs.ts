import type { StoreUnderTest } from "../open-store.ts";
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
import type { End, Ends, Named, Pair, Start, Storm } from "./pair.ts";
import { added, invited, lapsing, type Setting, settled } from "./setting.ts";

// The pairs as data: an operation that is new adds its lines here.

const sole: End = "conflict.sole_owner";
const dup: End = "conflict.duplicate_membership";
const np: End = "conflict.invitation_not_pending";
const term: End = "conflict.already_terminal";
const slug: End = "conflict.org_slug";
const ona: End = "precondition.org_not_active";
const mna: End = "precondition.mem_not_active";
const itr: End = "precondition.invalid_transition";
const fna: End = "precondition.from_not_active";
const tna: End = "precondition.to_not_active";
const susp: End = "precondition.membership_suspended";
const forb: End = "forbidden";
const rank: End = "forbidden.role_hierarchy";
const nf: End = "not_found";

const ok: End = "ok";
const both: readonly Ends[] = [[ok, ok]];
/** One succeeds, and it may be either. */
const one = (loses: End): readonly Ends[] => [
  [ok, loses],
  [loses, ok],
];
/** The right call succeeds in any case; the left one comes before it, or is refused. */
const first = (loses: End): readonly Ends[] => [
  [ok, ok],
  [loses, ok],
];
/** The left call succeeds in any case. */
const second = (loses: End): readonly Ends[] => [
  [ok, ok],
  [ok, loses],
];
const orElse = (rightLoses: End, leftLoses: End): readonly Ends[] => [
  [ok, rightLoses],
  [leftLoses, ok],
];

const alone: Start = async (store, setting) => {
  await store.selfLeave({ memId: setting.b.id });
  return setting;
};
const suspendedX: Start = async (store, setting) => ({ ...setting, x: await store.suspendMembership(setting.x.id) });
const invitedX: Start = async (store, setting) => ({ ...(await suspendedX(store, setting)), u: setting.x.usrId });
const ownership: Start = async (store, setting) => ({
  ...setting,
  v: await invited(store, { orgId: setting.orgId, by: setting.b, role: "owner" }),
});
const twoOffers: Start = async (store, setting) => ({
  ...setting,
  w: await invited(store, { orgId: setting.orgId, by: setting.a }),
});
const noOffer: Start = async (store, setting) => {
  await store.revokeInvitation({ invId: setting.v.id, adminUsrId: setting.a.usrId });
  return setting;
};
/** Besides V there are two offers that have lapsed. */
const lapsed: Start = async (store, setting) => {
  await lapsing(store, setting.orgId, [setting.a, setting.d]);
  return setting;
};
const neighbour: Start = async (store, setting) => ({ ...setting, other: await settled(store, `x-${setting.slug}`) });
/** One user is invited to two organizations, with the same grants in opposite order. */
const offersAcross: Start = async (store, setting) => {
  const there = await settled(store, `x-${setting.slug}`);
  const objects = ["1", "2", "3"].map((part) => `${setting.slug} ${part}`);
  return {
    ...setting,
    v: await invited(store, { orgId: setting.orgId, by: setting.a, objects }),
    w: await invited(store, { orgId: there.orgId, by: there.a, objects: [...objects].reverse() }),
  };
};
/** The version that both calls expect: one of them has been overtaken. */
const atVersion = (call: Named): Named => having(call, () => ({ expectedVersion: VERSION_OF_A_SETTING }));
/** A setting is made by six mutations. */
const VERSION_OF_A_SETTING = 6;
/** A key that both calls have. */
const withOneKey = (call: Named): Named => having(call, () => ({ idempotencyKey: "shared" }));

function pair(
  number: number,
  left: Named,
  right: Named,
  allowed: readonly Ends[],
  more: Pick<Pair, "start" | "options" | "isAcross"> = {},
): Pair {
  return { number, left, right, allowed, ...more };
}

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
  pair(54, sweep, sweep, both, { isAcross: true, start: lapsed }),
  pair(58, sweep, close, both, { isAcross: true, start: lapsed }),
  pair(51, withOneKey(add), withOneKey(suspend("x")), one("conflict.idempotency")),
  pair(52, atVersion(rename("One")), atVersion(rename("Other")), one("conflict.version")),
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
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);
const sorted = (won: number, lost: number, loses: End): readonly End[] => [...times(won, ok), ...times(lost, loses)];

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
];
