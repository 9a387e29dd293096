import { isTenancyError, type Limits, type Tables, type TenancyError, type TenancyOptions } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { describeError, Failure, type Outcome, outcomeOf } from "../assertions.ts";
import { SequentialIds } from "../chance.ts";
import { differences, shown } from "../differences.ts";
import type { Violation } from "../invariants/invariant.ts";
import { Watch } from "../invariants/violations.ts";
import type { Open, OpenStore, StoreUnderTest } from "../open-store.ts";
import { type Call, carryOut, foreseen, judge } from "../rules/judge.ts";
import { type Settings, settingsOf } from "../rules/ruling.ts";
import { World } from "../rules/world.ts";
import { type Attempt, attempt } from "./arguments.ts";
import { Choices } from "./choices.ts";
import { isEqual } from "./equality.ts";
import { Hands } from "./held.ts";
import { RowComparison } from "./rows.ts";

/** When every run begins. */
export const DAWN = "2030-01-01T00:00:00.000Z";
/** How many steps lie between two looks at the invariants. */
const WATCH_EVERY = 50;

/** What a seed decided: a store's options, and for each step an operation and numbers that decide everything else. */
export interface Run {
  readonly options: RunOptions;
  readonly steps: readonly RunStep[];
}

interface RunStep {
  readonly op: string;
  readonly numbers: readonly number[];
  /** The operation is meant, though another one may have to come first. */
  readonly isMeant?: true;
  /** Made as it is written, whatever the numbers are. */
  readonly call?: Call;
}

export type RunOptions = Pick<
  TenancyOptions,
  "reinvite" | "inviterCheck" | "recheckInviter" | "declineBinding" | "identifierPolicy"
> & { readonly reservedSlugs?: readonly string[]; readonly limits?: { readonly [K in keyof Limits]: number } };

/** One step as it happened on the reference store. */
export interface PlayedStep {
  readonly call: Call;
  readonly advanceMs: number;
  readonly outcome: Outcome;
}

/** The first step at which the store, the reference store and the rules do not agree. */
export class Mismatch extends Failure {
  readonly played: readonly PlayedStep[];

  constructor(played: readonly PlayedStep[], what: string) {
    super(what);
    this.played = played;
  }
}

/**
 * Plays a run on the reference store, against the rules and, where one is given, on the store under test: the same clock,
 * the same ids. After every step results and errors must be equal, after every one that writes rows and events too, and at the
 * end: what another one wrote shows by then. Throws a {@link Mismatch}.
 */
export async function play(run: Run, open: Open | null): Promise<readonly PlayedStep[]> {
  const clock = { now: new Date(DAWN) };
  const options = (ids: SequentialIds): TenancyOptions => ({
    ...run.options,
    clock: () => new Date(clock.now),
    idSource: ids.next,
  });
  const ids = new SequentialIds();
  const reference = new InMemoryTenancyStore(options(ids));
  const stage = new Stage(run, clock, ids, reference);
  if (open === null) {
    return stage.perform(null);
  }
  const world = await open(options(new SequentialIds()));
  try {
    return await stage.perform(world);
  } finally {
    await world.close();
  }
}

/** Plays calls that are written down, a second apart, instead of random ones. */
export async function playCalls(calls: readonly Call[], open: Open): Promise<void> {
  const steps = calls.map((call) => ({ op: call.op, numbers: [], call }));
  await play({ options: {}, steps }, open);
}

class Stage {
  readonly #run: Run;
  readonly #clock: { now: Date };
  readonly #ids: SequentialIds;
  readonly #reference: InMemoryTenancyStore;
  readonly #settings: Settings;
  readonly #world = new World();
  readonly #watch = new Watch();
  readonly #played: PlayedStep[] = [];
  /** The tables of the store under test before the present step, or one before it that wrote nothing. */
  #before: Tables | null = null;
  readonly #hands = new Hands();
  readonly #subjectHands = new Hands();
  readonly #byRules = new RowComparison("the rules");
  readonly #byStore = new RowComparison("the store under test");

  constructor(run: Run, clock: { now: Date }, ids: SequentialIds, reference: InMemoryTenancyStore) {
    this.#run = run;
    this.#clock = clock;
    this.#ids = ids;
    this.#reference = reference;
    this.#settings = settingsOf(run.options);
  }

