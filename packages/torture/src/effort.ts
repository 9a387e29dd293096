import { appendFileSync } from "node:fs";
import type { TestRunner } from "@tenantry/conformance";
import type { Figure, Note } from "@tenantry/conformance/races";
import { durationsOf } from "./durations.ts";

/** Minutes instead of seconds: asked for by `pnpm torture`. */
export const isLong: boolean = process.env["TORTURE"] === "long";

/** Where chance begins: the same seed repeats the same operations. */
export const seed: number = Number(process.env["TORTURE_SEED"] ?? 1);

/** How much of the long run is done: less than all where a part of it is tried. */
const scale = Number(process.env["TORTURE_SCALE"] ?? 1);

/** An amount of work: as a part of every test run, and for the long one. */
export function amount(quick: number, long: number): number {
  return isLong ? Math.ceil(long * scale) : quick;
}

/** What is done in every case. */
const ALWAYS = /history/;

/**
 * In every test run one of so many tests that are alike, where another store shows in full what is the same here; which
 * ones the seed says. All of them in the long run.
 */
export function oneOf(every: number, it: TestRunner["it"]): TestRunner["it"] {
  let place = seed;
  return (name, body) => {
    place += 1;
    return isLong || place % every === 0 || ALWAYS.test(name) ? it(name, body) : null;
  };
}

/** How much of each figure is to be done, in numbers or in words. */
type Plan = Readonly<Record<string, number | string>>;

const file = process.env["TORTURE_FIGURES"];

function write(line: object): void {
  if (file !== undefined) {
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  }
}

/** Writes down what is to be done and what was, for the report of the long run. */
export function noteFor(store: string, plan: Plan = {}): Note {
  for (const [figure, planned] of Object.entries(plan)) {
    write({ store, figure, planned });
  }
  // Whatever was called since the last figure was called for this one, what set the scene included.
  return (figure: Figure) => write({ store, ...figure, durations: durationsOf(store).take() });
}

/** Writes down which server a store is on. */
export function noteServer(store: string, server: string): void {
  write({ store, server });
}
