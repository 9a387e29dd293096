import { describeRaces } from "@tenantry/conformance/races";
import { type Cluster, startCluster } from "@tenantry/testkit";
import { afterAll, beforeAll, describe, expect, it, test, vi } from "vitest";
import { Chance } from "../../conformance/src/chance.ts";
import { nameOf } from "../../conformance/src/races/pair.ts";
import { pairs, storms } from "../../conformance/src/races/pairs.ts";
import { racePair } from "../../conformance/src/races/random-races.ts";
import type { Arena } from "../src/arena.ts";
import type { Driver } from "../src/driver.ts";
import { amount, isLong, noteFor, oneOf, seed } from "../src/effort.ts";
import { openPostgresArena } from "../src/postgres-arena.ts";

vi.setConfig({ testTimeout: 3_600_000 });

const ROUND = 500;

// A server of its own, whose log tells of every deadlock.
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

/** Of the drivers pg is raced in full; what is alike in the others needs no more than a look, at some of the pairs. */
const drivers: Readonly<
  Record<
    Driver,
    { readonly every: number; readonly trials: number; readonly schedules: number; readonly parkings: number }
  >
> = {
  pg: { every: 1, trials: amount(4, 600), schedules: amount(8, 1000), parkings: amount(1, 24) },
  "postgres.js": { every: 3, trials: amount(3, 100), schedules: amount(2, 200), parkings: amount(1, 8) },
  "Neon HTTP": { every: 7, trials: amount(1, 12), schedules: amount(1, 40), parkings: amount(1, 2) },
  "Neon WebSocket": { every: 7, trials: amount(1, 12), schedules: amount(1, 40), parkings: amount(1, 2) },
};

for (const [driver, { every, ...efforts }] of Object.entries(drivers)) {
  describe(driver, () => {
    const calls = driver.startsWith("Neon") ? amount(160, 4000) : amount(400, 20_000);
    const note = noteFor(driver, {
      "random races": isLong ? efforts.trials * pairs.length : "some",
      storms: isLong ? Math.ceil(efforts.trials / 4) * storms.length : "some",
      "calls in histories": calls,
      schedules: `all, up to ${efforts.schedules} a pair`,
      "commits stopped inside": `all, up to ${efforts.parkings} a pair`,
    });
    let arena: Arena;
    beforeAll(async () => {
      arena = await openPostgresArena(cluster.url, { driver: driver as Driver });
    });
    afterAll(() => arena.close());
    describeRaces({
      name: driver,
      describe,
      it: oneOf(every, it),
      openShared: () => arena.open(),
      parks: true,
      seed,
      calls,
      note,
      ...efforts,
    });
  });
}

describe("pg", () => {
  const figure = "races of two owners";
  const each = amount(75, 5000);
  const owners = pairs.filter(({ number }) => number <= 3 || number === 6);
  const note = noteFor("pg", { [figure]: each * owners.length });

  test.each(owners.map((pair) => [nameOf(pair), pair] as const))("two owners, again and again: %s", async (_, pair) => {
    const arena = await openPostgresArena(cluster.url, { driver: "pg" });
    const start = Date.now();
    // Few at a time, because what is written down of them is read at the end.
    for (let done = 0; done < each; done += ROUND) {
      const trials = Math.min(ROUND, each - done);
      await racePair(arena.open, pair, { trials, chance: new Chance(seed + done) });
    }
    await arena.close();
    note({ figure, count: each, seconds: (Date.now() - start) / 1000, seed });
  });
});

test("no deadlock but those of slugs and tuples that cross", () => {
  const deadlocks = cluster
    .log()
    .split("\n")
    .filter((line) => line.includes("deadlock detected"));
  const statements = cluster.log().match(/deadlock detected[\s\S]*?STATEMENT: {2}[\s\S]*?(?=\n\d{4}-)/g) ?? [];
  expect(statements.length).toBe(deadlocks.length);
  expect(statements.filter((text) => !/slug|granted_tup|taken from/.test(text))).toEqual([]);
});
