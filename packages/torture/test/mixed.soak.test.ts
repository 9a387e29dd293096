import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assertKept, Chance, work } from "@tenantry/conformance/history";
import { generate } from "@tenantry/core";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { amount, noteFor, seed } from "../src/effort.ts";
import { openPostgresArena, type PostgresArena } from "../src/postgres-arena.ts";

// Work of every kind for minutes in one process: what it takes stays what it was.

vi.setConfig({ testTimeout: 3_600_000 });

const DRIVERS = ["pg", "postgres.js"] as const;
const SECONDS = amount(300, 300);
/** Until then pools fill, statements are prepared, code is compiled. */
const WARM_UP_MINUTES = Math.min(1, SECONDS / 120);
/** Where it is only tried out nothing is warm, and growth tells nothing. */
const isTrial = SECONDS < 180;
const MOST_GROWTH_MB_PER_MINUTE = 1;
const CALLS = 60;

let arenas: readonly PostgresArena[];
beforeAll(async () => {
  arenas = await Promise.all(DRIVERS.map((driver) => openPostgresArena(inject("databaseUrl"), { driver })));
});
afterAll(async () => {
  await Promise.all(arenas.map((arena) => arena.close()));
});

interface Sample {
  readonly minutes: number;
  readonly heapMb: number;
  readonly sockets: number;
  readonly timers: number;
}

test(`after ${SECONDS} seconds of mixed work memory and handles are what they were`, async () => {
  const notes = new Map(
    DRIVERS.map((driver) => [driver, noteFor(driver, { "calls of the soak": `${SECONDS} seconds` })]),
  );
  const counts = new Map<string, number>();
  const collect = collector();
  const start = Date.now();
  const samples: Sample[] = [];
  for (let round = 0; Date.now() - start < SECONDS * 1000; round += 1) {
    await Promise.all(
      arenas.map(async (arena, place) => {
        const driver = DRIVERS[place] ?? "";
        counts.set(driver, (counts.get(driver) ?? 0) + (await workedOn(arena, new Chance(seed + round))));
      }),
    );
    samples.push(sampled((Date.now() - start) / 60_000, collect));
  }
  const warm = samples.filter(({ minutes }) => minutes > WARM_UP_MINUTES);
  const [early, late] = [warm.slice(0, warm.length >> 1), warm.slice(warm.length >> 1)];
  if (!isTrial) {
    expect(slope(warm), curve(samples)).toBeLessThan(MOST_GROWTH_MB_PER_MINUTE);
  }
  for (const what of ["sockets", "timers"] as const) {
    const most = (list: readonly Sample[]): number => Math.max(...list.map((sample) => sample[what]));
    expect(most(late)).toBeLessThanOrEqual(most(early));
  }
  for (const [driver, note] of notes) {
    note({ figure: "calls of the soak", count: counts.get(driver) ?? 0, seconds: SECONDS, seed });
  }
  noteFor("both", { "KB that the heap of the soak grew by in a minute": "below 1,024" })({
    figure: "KB that the heap of the soak grew by in a minute",
    count: slope(warm) * 1024,
    seconds: SECONDS,
  });
});

/** Clients at work, a transaction, and everything checked; answers how many calls that were. */
async function workedOn(arena: PostgresArena, chance: Chance): Promise<number> {
  const database = await arena.open();
  const history = await work(
    (options) => database.connect(options),
    { clients: 8, calls: CALLS, orgs: 2, sharing: chance.below(2) === 0 ? 1 : 4 },
    chance,
  );
  const store = await database.connect({});
  await expect(store.getOrg(generate("org"))).rejects.toMatchObject({ code: "not_found" });
  assertKept(history, await database.tables());
  await database.close();
  expect(await arena.leftovers()).toEqual([]);
  return history.lines.length;
}

function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

function sampled(minutes: number, collect: () => void): Sample {
  collect();
  const resources = process.getActiveResourcesInfo();
  const count = (name: RegExp): number => resources.filter((resource) => name.test(resource)).length;
  return {
    minutes,
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
    sockets: count(/^TCP/),
    timers: count(/^Timeout$/),
  };
}

/** Some of the samples, for a message. */
function curve(samples: readonly Sample[]): string {
  const some = samples.filter((_, place) => place % Math.ceil(samples.length / 30) === 0);
  return some.map(({ minutes, heapMb }) => `${heapMb.toFixed(2)} MB after ${minutes.toFixed(2)}`).join(", ");
}

/** Megabytes a minute, as the straight line says that is nearest to all samples. */
function slope(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map(({ minutes }) => minutes)), mean(samples.map(({ heapMb }) => heapMb))];
  const above = samples.reduce((sum, { minutes, heapMb }) => sum + (minutes - x) * (heapMb - y), 0);
  return above / samples.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0);
}
