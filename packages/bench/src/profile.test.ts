import { describe, expect, test } from "vitest";
import { callsOf, NETWORKS, PROFILES, roundsOf, turnsOf, warmUpOf } from "./profile.ts";

const [local, near, far] = NETWORKS;

describe("the order of turns", () => {
  test("has everybody once in each round", () => {
    for (let round = 0; round < 7; round += 1) {
      expect(turnsOf(["a", "b", "c"], round).toSorted()).toEqual(["a", "b", "c"]);
    }
  });

  test("lets each be first equally often", () => {
    const first = [0, 1, 2, 3, 4, 5].map((round) => turnsOf(["a", "b", "c"], round)[0]);
    expect(first).toEqual(["a", "b", "c", "a", "b", "c"]);
  });

  test("of nobody is empty", () => {
    expect(turnsOf([], 3)).toEqual([]);
  });
});

describe.each(Object.values(PROFILES))("the profile $name", (profile) => {
  test("has rounds enough for a median, everywhere", () => {
    for (const network of NETWORKS) {
      expect(roundsOf(profile, network)).toBeGreaterThanOrEqual(3);
    }
    expect(roundsOf(profile, local)).toBe(profile.rounds);
  });

  test("gives every caller at least two calls in a turn", () => {
    for (const network of NETWORKS) {
      for (const callers of profile.callers) {
        expect(callsOf(profile, network, callers)).toBeGreaterThanOrEqual(2 * callers);
        expect(callsOf(profile, network, callers)).toBeLessThanOrEqual(1_000);
      }
    }
  });

  test("makes fewer calls where each takes long", () => {
    expect(callsOf(profile, far, 32)).toBeLessThan(callsOf(profile, local, 32));
    expect(callsOf(profile, near, 32)).toBe(callsOf(profile, local, 32));
  });
});

test("every connection has run what it prepares more than five times before anything is timed", () => {
  for (const callers of PROFILES.full.callers) {
    expect(warmUpOf(callers, true) / callers).toBeGreaterThan(5);
    expect(warmUpOf(callers, false)).toBe(callers);
  }
});
