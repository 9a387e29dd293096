import { type Code, isTenancyError, type Tables, type TenancyError } from "@tenantry/core";
import { differences, isObject, type Strictness, shown } from "./differences.ts";

/** A test that failed. */
export class Failure extends Error {
  override readonly name = "Failure";
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new Failure(message);
  }
}

/** Fails with every difference on a line of its own. */
export function assertSame(what: string, actual: unknown, expected: unknown, strictness: Strictness = "exact"): void {
  const found = differences(actual, expected, strictness);
  assert(found.length === 0, `${what}:\n  ${found.slice(0, 20).join("\n  ")}`);
}

/** Makes all checks, and fails with everything that is wrong. */
export function assertAll(...checks: readonly (() => void)[]): void {
  const failures = checks.flatMap((check): readonly Failure[] => {
    try {
      check();
      return [];
    } catch (error) {
      if (error instanceof Failure) {
        return [error];
      }
      throw error;
    }
  });
  assert(failures.length === 0, failures.map(({ message }) => message).join("\n"));
}

/** What came of a call. */
export type Outcome<R = unknown> =
  | { readonly ok: true; readonly result: R }
  | { readonly ok: false; readonly error: unknown };

export async function outcomeOf<R>(call: () => Promise<R>): Promise<Outcome<R>> {
  try {
    return { ok: true, result: await call() };
  } catch (error) {
    return { ok: false, error };
  }
}

/** The call must be refused with exactly this code. */
export async function assertRejects(call: () => Promise<unknown>, ...codes: readonly Code[]): Promise<TenancyError> {
  const outcome = await outcomeOf(call);
  assert(!outcome.ok, `expected ${codes.join(" or ")}, but the call was accepted`);
  const { error } = outcome;
  assert(isTenancyError(error), `expected ${codes.join(" or ")}, but it threw ${describeError(error)}`);
  assert(codes.includes(error.code), `expected ${codes.join(" or ")}, found ${describeError(error)}`);
  return error;
}

/** What is thrown, for a message. */
export function describeError(error: unknown): string {
  if (isTenancyError(error)) {
    const cause = error.cause === undefined ? "" : `, caused by ${String(error.cause)}`;
    return `${error.name} ${error.code} ${shown(error.details)} "${error.message}"${cause}`;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : shown(error);
}

/** Not a row, an event or a key may differ. */
export function assertUnchanged(what: string, before: Tables, after: Tables): void {
  assertSame(`${what} changed what is stored`, after, before);
}

/** Every object within is frozen, and nothing is `undefined`. */
export function assertSound(what: string, value: unknown, place = "the result"): void {
  assert(value !== undefined, `${what}: ${place} is undefined`);
  if (!isObject(value) || value instanceof Date) {
    return;
  }
  assert(Object.isFrozen(value), `${what}: ${place} is not frozen`);
  for (const [key, inner] of Object.entries(value)) {
    assertSound(what, inner, `${place}.${key}`);
  }
}
