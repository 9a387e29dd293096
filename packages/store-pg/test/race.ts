import { isTenancyError } from "@tenantry/core";
import { expect } from "vitest";

/** How often each race is run. Every order of the same calls' requests is gone through by the torture tests. */
export const TRIALS: number = Number(process.env["RACE_TRIALS"] ?? 60);
const AT_ONCE = 4;

/** What each call ended with: "ok" or the code of its error. */
export async function outcomes(...calls: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((result) => {
    if (result.status === "fulfilled") {
      return "ok";
    }
    return isTenancyError(result.reason) ? result.reason.code : `not one of ours: ${result.reason}`;
  });
}

/** Runs a race many times and counts the outcomes that are not allowed. */
export async function race(
  allowed: readonly string[],
  trial: (round: number) => Promise<readonly string[]>,
  trials: number = TRIALS,
): Promise<void> {
  const seen = new Map<string, number>();
  for (let round = 0; round < trials; round += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, trials - round) }, (_, place) => trial(round + place));
    for (const ended of await Promise.all(batch)) {
      const outcome = ended.join(" | ");
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  }
  const forbidden = [...seen].filter(([outcome]) => !allowed.includes(outcome));
  expect(forbidden).toEqual([]);
}
