import { Chance } from "../chance.ts";
import { skip, type TestRunner } from "../describe-store.ts";
import type { Note } from "../figures.ts";
import { work } from "../history/workload.ts";
import type { WithPlacements } from "../placements/operations.ts";
import { assertKept, closing } from "../races/aftermath.ts";
import type { OpenShared } from "../shared-database.ts";
import { faultCases, keyedCases } from "./cases.ts";
import { chaotic } from "./chaos.ts";
import { isMeant, LATE, lateCommit, type Meanwhile } from "./late.ts";
import { placementCases, withPlacements } from "./placement-cases.ts";
import { sweepOperation } from "./sweep.ts";
import { type DriverErrors, ways } from "./ways.ts";

/** What a store must offer to be tested with faults: a database whose requests the kit can make fail, and how they do. */
export interface FaultsDescription extends TestRunner {
  readonly name: string;
  readonly openShared: OpenShared;
  readonly errors: DriverErrors;
  /** Where chance begins. Default 1. */
  readonly seed?: number;
  /**
   * Whether every request fails with every error that the driver may throw, with one for each way, or in one way out of
   * four, by turns: that is enough for a store that has the most in common with one that is swept. Default `"some"`.
   */
  readonly sweep?: "few" | "some" | "all";
  /** How many calls are made while requests fail at random. Default 800. */
  readonly calls?: number;
  readonly note?: Note;
}

const HISTORIES = 2;
const FEW = 4;

/**
 * Lets every request of every operation fail in every way, lets commits arrive late, and lets clients work while requests
 * fail at random. Nothing is half-written, nothing acknowledged is lost, nothing happens twice; whatever is unknown can be
 * resolved, and a repeat with the same key gives the effect exactly once.
 */
export function describeFaults(description: FaultsDescription): void {
  const {
    name,
    describe,
    it,
    openShared,
    errors,
    seed = 1,
    sweep = "some",
    calls = 800,
    note = () => {},
  } = description;
  const timed = async (figure: string, run: () => Promise<number>): Promise<void> => {
    const start = Date.now();
    const count = await run();
    note({ figure, count, seconds: (Date.now() - start) / 1000, seed });
  };
  describe(`${name}: faults`, () => {
    for (const way of ways.filter((candidate) => candidate.errors(errors).length === 0)) {
      it(`a request that ${way.name}`, async (...context) =>
        skip(context, "the store declares that this cannot happen"));
    }
    describe("the N-th request fails, in every way", () => {
      for (const [place, operation] of faultCases.entries()) {
        const turn = sweep === "all" ? null : seed + place;
        const oneOf = sweep === "few" ? FEW : 1;
        it(operation.title, () =>
          timed("requests that failed", () => sweepOperation(openShared, operation, { errors, turn, oneOf })),
        );
      }
    });
    const { lost } = errors;
    if (lost === undefined) {
      it("a commit arrives late", async (...context) => skip(context, "the store declares that no connection is lost"));
      return;
    }
    describe("a commit arrives late", () => {
      for (const [place, operation] of keyedCases.entries()) {
        const meant = LATE.filter((scenario) => isMeant(operation, scenario));
        for (const what of sweep === "few" ? [meant[place % meant.length] as Meanwhile] : meant) {
          it(`${operation.title}: meanwhile ${what}`, () =>
            timed("late commits", async () => {
              await lateCommit(openShared, operation, what, lost);
              return 1;
            }));
        }
      }
    });
    describe("many clients while requests fail", () => {
      for (let part = 0; part < HISTORIES; part += 1) {
        const mine = Math.ceil(calls / HISTORIES);
        it(`a history of ${mine} calls, seed ${seed + part}`, () =>
          disturbed(openShared, errors, { calls: mine, seed: seed + part, note }));
      }
    });
  });
}

/** The same for what a place becomes: every request of it fails in every way, and commits arrive late. For stores that keep the group `placement`. */
export function describePlacementFaults(
  description: Omit<FaultsDescription, "calls" | "sweep"> & WithPlacements,
): void {
  const { name, describe, it, errors, seed = 1, note = () => {} } = description;
  const openShared = withPlacements(description.openShared, (store) => description.placements(store));
  describe(`${name}: faults of placements`, () => {
    for (const operation of placementCases) {
      it(operation.title, async () => {
        const start = Date.now();
        const count = await sweepOperation(openShared, operation, { errors, turn: null });
        note({ figure: "requests that failed", count, seconds: (Date.now() - start) / 1000, seed });
      });
      const { lost } = errors;
      for (const what of lost === undefined ? [] : LATE.filter((scenario) => isMeant(operation, scenario))) {
        it(`${operation.title}, late: meanwhile ${what}`, () =>
          lateCommit(openShared, operation, what, lost as () => unknown));
      }
    }
  });
}

async function disturbed(
  openShared: OpenShared,
  errors: DriverErrors,
  { calls, seed, note }: { readonly calls: number; readonly seed: number; readonly note: Note },
): Promise<void> {
  const start = Date.now();
  await closing(openShared, async (database) => {
    const chance = new Chance(seed);
    const chaos = chaotic(database, errors, chance.fork());
    const workload = { clients: 8, calls: Math.ceil(calls / 8), orgs: 2, sharing: seed % 2 === 0 ? 4 : 1 };
    const history = await work(chaos.connect, workload, chance);
    await chaos.calm();
    assertKept(history, await database.tables());
    const unknown = history.lines.filter(({ outcome }) => outcome === "unknown");
    const count = (found: string | null): number => unknown.filter(({ resolved }) => resolved === found).length;
    note({
      figure: "calls while requests fail",
      count: history.lines.length + history.walks.length,
      calls: history.lines.length,
      seconds: (Date.now() - start) / 1000,
      seed,
      retries: chaos.failures(),
      unknown: { committed: count("committed"), fenced: count("fenced"), open: count(null) },
    });
  });
}
