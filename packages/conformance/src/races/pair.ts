import type { Code, MutationOptions, TenancyOptions } from "@tenantry/core";
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
}

/** Calls that meet by the eight or ten, and what they end with, sorted. */
export interface Storm {
  readonly number: number;
  readonly name: string;
  readonly calls: readonly Side[];
  readonly ends: readonly End[];
  readonly start?: Start;
  /** All calls have one key, so all answers are the same. */
  readonly isOneKey?: true;
}

export function nameOf({ number, left, right, options }: Pair): string {
  const policy = options?.reinvite === undefined ? "" : ` (reinvite: ${options.reinvite})`;
  return `${number}: ${left[0]} and ${right[0]}${policy}`;
}
