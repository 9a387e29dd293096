import { corpus } from "../corpus.ts";
import { describeContract, describeFixtures, type TestRunner } from "../describe-store.ts";
import { describeFaults } from "../faults/describe-faults.ts";
import type { Note } from "../figures.ts";
import { describeModel } from "../model/describe-model.ts";
import { describeRaces } from "../races/describe-races.ts";
import type { Level, Subject } from "./subject.ts";

export type Profile = "quick" | "long";

/** One test of a level. */
export interface SuiteTest {
  readonly level: Level;
  /** The titles of the groups and of the test. */
  readonly path: readonly string[];
  readonly run: () => Promise<Verdict>;
}

export type Verdict =
  | { readonly verdict: "passed" }
  | { readonly verdict: "failed"; readonly message: string }
  /** The store declares to lack what the test is about. */
  | { readonly verdict: "left out"; readonly reason: string };

export interface SuiteOptions {
  readonly profile: Profile;
  readonly seed: number;
  readonly note: Note;
  /** Hears of failures below the level MUST, which fail nothing. */
  readonly report: (finding: string) => void;
}

/** How much of each level. */
const amounts = {
  quick: { steps: 2000, trials: 20, calls: 1000, schedules: 24, parkings: 4, sweep: "some", disturbed: 800 },
  long: { steps: 100_000, trials: 300, calls: 40_000, schedules: 1000, parkings: 24, sweep: "all", disturbed: 40_000 },
} as const;

/** All tests of a level, none of which has run yet. */
export function testsOf(
  level: Level,
  subject: Subject,
  { profile, seed, note, report }: SuiteOptions,
): readonly SuiteTest[] {
  const { name, open, openShared, driverErrors, parks } = subject;
  const tests: SuiteTest[] = [];
  const runner = collecting((path, body) => tests.push({ level, path, run: () => judged(body) }));
  const amount = amounts[profile];
  switch (level) {
    case "fixtures":
      describeFixtures({ ...runner, open, fixtures: corpus, report });
      break;
    case "contract":
      describeContract({ ...runner, open });
      break;
    case "model":
      describeModel({ ...runner, name, open, seed, steps: amount.steps, note });
      break;
    case "races":
      if (openShared !== undefined) {
        const { trials, calls, schedules, parkings } = amount;
        describeRaces({ ...runner, name, openShared, seed, note, parks, trials, calls, schedules, parkings });
      }
      break;
    case "faults":
      if (openShared !== undefined && driverErrors !== undefined) {
        const { sweep, disturbed: calls } = amount;
        describeFaults({ ...runner, name, openShared, errors: driverErrors, seed, note, sweep, calls });
      }
  }
  return tests;
}

type Body = (...context: unknown[]) => Promise<void>;

function collecting(take: (path: readonly string[], body: Body) => void): TestRunner {
  const groups: string[] = [];
  return {
    describe(title, body) {
      groups.push(title);
      body();
      groups.pop();
    },
    it: (title, body) => take([...groups, title], body),
  };
}

/** Thrown by a test that is left out. */
class LeftOut extends Error {}

async function judged(body: Body): Promise<Verdict> {
  try {
    await body({
      skip(reason: string): never {
        throw new LeftOut(reason);
      },
    });
    return { verdict: "passed" };
  } catch (error) {
    if (error instanceof LeftOut) {
      return { verdict: "left out", reason: error.message };
    }
    return { verdict: "failed", message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
