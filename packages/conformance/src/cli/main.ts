#!/usr/bin/env node
import { closeSync, openSync, writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { junitOf, markdownOf } from "./report.ts";
import { countsOf, reachedLevels, summedFigures } from "./result.ts";
import { runSubject } from "./run.ts";
import { LEVELS, loadSubject, reasonOf, UsageError } from "./subject.ts";
import type { Profile } from "./suite.ts";

/** Exit statuses. */
const PASSED = 0;
const FAILED = 1;
const MISUSED = 2;

interface Options {
  readonly profile: Profile;
  readonly seed: number;
  readonly only: readonly string[];
  readonly json?: string;
  readonly junit?: string;
  readonly report?: string;
}

const program = new Command("conformance")
  .description("Proves that a store of Tenantry behaves.")
  .showHelpAfterError()
  .exitOverride();

program
  .command("run")
  .description("run the levels for which a module brings what they need")
  .argument("<module>", "the file that exports the store: `open`, and for more levels `openShared` and `driverErrors`")
  .addOption(new Option("--profile <profile>", "seconds or minutes").choices(["quick", "long"]).default("quick"))
  .option("--seed <number>", "where chance begins: the same seed makes the same operations", wholeNumber, 1)
  .option("--only <part>", `a level (${LEVELS.join(", ")}) or a part of a test's name; may be repeated`, listed, [])
  .option("--json <file>", "write everything that was found out")
  .option("--junit <file>", "write it as continuous integration reads it")
  .option("--report <file>", "write a page: levels reached, capabilities declared absent, figures")
  .action(run);

async function run(file: string, { profile, seed, only, json, junit, report }: Options): Promise<void> {
  for (const output of [json, junit, report]) {
    assertWritable(output);
  }
  const subject = await loadSubject(file);
  console.log(`${subject.name}: profile ${profile}, seed ${seed}`);
  const result = await runSubject({ subject, profile, seed, only, print, progress });
  for (const { figure, count, seconds, unknown } of summedFigures(result.figures)) {
    const doubts =
      unknown === undefined
        ? ""
        : `, of unknown outcome: ${unknown.committed + unknown.fenced} resolved, ${unknown.open} open`;
    print(`  ${count} ${figure} (${seconds.toFixed(1)} s)${doubts}`);
  }
  const absent = Object.entries(result.capabilities).flatMap(([capability, has]) => (has ? [] : [capability]));
  print(
    `Levels reached: ${reachedLevels(result).join(", ") || "none"}. Declared absent: ${absent.join(", ") || "nothing"}.`,
  );
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ ...result, reached: reachedLevels(result) }, null, 2)}\n`);
  }
  if (junit !== undefined) {
    writeFileSync(junit, junitOf(result));
  }
  if (report !== undefined) {
    writeFileSync(report, markdownOf(result));
  }
  const { passed, failed } = countsOf(result.tests);
  print(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? PASSED : FAILED;
}

/** Before the run, which may take an hour. Makes the file, and leaves one that is there as it is. */
function assertWritable(output: string | undefined): void {
  try {
    if (output !== undefined) {
      closeSync(openSync(output, "a"));
    }
  } catch (error) {
    throw new UsageError(`${output} cannot be written: ${reasonOf(error)}`);
  }
}

/** Progress is for people: it is shown on a terminal alone, and wiped out by the next line. */
function progress(line: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }
}

function print(line: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write("\r\u001b[K");
  }
  console.log(line);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new InvalidArgumentError("Expected a whole number.");
  }
  return Number(text);
}

function listed(part: string, before: readonly string[]): readonly string[] {
  return [...before, ...part.split(",")];
}

try {
  await program.parseAsync();
} catch (error) {
  const isHelp = error instanceof Error && "exitCode" in error && error.exitCode === PASSED;
  if (error instanceof UsageError) {
    console.error(error.message);
  } else if (!(error instanceof Error && "code" in error && String(error.code).startsWith("commander."))) {
    throw error;
  }
  process.exitCode = isHelp ? PASSED : MISUSED;
}