  async perform(subject: OpenStore | null): Promise<readonly PlayedStep[]> {
    for (const [place, { op, numbers, isMeant = false, call: written }] of this.#run.steps.entries()) {
      const choices = new Choices(numbers);
      const advanceMs = choices.of(
        1000,
        1,
        0,
        60_000,
        2,
        3_600_000,
        17,
        choices.oneIn(3) ? 86_400_000 : 3,
        choices.oneIn(3) ? -5000 : 4,
      );
      this.#clock.now = new Date(this.#clock.now.getTime() + advanceMs);
      const setting = { choices, world: this.#world, now: this.#clock.now };
      const call = written === undefined ? attempt(op, setting, isMeant) : { ...written, isSpoilt: false };
      const isLast = place === this.#run.steps.length - 1;
      await this.#step(call, { advanceMs, isLast }, subject);
      if (isLast || place % WATCH_EVERY === WATCH_EVERY - 1) {
        this.#agree(this.#broken(subject === null ? this.#reference.tables() : await subject.tables()));
      }
    }
    return this.#played;
  }

  async #step(
    call: Attempt,
    { advanceMs, isLast }: { readonly advanceMs: number; readonly isLast: boolean },
    subject: OpenStore | null,
  ): Promise<void> {
    const outcome = await outcomeOf(() => send(this.#reference, call, this.#hands));
    this.#played.push({ call, advanceMs, outcome });
    const isToWrite = this.#judged(call, outcome);
    const own = subject === null ? outcome : await outcomeOf(() => send(subject.store, call, this.#subjectHands));
    const different = differentOutcomes("the store under test", own, outcome);
    if (different.length === 0 && !isToWrite && !isLast) {
      // What it would have written all the same shows behind the next one that writes.
      return;
    }
    const tables = this.#reference.tables();
    this.#agree(this.#byRules.differences({ ...this.#world.tables(), idem: tables.idem }, tables));
    if (subject !== null) {
      const stored = await subject.tables();
      const found = [...different, ...this.#byStore.differences(stored, tables)];
      // What is broken besides says more about the reason.
      const before = this.#before;
      this.#before = stored;
      this.#agree(found.length === 0 ? found : [...(before === null ? [] : brokenSince(before, stored)), ...found]);
    }
  }

  /** What the rules say of the call, which changes their world too: answers whether it does. */
  #judged(call: Attempt, outcome: Outcome): boolean {
    const minted = this.#ids.taken();
    if (call.isSpoilt && !outcome.ok && isAboutInput(outcome.error)) {
      return false;
    }
    const left = [...minted];
    const situation = {
      now: this.#clock.now,
      settings: this.#settings,
      actor: call.options.actor ?? null,
      key: call.options.idempotencyKey ?? null,
      mint: <T extends string>(type: T): `${T}_${string}` => {
        const place = left.findIndex((id) => id.startsWith(`${type}_`));
        return left.splice(place, place === -1 ? 0 : 1)[0] as `${T}_${string}`;
      },
    };
    const ruling = judge(this.#world, call, situation);
    if ("refused" in ruling) {
      const isSame = !outcome.ok && isTenancyError(outcome.error, ruling.refused);
      const code = isTenancyError(outcome.ok ? null : outcome.error)
        ? (outcome as { error: TenancyError }).error.code
        : "";
      this.#agree(
        isSame && code === ruling.refused
          ? []
          : [`the rules refuse with ${ruling.refused}, the reference store ${describeOutcome(outcome)}`],
      );
      return false;
    }
    const result = carryOut(this.#world, call, ruling, situation);
    this.#agree(differentOutcomes("the rules", { ok: true, result }, asForeseen(call, outcome)));
    return "apply" in ruling;
  }

  #broken(tables: Tables): readonly string[] {
    return this.#watch.broken(tables).map(told);
  }

  #agree(found: readonly string[]): void {
    if (found.length > 0) {
      const call = this.#played.at(-1)?.call;
      const place = `step ${this.#played.length}, ${call?.op}(${shown(call?.args)}, ${shown(call?.options)})`;
      throw new Mismatch([...this.#played], `${place}:\n  ${found.slice(0, 10).join("\n  ")}`);
    }
  }
}

function brokenSince(before: Tables, after: Tables): readonly string[] {
  const watch = new Watch();
  watch.broken(before);
  return watch.broken(after).map(told);
}

function told({ id, rule, rows }: Violation): string {
  return `${id} is broken, ${rule}: ${rows.slice(0, 3).join(", ")}`;
}

/** What answers rows that are more or less than the entity with their id. */
const NO_ENTITIES: readonly string[] = ["membersAsOf", "listMemberships", "listInvitationsFor"];

/** Calls the method as a caller would whom no type checker watches. */
export async function send(
  store: StoreUnderTest | InMemoryTenancyStore,
  { op, args, options }: Call,
  hands: Hands = new Hands(),
): Promise<unknown> {
  const method: unknown = Reflect.get(store, op);
  if (typeof method !== "function") {
    throw new Failure(`the store has no method ${op}`);
  }
  const isBare = Object.keys(options).length === 0;
  const given = hands.given(args);
  const result: unknown = await Reflect.apply(method, store, isBare ? given : [...given, options]);
  if (!NO_ENTITIES.includes(op)) {
    hands.take(result);
  }
  return result;
}

/** What the rules foresee of an outcome. */
function asForeseen({ op }: Call, outcome: Outcome): Outcome {
  return outcome.ok ? { ok: true, result: foreseen(op, outcome.result) } : outcome;
}

function differentOutcomes(who: string, own: Outcome, expected: Outcome): readonly string[] {
  if (own.ok && expected.ok) {
    return isEqual(own.result, expected.result)
      ? []
      : differences(own.result, expected.result, "exact", "result").map((line) => `H11: ${who}, ${line}`);
  }
  const isSame = !own.ok && !expected.ok && isEqualError(own.error, expected.error);
  return isSame ? [] : [`H11: ${who} ${describeOutcome(own)}, the reference store ${describeOutcome(expected)}`];
}

function isEqualError(own: unknown, expected: unknown): boolean {
  return (
    isTenancyError(own) &&
    isTenancyError(expected) &&
    own.code === expected.code &&
    own.name === expected.name &&
    differences(own.details, expected.details, "exact").length === 0
  );
}

function describeOutcome(outcome: Outcome): string {
  return outcome.ok ? `answers ${shown(outcome.result)}` : `throws ${describeError(outcome.error)}`;
}

/** Whether the call was refused before anything was read. */
function isAboutInput(error: unknown): boolean {
  return (
    isTenancyError(error, "invalid_id") ||
    isTenancyError(error, "invalid_type") ||
    isTenancyError(error, "precondition.*")
  );
}
