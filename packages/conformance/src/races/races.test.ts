import { describe, expect, it, test } from "vitest";
import { storePlacements } from "../../../isolation/src/placement-store.ts";
import { sharedMemory } from "../../test/shared-memory.ts";
import { describePlacementRaces, describeRaces } from "./describe-races.ts";
import { nameOf } from "./pair.ts";
import { pairs } from "./pairs.ts";
import { placementPairs } from "./placement-pairs.ts";
import { nextPlan } from "./schedule.ts";
import { explorePair } from "./schedules.ts";
import { serialEnds } from "./trial.ts";

describe("the table of pairs", () => {
  test.each(pairs.map((pair) => [nameOf(pair), pair] as const))(
    "%s allows what serial orders give",
    async (_, pair) => {
      const { leftFirst, rightFirst } = await serialEnds(pair);
      const given = new Set([JSON.stringify(leftFirst), JSON.stringify(rightFirst)]);
      expect(new Set(pair.allowed.map((ends) => JSON.stringify(ends)))).toEqual(given);
    },
  );

  test("names each pair once", () => {
    const names = pairs.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
  });
});

test("schedules are enumerated depth first, each once", () => {
  const seen: string[] = [];
  // Two sides of two requests each: as long as both wait there is a choice.
  for (let plan: readonly number[] | null = []; plan !== null; ) {
    const left = [2, 2];
    const choices: { taken: number; of: number }[] = [];
    let order = "";
    while (left[0] !== 0 || left[1] !== 0) {
      const waiting = [0, 1].filter((side) => left[side] !== 0);
      const taken = waiting.length > 1 ? (plan[choices.length] ?? 0) : 0;
      if (waiting.length > 1) {
        choices.push({ taken, of: 2 });
      }
      const side = waiting[taken] as number;
      left[side] = (left[side] as number) - 1;
      order += side === 0 ? "l" : "r";
    }
    seen.push(order);
    plan = nextPlan(choices);
  }
  expect(seen).toEqual(["llrr", "lrlr", "lrrl", "rllr", "rlrl", "rrll"]);
});

test("a pair of two requests each has its six orders", async () => {
  const [leaving] = pairs;
  const explored = leaving && (await explorePair(sharedMemory(), leaving, 1000));
  expect(explored?.isComplete).toBe(true);
  expect(explored?.schedules).toBe(6);
});

describeRaces({ name: "memory", describe, it, openShared: sharedMemory(), schedules: 200 });

describe("the table of pairs of placements", () => {
  const own = placementPairs(storePlacements);

  test.each(own.map((pair) => [nameOf(pair), pair] as const))("%s allows what serial orders give", async (_, pair) => {
    const { leftFirst, rightFirst } = await serialEnds(pair);
    const given = new Set([JSON.stringify(leftFirst), JSON.stringify(rightFirst)]);
    expect(new Set(pair.allowed.map((ends) => JSON.stringify(ends)))).toEqual(given);
  });

  test("names each pair once, and has numbers of its own", () => {
    const names = own.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
    const taken = new Set(pairs.map(({ number }) => number));
    expect(own.filter(({ number }) => taken.has(number)).map(nameOf)).toEqual([]);
  });
});

describePlacementRaces({
  ...{ name: "memory", describe, it, openShared: sharedMemory(), placements: storePlacements },
  ...{ trials: 4, schedules: 100 },
});
