import { Failure } from "./assertions.ts";
import { contract } from "./contract/contract.ts";
import { corpus } from "./corpus.ts";
import { type Fixture, FixtureError, type FixtureFile, type FixtureTest, type OutOfScope } from "./fixture/format.ts";
import { loadFixture } from "./fixture/load.ts";
import { runScenario } from "./fixture/scenario.ts";
import { runSingleStep } from "./fixture/single-step.ts";
import { snakeCase } from "./names.ts";
import type { Open, OpenStore } from "./open-store.ts";
import type { WithPlacements } from "./placements/operations.ts";

/** A test runner's `describe` and `it`: vitest's, Jest's, Bun's, or those of `node:test`. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  /** Where the runner hands each test a context with `skip`, a test that a store opts out of is reported as skipped. */
  readonly it: (name: string, body: (...context: unknown[]) => Promise<void>) => unknown;
}

export interface StoreDescription extends TestRunner, Partial<WithPlacements> {
  readonly name: string;
  readonly open: Open;
  /** Which fixtures are run. Default: {@link corpus}. */
  readonly fixtures?: readonly FixtureFile[];
  /** Hears of failures that do not fail the run: those in files of level `SHOULD` and `MAY`. Default: the console. */
  readonly report?: (finding: string) => void;
}

/**
 * Declares everything a store has to prove: the fixtures, and the contract that holds for every operation. Each test
 * opens an empty store of its own through `open`, one at a time, and closes it. A failed test says at which step which
 * value differed.
 */
export function describeStore({
  name,
  describe,
  it,
  open,
  fixtures = corpus,
  report = warn,
  ...others
}: StoreDescription): void {
  describe(name, () => {
    describe("fixtures", () => describeFixtures({ describe, it, open, fixtures, report, ...others }));
    describeContract({ describe, it, open });
  });
}

/** The contract alone: a group of tests for everything that holds for every operation. */
export function describeContract({ describe, it, open }: Pick<StoreDescription, "describe" | "it" | "open">): void {
  for (const { title, cases } of contract) {
    describe(title, () => {
      for (const { name: fact, run } of cases) {
        it(fact, async (...context) => run(open, (reason) => skip(context, reason)));
      }
    });
  }
}

type FixturesDescription = Required<Omit<StoreDescription, "name" | "placements">> & Partial<WithPlacements>;

/** The fixtures alone: a test of the runner for every test of a file. */
export function describeFixtures({ describe, it, open, fixtures, report, ...others }: FixturesDescription): void {
  for (const file of fixtures) {
    describe(file.path, () => describeFile({ file, it, open, report, ...others }));
  }
}

type FileDescription = Pick<StoreDescription, "it" | "open" | "placements"> & {
  readonly file: FixtureFile;
  readonly report: (finding: string) => void;
};

function describeFile({ file, it, open, report, placements }: FileDescription): void {
  const fixture = loaded(file);
  if (fixture instanceof FixtureError) {
    it("is a file of fixtures", () => Promise.reject(fixture));
    return;
  }
  if ("outOfScope" in fixture) {
    it(`${fixture.count} tests of ${fixture.capability}`, async (...context) => {
      skip(context, `${fixture.capability} is out of the scope of a tenancy store`);
    });
    return;
  }
  if (fixture.capability === "placement" && placements === undefined) {
    it(`${fixture.tests.length} tests of placement`, async (...context) => {
      skip(context, "nobody said what operations on placements are made with");
    });
    return;
  }
  for (const test of fixture.tests) {
    it(test.id, async (...context) => {
      try {
        await runTest(fixture, test, { open, placements: placements ?? null, context });
      } catch (error) {
        if (fixture.level === "MUST" || !(error instanceof Failure)) {
          throw error;
        }
        report(`${fixture.level} ${file.path} ${test.id}: ${error.message}`);
      }
    });
  }
}

function loaded(file: FixtureFile): Fixture | OutOfScope | FixtureError {
  try {
    return loadFixture(file);
  } catch (error) {
    if (error instanceof FixtureError) {
      return error;
    }
    throw error;
  }
}

/** Runs one test of a file on a store of its own. */
function runTest(
  { operation, isOurs }: Fixture,
  test: FixtureTest,
  {
    open,
    placements,
    context,
  }: {
    readonly open: Open;
    readonly placements: WithPlacements["placements"] | null;
    readonly context: readonly unknown[];
  },
): Promise<void> {
  const admit = ({ store }: OpenStore): boolean => {
    const lacking = test.requires.filter((capability) => !declared(store).includes(capability));
    if (lacking.length > 0) {
      skip(context, `the store declares to lack ${lacking.join(", ")}`);
    }
    return lacking.length === 0;
  };
  return test.kind === "call"
    ? runSingleStep(operation, test, isOurs)
    : runScenario(open, test, { isOurs, admit, placements });
}

function declared({ capabilities }: OpenStore["store"]): readonly string[] {
  return Object.entries(capabilities)
    .filter(([, has]) => has === true)
    .map(([capability]) => snakeCase(capability));
}

/** Reported as left out, never as passed. */
export function skip([context]: readonly unknown[], reason: string): void {
  const { skip: leaveOut } = (context ?? {}) as { readonly skip?: (reason: string) => unknown };
  if (typeof leaveOut !== "function") {
    throw new Error(`left out, which this test runner cannot report: ${reason}`);
  }
  Reflect.apply(leaveOut, context, [reason]);
}

function warn(finding: string): void {
  const { console } = globalThis as { readonly console?: { readonly warn: (text: string) => void } };
  console?.warn(finding);
}
