import { Chance } from "../chance.ts";
import { skip, type TestRunner } from "../describe-store.ts";
import type { Note } from "../figures.ts";
import { type Workload, work } from "../history/workload.ts";
import type { OpenShared } from "../shared-database.ts";
import { assertKept, closing } from "./aftermath.ts";
import { nameOf } from "./pair.ts";
import { pairs, storms } from "./pairs.ts";
import { parkPair } from "./parking.ts";
import { racePair, raceStorm } from "./random-races.ts";
import { explorePair } from "./schedules.ts";

/** What a store must offer to be raced: a database on which two instances of it can be at work. */
export interface RacesDescription extends TestRunner {
  readonly name: string;
  readonly openShared: OpenShared;
  /** Where chance begins. Default 1. */
  readonly seed?: number;
  /** How often each pair meets at random timing. Default 20. */
  readonly trials?: number;
  /** How many calls many clients make at random in all, written down and checked as histories. Default 1000. */
  readonly calls?: number;
  /** How many orders of its requests are tried for each pair at most. Default 24. */
  readonly schedules?: number;
  /** Whether databases can `park`. Default `false`. */
  readonly parks?: boolean;
  /** How many locks are held for each pair at most. Default 4. */
  readonly parkings?: number;
  readonly note?: Note;
}

const HISTORIES = 2;

/**
 * Lets calls meet that could be decided on what the other one makes untrue: at random timing through two instances, in
 * every order of their requests, and with one of them stopped inside its commit. Each must end as one of the two serial
 * orders would, and afterwards all invariants hold.
 */
export function describeRaces(description: RacesDescription): void {
  const {
    name,
    describe,
    it,
    openShared,
    seed = 1,
    trials = 20,
    calls = 1000,
    schedules = 24,
    parkings = 4,
    parks = false,
  } = description;
  const note = description.note ?? (() => {});
  const timed = async (figure: string, work: () => Promise<number>): Promise<void> => {
    const start = Date.now();
    const count = await work();
    note({ figure, count, seconds: (Date.now() - start) / 1000, seed });
  };
  describe(`${name}: races`, () => {
    describe("at random timing", () => {
      for (const [place, pair] of pairs.entries()) {
        it(nameOf(pair), () =>
          timed("random races", async () => {
            await racePair(openShared, pair, { trials, chance: new Chance(seed + place) });
            return trials;
          }),
        );
      }
      for (const storm of storms) {
        it(`${storm.number}: ${storm.name}`, () =>
          timed("storms", async () => {
            const rounds = Math.ceil(trials / 4);
            await raceStorm(openShared, storm, rounds);
            return rounds;
          }));
      }
    });
    describe("many clients at once", () => {
      for (let part = 0; part < HISTORIES; part += 1) {
        const mine = Math.ceil(calls / HISTORIES);
        it(`a history of ${mine} calls, seed ${seed + part}`, () =>
          timed("calls in histories", async () => {
            // In every second one several clients share an instance.
            const workload = {
              clients: 8,
              calls: Math.ceil(mine / 8),
              orgs: 1 + part,
              sharing: part % 2 === 0 ? 1 : 4,
            };
            await recordHistory(openShared, workload, new Chance(seed + part));
            return mine;
          }));
      }
    });
    describe("in every order of their requests", () => {
      for (const pair of pairs) {
        it(nameOf(pair), () =>
          timed("schedules", async () => (await explorePair(openShared, pair, schedules)).schedules),
        );
      }
    });
    describe("stopped inside a commit", () => {
      if (!parks) {
        it("every pair", async (...context) => skip(context, "the database offers no locks to hold"));
        return;
      }
      for (const [place, pair] of pairs.entries()) {
        it(nameOf(pair), () =>
          timed("commits stopped inside", async () => {
            const { stopped } = await parkPair(openShared, pair, { most: parkings, chance: new Chance(seed + place) });
            return stopped;
          }),
        );
      }
    });
  });
}

async function recordHistory(openShared: OpenShared, workload: Workload, chance: Chance): Promise<void> {
  await closing(openShared, async (database) => {
    const history = await work((options) => database.connect(options), workload, chance);
    assertKept(history, await database.tables());
  });
}
