import { Chance } from "../chance.ts";
import { skip, type TestRunner } from "../describe-store.ts";
import type { Note } from "../figures.ts";
import { type Workload, work } from "../history/workload.ts";
import type { StoreUnderTest } from "../open-store.ts";
import type { PlacementOperations, WithPlacements } from "../placements/operations.ts";
import type { OpenShared } from "../shared-database.ts";
import { assertKept, closing } from "./aftermath.ts";
import { nameOf, type Pair, type Storm } from "./pair.ts";
import { pairs, storms } from "./pairs.ts";
import { parkPair } from "./parking.ts";
import { placementPairs, placementStorms } from "./placement-pairs.ts";
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
  const { name, describe, it, openShared, seed = 1, calls = 1000 } = description;
  const timed = timing(description);
  const meet = meetings(description, pairs, storms);
  describe(`${name}: races`, () => {
    meet.atRandomTiming();
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
    meet.inEveryOrder();
    meet.stoppedInside();
  });
}

/**
 * The same for whoever works on placements: two who make, move or take down one place, and what happens to its organization
 * meanwhile. For stores that keep the group `placement`, on a database that has it.
 */
export function describePlacementRaces(description: Omit<RacesDescription, "calls"> & WithPlacements): void {
  const own = (store: StoreUnderTest): PlacementOperations => description.placements(store);
  const meet = meetings(description, placementPairs(own), placementStorms(own));
  description.describe(`${description.name}: races of placements`, () => {
    meet.atRandomTiming();
    meet.inEveryOrder();
    meet.stoppedInside();
  });
}

type Timed = (figure: string, work: () => Promise<number>) => Promise<void>;

function timing({ note = () => {}, seed = 1 }: RacesDescription): Timed {
  return async (figure, work) => {
    const start = Date.now();
    const count = await work();
    note({ figure, count, seconds: (Date.now() - start) / 1000, seed });
  };
}

/** The ways in which calls meet, each a group of tests. */
function meetings(description: RacesDescription, pairs: readonly Pair[], storms: readonly Storm[]) {
  const { describe, it, openShared, seed = 1, trials = 20, schedules = 24, parkings = 4, parks = false } = description;
  const timed = timing(description);
  return {
    atRandomTiming: () =>
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
      }),
    inEveryOrder: () =>
      describe("in every order of their requests", () => {
        for (const pair of pairs) {
          it(nameOf(pair), () =>
            timed("schedules", async () => (await explorePair(openShared, pair, schedules)).schedules),
          );
        }
      }),
    stoppedInside: () =>
      describe("stopped inside a commit", () => {
        if (!parks) {
          it("every pair", async (...context) => skip(context, "the database offers no locks to hold"));
          return;
        }
        for (const [place, pair] of pairs.entries()) {
          it(nameOf(pair), () =>
            timed("commits stopped inside", async () => {
              const { stopped } = await parkPair(openShared, pair, {
                most: parkings,
                chance: new Chance(seed + place),
              });
              return stopped;
            }),
          );
        }
      }),
  };
}

async function recordHistory(openShared: OpenShared, workload: Workload, chance: Chance): Promise<void> {
  await closing(openShared, async (database) => {
    const history = await work((options) => database.connect(options), workload, chance);
    assertKept(history, await database.tables());
  });
}
