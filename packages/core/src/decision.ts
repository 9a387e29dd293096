import type { Write } from "./change.ts";
import type { Code, OfRow, Rejections } from "./rejections.ts";

/** A refusal: nothing is written. `hidden` reaches the error as properties that are not enumerable. */
export type Rejected<C extends Code = Code> = {
  readonly [K in C]: {
    readonly ok: false;
    readonly code: K;
    readonly details: Rejections[K] & OfRow;
    readonly hidden?: Readonly<Record<string, unknown>>;
  };
}[C];

/** A result, and what has to be written for it to be true. `write: null`: nothing, it is true already. */
export interface Accepted<R> {
  readonly ok: true;
  readonly result: R;
  readonly write: Write | null;
}

export type Decision<R> = Accepted<R> | Rejected;

/** The organization that was addressed, its version for `expectedVersion`, and everything the decision rests on. */
export interface Found<F> {
  readonly ok: true;
  readonly facts: F;
}

export function accept<R>(result: R, write: Write): Accepted<R> {
  return { ok: true, result, write };
}

/** Accepted without a change: no event, no version step, no key. */
export function noChange<R>(result: R): Accepted<R> {
  return { ok: true, result, write: null };
}

export function reject<C extends Code>(
  code: C,
  details: Rejections[C],
  hidden?: Readonly<Record<string, unknown>>,
): Rejected<C> {
  const rejected = hidden === undefined ? { ok: false, code, details } : { ok: false, code, details, hidden };
  return rejected as Rejected<C>;
}

export function found<F>(facts: F): Found<F> {
  return { ok: true, facts };
}
