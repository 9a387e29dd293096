import { expect, test } from "vitest";
import type { TenancyError } from "../src/error-classes.ts";
import { isTenancyError } from "../src/errors.ts";

// What the tests of the value rules share.

/** The error that is thrown; one that is not ours fails the test. */
export function refusal(run: () => unknown): TenancyError {
  try {
    run();
  } catch (error) {
    if (isTenancyError(error)) {
      return error;
    }
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Tests that a check gives back what it accepts and refuses the rest with one code. */
export function testRule(
  check: (value: unknown) => unknown,
  code: string,
  accepted: readonly unknown[],
  refused: readonly unknown[],
): void {
  test.each(accepted.map((value) => ({ value, title: titleOf(value) })))("$title is accepted as it is", ({ value }) => {
    expect(check(value)).toEqual(value);
  });

  test.each(refused.map((value) => ({ value, title: titleOf(value) })))(`$title is ${code}`, ({ value }) => {
    expect(refusal(() => check(value)).code).toBe(code);
  });
}

/** A value in the title of a test: no code of it runs, and it is short. */
function titleOf(value: unknown): string {
  if (typeof value === "string") {
    return value.length > 80 ? `text of ${value.length} units like ${value.slice(0, 5)}` : JSON.stringify(value);
  }
  return typeof value === "object" && value !== null
    ? `an object (${Object.prototype.toString.call(value)})`
    : String(value);
}

/** Values that are no strings. */
export const noText: readonly unknown[] = [
  undefined,
  42,
  true,
  {},
  ["acme"],
  Symbol("text"),
  () => "text",
  new String("acme"),
];

/** Text that holds what text must not: control characters and lone surrogates. */
export const brokenText: readonly string[] = [
  "a\0b",
  "a\nb",
  "a\rb",
  "a\u001bb",
  "a\u0085b",
  "a\u007fb",
  "\ud800",
  "a\udc00",
];

export const MEGA = 1_000_000;

/** A proxy whose every trap throws. */
export function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** For getters and traps. */
export function thrown(): never {
  throw new Error("accident");
}
