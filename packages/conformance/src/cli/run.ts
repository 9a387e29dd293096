import { createRequire } from "node:module";
import type { Figure } from "../figures.ts";
import { nameOf } from "./report.ts";
import { countsOf, type RunResult, type TestResult } from "./result.ts";
import { declaredLevels, LEVELS, type Level, reasonOf, type Subject, UsageError } from "./subject.ts";
import { type Profile, type SuiteTest, testsOf } from "./suite.ts";

export interface RunRequest {
  readonly subject: Subject;
  readonly profile: Profile;
  readonly seed: number;
  /** Levels, or parts of the names of tests; empty: everything. */
  readonly only: readonly string[];
  readonly print: (line: string) => void;
  /** Shows how far a level is; overwritten by the next one. */
  readonly progress: (line: string) => void;
}

/** Runs the levels one after another, and tells what it finds as it goes. */
export async function runSubject({ subject, profile, seed, only, print, progress }: RunRequest): Promise<RunResult> {
  const begun = Date.now();
  const declared = declaredLevels(subject);
  const asked = LEVELS.filter((level) => only.includes(level));
  const parts = only.filter((part) => !(LEVELS as readonly string[]).includes(part));
  const missing = asked.filter((level) => !declared.includes(level));
  if (missing.length > 0) {
    throw new UsageError(`the module brings nothing for the level ${missing.join(", ")}`);
  }
  const levels = asked.length === 0 ? declared : asked;
  const capabilities = await capabilitiesOf(subject);
  const figures: Figure[] = [];
  const findings: string[] = [];
  const tests: TestResult[] = [];
  const options = {
    profile,
    seed,
    note: (figure: Figure) => figures.push(figure),
    report: (finding: string) => findings.push(finding),
  };
  for (const level of levels) {
    const chosen = testsOf(level, subject, options).filter((test) => isMeant(test, parts));
    tests.push(...(await runLevel(level, chosen, { print, progress })));
  }
  if (tests.length === 0) {
    throw new UsageError(`no test has ${parts.map((part) => JSON.stringify(part)).join(" or ")} in its name`);
  }
  return {
    store: subject.name,
    kit: kitVersion(),
    node: process.versions.node,
    profile,
    seed,
    startedAt: new Date(begun).toISOString(),
    seconds: (Date.now() - begun) / 1000,
    levels,
    parts,
    undeclared: LEVELS.filter((level) => !declared.includes(level)),
    capabilities,
    tests,
    figures,
    findings,
  };
}

async function runLevel(
  level: Level,
  tests: readonly SuiteTest[],
  { print, progress }: Pick<RunRequest, "print" | "progress">,
): Promise<readonly TestResult[]> {
  const begun = Date.now();
  const results: TestResult[] = [];
  for (const test of tests) {
    progress(`${level}: ${results.length} of ${tests.length}, ${test.path.join(" > ")}`);
    const start = Date.now();
    const outcome = await test.run();
    results.push({ level, path: test.path, outcome, seconds: (Date.now() - start) / 1000 });
    if (outcome.verdict === "failed") {
      print(`✗ ${nameOf(test)}\n${indented(outcome.message)}`);
    }
  }
  const { passed, failed, leftOut } = countsOf(results);
  const mark = failed > 0 ? "✗" : "✓";
  const left = leftOut > 0 ? `, ${leftOut} left out` : "";
  print(`${mark} ${level}: ${passed} passed, ${failed} failed${left} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  return results;
}

function isMeant({ path }: SuiteTest, parts: readonly string[]): boolean {
  const name = path.join(" > ");
  return parts.length === 0 || parts.some((part) => name.includes(part));
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}

/** What the store says of itself. Before any test: where nothing can be opened, all of them would fail alike. */
async function capabilitiesOf({ open }: Subject): Promise<Readonly<Record<string, boolean>>> {
  const world = await triedTo("`open` fails", () => open({}));
  const declared = Object(Object(Object(world).store).capabilities);
  if (typeof Object(world).close !== "function" || Object.keys(declared).length === 0) {
    throw new UsageError("`open` answers no object with a `store` that has `capabilities`, and a function `close`");
  }
  await triedTo("`close` fails", async () => world.close());
  // Groups are tables for packages besides this one.
  const { groups, ...capabilities } = declared;
  return capabilities;
}

async function triedTo<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new UsageError(`${what}: ${reasonOf(error)}`);
  }
}

function kitVersion(): string {
  const { version }: { readonly version: string } = createRequire(import.meta.url)("../../package.json");
  return version;
}
