import type { Rejected } from "../decision.ts";
import type { Refusal } from "../rejections.ts";

// Plans show a bounded part of what may be very many.

/** So many are counted at most. */
export const MOST_COUNTED = 1000;
/** So many are shown. */
export const EXAMPLES = 10;

/** How many there are, up to 1,000, and the first ten of them. */
export interface Counted<T> {
  readonly count: number;
  /** Whether there are others that were not counted. */
  readonly isMore: boolean;
  readonly examples: readonly T[];
}

/** `number` is of one more than are counted, where there are as many. */
export function counted<T>(number: number, examples: readonly T[]): Counted<T> {
  return { count: Math.min(number, MOST_COUNTED), isMore: number > MOST_COUNTED, examples };
}

/** What refuses an operation; `null` where nothing does. */
export function refusalOf(decision: { readonly ok: true } | Rejected): Refusal | null {
  return decision.ok ? null : ({ code: decision.code, details: decision.details } as Refusal);
}
