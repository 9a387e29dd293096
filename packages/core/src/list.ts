import type { Found, Rejected } from "./decision.ts";
import type { OrgId, Page } from "./model.ts";
import type { Concern } from "./operation.ts";
import type { AnswersTo, OrgRef, Plan } from "./read.ts";

/** A query in parts: what is asked, what must exist, and the answer in the caller's terms. All parts are pure. */
export interface Query<Args extends readonly unknown[], Input, P extends Plan, R> {
  /** As the method is called. */
  readonly name: string;
  readonly parse: (...args: Args) => Input;
  readonly reads: (input: Input, now: Date) => P;
  readonly answer: (input: Input, answers: AnswersTo<P>, now: Date) => Found<R> | Rejected;
  /** Which organization it is about, for those who ask on behalf of themselves; left out or `null`: none. */
  readonly of?: (input: Input) => OrgRef | null;
  /** An organization that the input names as the object of tuples; left out or `null`: none. */
  readonly object?: (input: Input) => OrgId | null;
  /** Whom it is about. Nobody in particular, where this is left out. */
  readonly concerns?: (input: Input, answers: AnswersTo<P>) => readonly Concern[];
  /** What of the answer is shown to those who ask on behalf of themselves; all of it, where this is left out. */
  readonly forOneself?: (answer: R) => R;
}

/** One row more than the page holds was asked for; whether it is there says whether there is a next page. */
export function page<T extends { readonly id: string }>(rows: readonly T[], limit: number): Page<T> {
  const data = rows.slice(0, limit);
  const last = rows.length > limit ? data.at(-1) : undefined;
  return { data, nextCursor: last?.id ?? null };
}
