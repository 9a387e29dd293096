import { type Code, isTenancyError, type Tables } from "@tenantry/core";
import { assert, assertAll, assertRejects, assertSame, describeError, type Outcome, outcomeOf } from "../assertions.ts";
import { call, type Operation, prepared } from "../contract/operations.ts";
import { founded, NOON, type Town } from "../contract/town.ts";
import { appendedEvents } from "../fixture/ledger.ts";
import { resolution, resolved } from "../history/recorder.ts";
import { assertSane } from "../races/aftermath.ts";
import type { Interpose, SharedDatabase } from "../shared-database.ts";
import { caseOf, type FaultCase } from "./cases.ts";
import type { Ending } from "./ways.ts";

/** The key of the call that meets a fault. */
export const KEY = "the-key";

/** A call that is about to meet a fault: a town in which it would be accepted, and an instance that the fault is put in. */
export interface Stage {
  readonly clock: () => Date;
  readonly town: Town;
  readonly operation: FaultCase;
  readonly args: readonly unknown[];
  readonly before: Tables;
}

export async function staged(database: SharedDatabase, what: Operation & Partial<FaultCase>): Promise<Stage> {
  const operation = caseOf(what);
  let now = new Date(NOON);
  const clock = (): Date => new Date(now);
  const store = await database.connect({ ...operation.options, clock });
  const town = await founded({ store, tables: () => database.tables(), close() {} }, (instant) => {
    now = instant;
  });
  const args = await prepared(operation, town);
  return { clock, town, operation, args, before: await database.tables() };
}

/** Makes the call on an instance of which requests go through `interpose`. */
export async function meet(
  { clock, operation, args, town }: Stage,
  database: SharedDatabase,
  interpose: Interpose,
): Promise<Outcome> {
  const store = await database.connect({ ...operation.options, clock }, interpose);
  const options = operation.hasKey ? [{ idempotencyKey: KEY }] : [];
  return outcomeOf(() => call({ ...town, store }, operation.name, [...args, ...options]));
}

/**
 * What a call ended with must be true: nothing half-written, nothing acknowledged lost, nothing twice; what is unknown can
 * be resolved; and in the end the effect can be had exactly once. Answers how it ended.
 */
export async function aftermath(stage: Stage, outcome: Outcome): Promise<Ending> {
  const { operation } = stage;
  if (!operation.isMutation) {
    return queryEnding(stage, outcome);
  }
  const [ending, tables] = [await outcomeOf(() => mutationEnding(stage, outcome)), await stage.town.tables()];
  assertAll(
    () => {
      if (!ending.ok) {
        throw ending.error;
      }
    },
    () => assertSane(tables),
  );
  return ending.ok ? ending.result : "ok";
}

async function queryEnding({ operation, before, town }: Stage, outcome: Outcome): Promise<Ending> {
  assertSame(`${operation.name} wrote, the tables`, await town.tables(), before);
  return outcome.ok ? "ok" : typed(operation.name, outcome.error);
}

async function mutationEnding(stage: Stage, outcome: Outcome): Promise<Ending> {
  if (outcome.ok) {
    await tookEffect(stage, outcome.result, "H01");
    return "ok";
  }
  const { name } = stage.operation;
  const code = typed(name, outcome.error);
  if (stage.operation.hasKeyOfParts === true) {
    return partsEnding(stage, outcome.error, code);
  }
  if (code !== "indeterminate.commit") {
    if (!stage.operation.hasKey && (await written(stage)) > 0) {
      // Of several requests one failed behind what was written: a repeat finds nothing left to do.
      await tookEffect(stage, null, "H02");
      return code;
    }
    await leftNothing(stage, "H02", code);
    await takesEffect(stage, KEY);
    return code;
  }
  const { key } = outcome.error as { readonly key: string };
  assert(!stage.operation.hasKey || key === KEY, `H03: ${name}: what is unknown is another call, with the key ${key}`);
  const found = await resolution(outcome.error);
  assert(found !== null, `H04: ${name}: the unknown outcome cannot be resolved`);
  if (found === "committed") {
    const answer = await resolved(outcome.error);
    assert(answer?.committed === true, `H04: ${name}: what was found committed is not any more`);
    await tookEffect(stage, answer.result, "H04");
    return "committed";
  }
  await fencedOff(stage, "H04");
  return "fenced";
}

