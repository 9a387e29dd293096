import { assert, type Outcome, outcomeOf } from "../assertions.ts";
import type { Interpose } from "../shared-database.ts";
import { within } from "../timing.ts";

/** One choice of a schedule: which of the sides that wait goes on. */
interface Choice {
  readonly taken: number;
  readonly of: number;
}

/** A call that stops before each request that it makes. */
interface Stepped {
  /** What it waits for; `null` while a request is under way, or once it has ended. */
  gate: (() => void) | null;
  outcome: Outcome | null;
  /** Told when it stops or ends. */
  changed: () => void;
}

/** How long a request may be under way before its side counts as blocked by the other one. */
const BLOCKED_AFTER_MS = 400;
/** How long both sides may be blocked. */
const STUCK_AFTER_MS = 10_000;

export type SteppedCall = (interpose: Interpose) => Promise<unknown>;

export interface ScheduleResult {
  readonly outcomes: readonly [Outcome, Outcome];
  readonly choices: readonly Choice[];
  /** How many requests were made. */
  readonly length: number;
}

/** Runs two calls, of which only one at a time goes on, as the choices say; where they end the first side goes on. */
export async function runSchedule(
  calls: readonly [SteppedCall, SteppedCall],
  plan: readonly number[],
): Promise<ScheduleResult> {
  const sides = calls.map((): Stepped => ({ gate: null, outcome: null, changed: () => {} }));
  const choices: Choice[] = [];
  let length = 0;
  for (const [place, side] of sides.entries()) {
    start(side, calls[place] as SteppedCall);
    await settledDown(side);
  }
  for (;;) {
    const waiting = sides.filter(({ gate }) => gate !== null);
    if (waiting.length === 0) {
      const open = sides.filter(({ outcome }) => outcome === null);
      if (open.length === 0) {
        break;
      }
      await Promise.all(open.map(ended));
      continue;
    }
    let chosen = 0;
    if (waiting.length > 1) {
      chosen = plan[choices.length] ?? 0;
      choices.push({ taken: chosen, of: waiting.length });
    }
    const side = waiting[chosen] as Stepped;
    const pass = side.gate as () => void;
    side.gate = null;
    length += 1;
    pass();
    await settledDown(side);
  }
  const [left, right] = sides.map(({ outcome }) => outcome as Outcome) as [Outcome, Outcome];
  return { outcomes: [left, right], choices, length };
}

/**
 * The choices of the next schedule, depth first: the last choice that has another way is taken that way. `null`: all
 * schedules have been run.
 */
export function nextPlan(choices: readonly Choice[]): readonly number[] | null {
  const last = choices.findLastIndex(({ taken, of }) => taken + 1 < of);
  return last === -1 ? null : [...choices.slice(0, last).map(({ taken }) => taken), (choices[last]?.taken ?? 0) + 1];
}

function start(side: Stepped, call: SteppedCall): void {
  const interpose: Interpose = async (_, send) => {
    await new Promise<void>((pass) => {
      side.gate = pass;
      side.changed();
    });
    return send();
  };
  void outcomeOf(() => call(interpose)).then((outcome) => {
    side.outcome = outcome;
    side.changed();
  });
}

/** Waits until the side stops at its next request or ends; or for a while, where it waits for the other side. */
async function settledDown(side: Stepped): Promise<void> {
  await within(BLOCKED_AFTER_MS, quiet(side));
}

async function ended(side: Stepped): Promise<void> {
  assert((await within(STUCK_AFTER_MS, quiet(side))) !== null, "both calls wait for each other");
}

function quiet(side: Stepped): Promise<true> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (side.gate !== null || side.outcome !== null) {
        resolve(true);
      }
    };
    side.changed = look;
    look();
  });
}
