import type { Code, MutationOptions, TenancyOptions } from "@tenantry/core";
import type { Outcome } from "../assertions.ts";
import type { StoreUnderTest } from "../open-store.ts";
import type { Setting } from "./setting.ts";

/** One of several calls that meet. `options` hold the key by which its event is found. */
export type Side = (store: StoreUnderTest, setting: Setting, options: MutationOptions) => Promise<unknown>;
export type Named = readonly [name: string, side: Side];

/** What a call ends with. */
export type End = "ok" | Code;
export type Ends = readonly [left: End, right: End];
export type Start = (store: StoreUnderTest, setting: Setting) => Promise<Setting>;

/** Two calls on one setting, and everything that may come of them when they meet: what the two serial orders give. */
export interface Pair {
  /** As in the table of pairs; several rows may show one. */
  readonly number: number;
  readonly left: Named;
  readonly right: Named;
  readonly allowed: readonly Ends[];
  /** What happens before: the setting as the calls find it. */
  readonly start?: Start;
  readonly options?: TenancyOptions;
  /** Their events have no order: the calls are about different organizations, or one of them has no key. */
  readonly isAcross?: true;
  /** How far the clocks of the two callers are ahead, in milliseconds. */
  readonly ahead?: readonly [left: number, right: number];
  /** What in the answers does not go together. */
  readonly contradiction?: Contradiction;
  /** What in the answers does not go together with who came first. */
  readonly ordered?: (meeting: Meeting, isLeftFirst: boolean) => string | null;
  /** What does not hold for somebody who looks once both have ended, whoever they ask. */
  readonly afterwards?: (store: StoreUnderTest, setting: Setting) => Promise<string | null>;
}

/** What does not fit, or `null`. */
export type Contradiction = (meeting: Meeting) => string | null;

/** What came of the two calls. */
export interface Meeting {
  readonly left: Outcome;
  readonly right: Outcome;
  readonly setting: Setting;
}

/** Calls that meet by the eight or ten, and what they end with, sorted. */
export interface Storm {
  readonly number: number;
  readonly name: string;
  readonly calls: readonly Side[];
  readonly ends: readonly End[];
  readonly start?: Start;
  readonly options?: TenancyOptions;
  /** All calls have one key, so all answers are the same. */
  readonly isOneKey?: true;
}

/** One line of a table of pairs. */
export function pair(
  number: number,
  left: Named,
  right: Named,
  allowed: readonly Ends[],
  more: Omit<Pair, "number" | "left" | "right" | "allowed"> = {},
): Pair {
  return { number, left, right, allowed, ...more };
}

export function nameOf({ number, left, right, options }: Pair): string {
  const policy = options?.reinvite === undefined ? "" : ` (reinvite: ${options.reinvite})`;
  const [limit] = Object.entries(options?.limits ?? {});
  const limits = limit === undefined ? "" : ` (${limit[0]}: ${limit[1]})`;
  return `${number}: ${left[0]} and ${right[0]}${policy}${limits}`;
}