/** Of several commits each has happened or not, and a repeat does the rest: in the end everything has happened once. */
async function partsEnding(stage: Stage, error: unknown, code: Code): Promise<Ending> {
  const { name, before, events } = { ...stage, ...stage.operation };
  const found = code === "indeterminate.commit" ? await resolution(error) : code;
  assert(found !== null, `H04: ${name}: the unknown outcome cannot be resolved`);
  await repeat(stage, KEY);
  const happened = appendedEvents(name, before, await stage.town.tables(), events).length;
  assert(happened === events, `H03: ${name}, repeated after ${code}, wrote ${happened} events, and not ${events}`);
  return found;
}

/** The key is spent for nothing, for good; a new one can be used. */
export async function fencedOff(stage: Stage, promise: string): Promise<void> {
  await leftNothing(stage, promise, "a fence");
  if (!stage.operation.hasKey) {
    return takesEffect(stage, KEY);
  }
  const { details } = await assertRejects(() => repeat(stage, KEY), "conflict.idempotency");
  assertSame("the details", details, { reason: "abandoned" });
  await takesEffect(stage, `${KEY}-again`);
}

/** The effect is there, once, and a repeat with the key answers the same; what has no key finds nothing left to do. */
export async function tookEffect(stage: Stage, result: unknown, promise: string): Promise<void> {
  const { operation, before, town } = stage;
  const after = await town.tables();
  const events = appendedEvents(operation.name, before, after, operation.events);
  assert(events.length <= operation.events, `H03: ${operation.name} happened ${events.length} times`);
  assert(events.length === operation.events, `${promise}: ${operation.name} is said to have happened, and did not`);
  const again = await outcomeOf(() => repeat(stage, KEY));
  assert(again.ok, `${promise}: the repeat of ${operation.name} throws ${again.ok ? "" : describeError(again.error)}`);
  if (operation.hasKey) {
    assertSame(`${promise}: the repeat of ${operation.name}`, again.result, result);
  }
  assertSame(`${promise}: the repeat of ${operation.name} changed the tables`, await town.tables(), after);
}

/** No row and no event; at most a key that is fenced. */
async function leftNothing({ operation, before, town }: Stage, promise: string, what: string): Promise<void> {
  const { idem, ...rows } = await town.tables();
  const { idem: keys, ...others } = before;
  assertSame(`${promise}: ${operation.name} ended with ${what}, and left something`, rows, others);
  const own = idem.filter(({ state }) => state === "done");
  assertSame(`I22: ${operation.name} ended with ${what}, and left a key`, own, keys);
}

async function takesEffect(stage: Stage, key: string): Promise<void> {
  const { operation, town } = stage;
  const before = await town.tables();
  await repeat(stage, key);
  const events = appendedEvents(operation.name, before, await town.tables(), operation.events);
  assert(events.length === operation.events, `the repeat of ${operation.name} wrote ${events.length} events`);
}

async function written({ operation, before, town }: Stage): Promise<number> {
  return appendedEvents(operation.name, before, await town.tables(), operation.events).length;
}

function repeat({ operation, town }: Stage, key: string): Promise<unknown> {
  return call(town, operation.name, [...operation.args(town), ...(operation.hasKey ? [{ idempotencyKey: key }] : [])]);
}

function typed(name: string, error: unknown): Code {
  assert(isTenancyError(error), `H08: ${name} threw ${describeError(error)}`);
  return error.code;
}
