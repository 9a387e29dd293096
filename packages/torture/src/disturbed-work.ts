import { assertKept, type Chance, type Line, type Workload, work } from "@tenantry/conformance/history";
import type { Note } from "@tenantry/conformance/races";
import { generate } from "@tenantry/core";
import { expect } from "vitest";
import type { PostgresArena } from "./postgres-arena.ts";

export interface Disturbance {
  /** What is counted. */
  readonly figure: string;
  /**
   * Disturbs until it has done so often enough; answers how often. The clients work as long as it does. `null`: the
   * conditions disturb, and the calls are counted.
   */
  readonly disturb: (() => Promise<number>) | null;
  readonly workload?: Partial<Workload>;
}

/** Codes of which the database, and no rule, is the reason. */
const FROM_BELOW = /^(unavailable|internal|indeterminate)/;

/**
 * Lets clients work while something disturbs them, and checks everything afterwards: what was acknowledged is there, what
 * was refused is not, what was unknown has been resolved, nobody holds anything any more, and the store is alive.
 */
export async function disturbedWork(
  arena: PostgresArena,
  { figure, disturb, workload = {} }: Disturbance,
  { chance, note, seed }: { readonly chance: Chance; readonly note: Note; readonly seed: number },
): Promise<readonly Line[]> {
  const start = Date.now();
  const database = await arena.open();
  let isOver = false;
  const working = work(
    (options) => database.connect(options),
    { clients: 8, calls: 1_000_000, orgs: 2, isOver: () => isOver, ...workload },
    chance,
  );
  const disturbed = disturb === null ? null : await disturb();
  isOver = disturb !== null;
  const history = await working;
  await alive(await database.connect({}));
  expect(await arena.leftovers()).toEqual([]);
  assertKept(history, await database.tables());
  const unknown = history.lines.filter(({ outcome }) => outcome === "unknown");
  const found = (resolved: Line["resolved"]): number => unknown.filter((line) => line.resolved === resolved).length;
  if (disturb !== null) {
    note({ figure: "calls meanwhile", count: history.lines.length, seconds: (Date.now() - start) / 1000, seed });
  }
  note({
    figure,
    count: disturbed ?? history.lines.length + history.walks.length,
    seconds: (Date.now() - start) / 1000,
    seed,
    calls: history.lines.length,
    retries: history.lines.filter(({ code }) => code !== null && FROM_BELOW.test(code)).length,
    unknown: { committed: found("committed"), fenced: found("fenced"), open: found(null) },
  });
  await database.close();
  return history.lines;
}

/** H10: soon after the last fault everything works again. */
async function alive(store: Awaited<ReturnType<Awaited<ReturnType<PostgresArena["open"]>>["connect"]>>): Promise<void> {
  const until = Date.now() + 5000;
  for (;;) {
    try {
      // Outside of the history: in an organization that is not looked at.
      await store.getOrg(generate("org"));
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === "not_found") {
        return;
      }
      if (Date.now() > until) {
        throw error;
      }
    }
  }
}

/** Waits, so that clients get on between two disturbances. */
export function breath(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
