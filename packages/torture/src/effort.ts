import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Figure, Note } from "@tenantry/conformance/races";

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

/** Writes down what was done, for the report of the long run. */
export function noteFor(store: string): Note {
  const folder = process.env["TORTURE_FIGURES"];
  if (folder === undefined) {
    return () => {};
  }
  mkdirSync(folder, { recursive: true });
  return (figure: Figure) => {
    appendFileSync(join(folder, `${process.pid}.jsonl`), `${JSON.stringify({ store, ...figure })}\n`);
  };
}
