import type { Role } from "@tenantry/core";
import fc from "fast-check";
import { Failure } from "../assertions.ts";
import { sequentialId } from "../chance.ts";
import type { TestRunner } from "../describe-store.ts";
import type { Note } from "../figures.ts";
import type { Open } from "../open-store.ts";
import type { Call } from "../rules/judge.ts";
import { fixtureOf } from "./fixture.ts";
import { LONGEST, runs } from "./generator.ts";
import { Mismatch, play, playCalls, type Run } from "./play.ts";
import { reduced } from "./reduction.ts";

/** What a store must offer to be tested against the model: it can be opened empty, with a clock and an id source. */
export interface ModelDescription extends TestRunner {
  readonly name: string;
  readonly open: Open;
  /** Where chance begins. The same seed makes the same steps. Default 1. */
  readonly seed?: number;
  /** How many steps are played in all. Default 2000. */
  readonly steps?: number;
  /** Hears what was done. */
  readonly note?: Note;
}

/** How many steps the rules are compared with the reference store for each that the store under test plays. */
const PARTS = 8;

/**
 * Plays random steps, valid, stale, foreign and malformed ones, on the store under test and on the reference store, which
 * itself is held against the rules stated a second time. After every step results and errors are equal, after every one that writes rows and events too;
 * invariants are looked at every 50 steps. What differs is made as small as it can be, and printed as a fixture.
 */
export function describeModel({ name, describe, it, open, seed = 1, steps = 2000, note }: ModelDescription): void {
  describe(`${name}: model`, () => {
    for (let part = 0; part < PARTS; part += 1) {
      it(`${Math.ceil(steps / PARTS)} random steps, seed ${seed + part}`, async () => {
        await playMany({ open, seed: seed + part, steps: steps / PARTS, note: note ?? (() => {}) });
      });
    }
    it("an organization of more members than a page holds", () => playCalls(crowd(), open));
  });
}

/** Two owners, of whom one comes after many others. One may go; then the other one is the last. */
function crowd(): readonly Call[] {
  const [orgId, options] = [sequentialId("org", 1), {}];
  const add = (place: number, role: Role): Call => ({
    op: "addMember",
    args: [{ orgId, usrId: sequentialId("usr", place), role }],
    options,
  });
  const leave = (place: number): Call => ({ op: "selfLeave", args: [{ memId: sequentialId("mem", place) }], options });
  return [
    { op: "createOrg", args: [{ creator: sequentialId("usr", 1) }], options },
    ...Array.from({ length: 150 }, (_, place) => add(2 + place, "member")),
    add(152, "owner"),
    { op: "listMembers", args: [orgId, { limit: 200, total: true }], options },
    leave(1),
    leave(152),
  ];
}

/** Plays runs until so many steps were played. Throws a {@link Failure} that tells the smallest case that was found. */
export async function playMany({
  open,
  seed,
  steps,
  note,
  longest = LONGEST,
}: {
  /** `null`: the reference store and the rules alone. */
  readonly open: Open | null;
  readonly seed: number;
  readonly steps: number;
  readonly note: Note;
  readonly longest?: number;
}): Promise<void> {
  const start = Date.now();
  let played = 0;
  for (let round = 0; played < steps; round += 1) {
    const [run] = fc.sample(runs(Math.min(longest, Math.ceil(steps - played) * 2)), {
      seed: seed * 7919 + round,
      numRuns: 1,
    });
    if (run === undefined) {
      break;
    }
    try {
      played += (await play(run, open)).length;
    } catch (error) {
      throw error instanceof Mismatch ? new Failure(await smallestCase(asPlayed(run, error), open, seed)) : error;
    }
  }
  note({ figure: "model steps", count: played, seconds: (Date.now() - start) / 1000, seed });
}

/** The run with each operation as it came to be: left alone, a step is not to become another one. */
function asPlayed({ options, steps }: Run, { played }: Mismatch): Run {
  return {
    options,
    steps: steps.slice(0, played.length).map((step, place) => ({
      ...step,
      op: played[place]?.call.op ?? step.op,
      isMeant: true,
    })),
  };
}

/** How often the search for a smaller case may play. */
const ATTEMPTS = 600;

async function smallestCase(run: Run, open: Open | null, seed: number): Promise<string> {
  const smallest = await reduced(
    run,
    async (candidate) => (await mismatchOf(candidate, open))?.played.length ?? null,
    ATTEMPTS,
  );
  const mismatch = await mismatchOf(smallest, open);
  if (mismatch === null) {
    return `a run of seed ${seed} failed, and did not when it was played again: ${JSON.stringify(run)}`;
  }
  const fixture = await fixtureOf(smallest.options, mismatch.played);
  return `${mismatch.message}\n\nSeed ${seed}. As a fixture:\n\n${JSON.stringify(fixture, null, 2)}`;
}

async function mismatchOf(run: Run, open: Open | null): Promise<Mismatch | null> {
  try {
    await play(run, open);
    return null;
  } catch (error) {
    if (error instanceof Mismatch) {
      return error;
    }
    throw error;
  }
}
