import { expect, test } from "vitest";
import type { Decision } from "../src/decision.ts";
import type { TenancyError } from "../src/error-classes.ts";
import type { Code } from "../src/rejections.ts";

/** A way to spoil what would be accepted, and the code that answers it. */
export interface Fault<Given> {
  readonly code: Code;
  readonly spoil: (given: Given) => Given;
  /** The faults that cannot be there at the same time, by their codes: one row does not have two statuses. */
  readonly excludes?: readonly Code[];
}

/**
 * Tests that each fault alone is answered with its code, and that of two the earlier one is: each is paired with the
 * next one in the list that can be there at the same time.
 */
export function testPrecedence<Given>(
  answer: (given: Given) => Code | null,
  given: Given,
  faults: readonly Fault<Given>[],
): void {
  test("what has no fault is accepted", () => {
    expect(answer(given)).toBeNull();
  });

  test.each(faults)("$code answers where nothing else is wrong", ({ code, spoil }) => {
    expect(answer(spoil(given))).toBe(code);
  });

  const pairs = faults.flatMap((earlier, index) => {
    const later = faults.slice(index + 1).find(({ code }) => !(earlier.excludes ?? []).includes(code));
    return later === undefined ? [] : [{ earlier, later }];
  });
  test.each(pairs)("$earlier.code answers before $later.code", ({ earlier, later }) => {
    expect(answer(later.spoil(earlier.spoil(given)))).toBe(earlier.code);
  });
}

/** The code of a refusal; `null` where the decision is to accept. */
export function codeOf(decision: Decision<unknown>): Code | null {
  return decision.ok ? null : decision.code;
}

/** The code of the error that is thrown, if one is; an error that is not ours has none and fails the test. */
export function codeThrown(run: () => unknown): Code | null {
  try {
    run();
    return null;
  } catch (error) {
    return (error as TenancyError).code;
  }
}
