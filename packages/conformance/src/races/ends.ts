import type { End, Ends } from "./pair.ts";

// What calls that meet end with, in short.

export const sole: End = "conflict.sole_owner";
export const dup: End = "conflict.duplicate_membership";
export const np: End = "conflict.invitation_not_pending";
export const term: End = "conflict.already_terminal";
export const slug: End = "conflict.org_slug";
export const ona: End = "precondition.org_not_active";
export const mna: End = "precondition.mem_not_active";
export const itr: End = "precondition.invalid_transition";
export const fna: End = "precondition.from_not_active";
export const tna: End = "precondition.to_not_active";
export const susp: End = "precondition.membership_suspended";
export const forb: End = "forbidden";
export const rank: End = "forbidden.role_hierarchy";
export const nf: End = "not_found";

export const ok: End = "ok";
export const both: readonly Ends[] = [[ok, ok]];
/** One succeeds, and it may be either. */
export const one = (loses: End): readonly Ends[] => [
  [ok, loses],
  [loses, ok],
];
/** The right call succeeds in any case; the left one comes before it, or is refused. */
export const first = (loses: End): readonly Ends[] => [
  [ok, ok],
  [loses, ok],
];
/** The left call succeeds in any case. */
export const second = (loses: End): readonly Ends[] => [
  [ok, ok],
  [ok, loses],
];
export const orElse = (rightLoses: End, leftLoses: End): readonly Ends[] => [
  [ok, rightLoses],
  [leftLoses, ok],
];

export const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);
export const sorted = (won: number, lost: number, loses: End): readonly End[] => [
  ...times(won, ok),
  ...times(lost, loses),
];
