import type { Figure } from "../figures.ts";
import type { Level } from "./subject.ts";
import type { Profile, Verdict } from "./suite.ts";

export interface TestResult {
  readonly level: Level;
  readonly path: readonly string[];
  readonly outcome: Verdict;
  readonly seconds: number;
}

/** Everything that a run found out. */
export interface RunResult {
  readonly store: string;
  readonly kit: string;
  readonly node: string;
  readonly profile: Profile;
  readonly seed: number;
  readonly startedAt: string;
  readonly seconds: number;
  /** Levels that were run, in order. */
  readonly levels: readonly Level[];
  /** Levels for which the module brings nothing. */
  readonly undeclared: readonly Level[];
  readonly capabilities: Readonly<Record<string, boolean>>;
  readonly tests: readonly TestResult[];
  readonly figures: readonly Figure[];
  /** Failures that fail nothing. */
  readonly findings: readonly string[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly leftOut: number;
}

export function countsOf(tests: readonly TestResult[]): Counts {
  const count = (verdict: Verdict["verdict"]): number =>
    tests.filter(({ outcome }) => outcome.verdict === verdict).length;
  return { passed: count("passed"), failed: count("failed"), leftOut: count("left out") };
}

/** The levels that were reached: something passed, and nothing failed. */
export function reachedLevels({ levels, tests }: RunResult): readonly Level[] {
  return levels.filter((level) => {
    const { passed, failed } = countsOf(tests.filter((test) => test.level === level));
    return passed > 0 && failed === 0;
  });
}

/** Figures of one name as one line. */
export function summedFigures(figures: readonly Figure[]): readonly Figure[] {
  const sums = new Map<string, Figure>();
  for (const figure of figures) {
    const sum = sums.get(figure.figure);
    sums.set(figure.figure, sum === undefined ? figure : added(sum, figure));
  }
  return [...sums.values()];
}

function added(a: Figure, b: Figure): Figure {
  const unknown =
    a.unknown === undefined || b.unknown === undefined
      ? (a.unknown ?? b.unknown)
      : {
          committed: a.unknown.committed + b.unknown.committed,
          fenced: a.unknown.fenced + b.unknown.fenced,
          open: a.unknown.open + b.unknown.open,
        };
  return {
    figure: a.figure,
    count: a.count + b.count,
    seconds: a.seconds + b.seconds,
    ...(unknown === undefined ? {} : { unknown }),
    ...(a.retries === undefined && b.retries === undefined ? {} : { retries: (a.retries ?? 0) + (b.retries ?? 0) }),
  };
}
