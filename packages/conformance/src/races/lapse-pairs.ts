import type { SweepResult } from "@tenantry/core";
import type { Outcome } from "../assertions.ts";
import {
  accept,
  acceptOther,
  addAgain,
  addAnother,
  become,
  extend,
  leave,
  resend,
  sweep,
  sweepGrants,
  sweepMembers,
} from "./calls.ts";
import { both, dup, first, mna, np, ok, orElse } from "./ends.ts";
import { type Contradiction, type End, type Pair, pair } from "./pair.ts";
import { HOUR } from "./setting.ts";
import { boxedX, grantedForHours, lapsed } from "./starts.ts";

const expired: End = "conflict.invitation_expired";
/** To the caller on the right everything of a setting that lapses has lapsed. */
const rightIsLate = { ahead: [0, 3 * HOUR], isAcross: true } as const;
/** To both. */
const bothAreLate = { ahead: [3 * HOUR, 3 * HOUR], isAcross: true } as const;

const swept = (outcome: Outcome): readonly unknown[] =>
  outcome.ok ? (outcome.result as SweepResult<unknown>).expired : [];

/** What the left call still found is not swept by the right one, and what was swept it did not find. */
const sweptOrFound: Contradiction = ({ left, right }) =>
  left.ok === (swept(right).length === 0) ? null : "what one of them found the other one has swept, or neither did";
/** Everything that has lapsed is in exactly one of the answers. */
const sweptOnce =
  (most: number): Contradiction =>
  ({ left, right }) => {
    const all = [...swept(left), ...swept(right)];
    return new Set(all).size === all.length && all.length === most
      ? null
      : `${most} had lapsed, and ${all.length} were swept`;
  };

/** Of calls one of which comes when something has lapsed, whatever the clock of the other one says. */
export const lapsePairs: readonly Pair[] = [
  pair(
    31,
    accept,
    sweep,
    [
      [ok, ok],
      [expired, ok],
    ],
    { ...rightIsLate, contradiction: sweptOrFound },
  ),
  pair(31, resend("d"), sweep, first(np), rightIsLate),
  pair(54, sweep, sweep, both, { isAcross: true, start: lapsed, contradiction: sweptOnce(2) }),
  pair(62, extend("x"), sweepMembers, first(mna), { ...rightIsLate, start: boxedX, contradiction: sweptOrFound }),
  pair(62, leave("x"), sweepMembers, first(mna), { ...rightIsLate, start: boxedX, contradiction: sweptOrFound }),
  pair(62, extend("x"), addAgain("x"), orElse(dup, mna), { ...rightIsLate, start: boxedX }),
  pair(62, become("x", "viewer"), addAgain("x"), first(mna), { ahead: [0, 3 * HOUR], start: boxedX }),
  pair(62, sweepMembers, addAgain("x"), both, { ...bothAreLate, start: boxedX }),
  pair(62, sweepMembers, sweepMembers, both, { ...bothAreLate, start: boxedX, contradiction: sweptOnce(1) }),
  // Whose time is over takes no place, written down or not.
  pair(62, sweepMembers, addAnother, both, { ...bothAreLate, start: boxedX, options: { limits: { members: 5 } } }),
  pair(62, acceptOther, sweepGrants, both, {
    ...rightIsLate,
    start: grantedForHours,
    async afterwards(store, { u, slug }) {
      const holds = await store.check({ subject: u, relation: "viewer", object: { type: "project", id: slug } });
      return holds ? null : "a grant for good went with one for hours";
    },
  }),
];
