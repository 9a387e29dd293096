import { isDeepStrictEqual } from "node:util";
import { type Operation, operations, type Stage, staged } from "@tenantry/conformance/faults";
import { assertSane, Chance } from "@tenantry/conformance/history";
import type { SharedDatabase } from "@tenantry/conformance/races";
import { isTenancyError, type Tables } from "@tenantry/core";
import type { Arena } from "../arena.ts";
import { neighbour } from "./neighbours.ts";
import { pristine } from "./prototypes.ts";
import { shownInput } from "./shown-input.ts";

/** How many calls are made in one town at most; one that changes rows is the last. */
const IN_ONE_TOWN = 60;

/** What a code looks like: `not_found`, `conflict.org_slug`. */
const CODE = /^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)?$/;

/** What became of the calls. */
export interface Answers {
  accepted: number;
  refused: number;
}

/**
 * Calls every operation with neighbours of valid arguments. Each answer is a success or a typed error with a code of the
 * caller's, never an `internal.*` one; a refused call changes no row, and nobody's prototype is changed.
 */
export async function badInputs(arena: Arena, { calls, seed }: { calls: number; seed: number }): Promise<Answers> {
  const chance = new Chance(seed);
  const answers: Answers = { accepted: 0, refused: 0 };
  for (let made = 0; made < calls; ) {
    const database = await arena.open();
    const most = Math.min(IN_ONE_TOWN, calls - made);
    made += await inOneTown(database, { most, answers, chance: chance.fork(), what: `seed ${seed}, call ${made}` });
    await database.close();
  }
  return answers;
}

async function inOneTown(
  database: SharedDatabase,
  { most, answers, chance, what }: { most: number; answers: Answers; chance: Chance; what: string },
): Promise<number> {
  const operation = chance.of(operations);
  const stage = await staged(database, operation);
  const assertPristine = pristine();
  const { before } = stage;
  let made = 0;
  let after: Tables = before;
  while (made < most && after === before) {
    const args = neighbour(validArguments(stage, made, chance), chance);
    // Before the call: what is given may change, and the store must not notice.
    const shown = `${what} + ${made}: ${operation.name}(${shownInput(args)})`;
    made += 1;
    const isAccepted = await answered(stage, args, shown);
    answers[isAccepted ? "accepted" : "refused"] += 1;
    const tables = await database.tables();
    if (!isDeepStrictEqual(tables, before)) {
      if (!isAccepted) {
        throw new Error(`${shown} was refused, and changed rows`);
      }
      if (!operation.isMutation) {
        throw new Error(`${shown} is a question, and changed rows`);
      }
      after = tables;
      assertSane(tables);
    }
  }
  assertPristine(`${what}: one of ${made} calls of ${operation.name}`);
  return made;
}

/** Valid ones, with a second argument where there may be one: each with a key of its own. */
function validArguments({ town, operation, before }: Stage, made: number, chance: Chance): readonly unknown[] {
  const args = operation.args(town);
  if (!operation.isMutation || chance.below(3) === 0) {
    return args;
  }
  return [...args, secondArgument(operation, before, `key-${made}`, town.stranger)];
}

function secondArgument(
  { hasKey, hasVersion }: Operation,
  { org }: Tables,
  idempotencyKey: string,
  actor: string,
): object {
  const [first] = org;
  return {
    actor,
    ...(hasKey ? { idempotencyKey } : {}),
    ...(hasVersion && first !== undefined ? { expectedVersion: first.version } : {}),
  };
}

/** Whether the call was accepted. */
async function answered({ town, operation }: Stage, args: readonly unknown[], shown: string): Promise<boolean> {
  const { store } = town;
  const method: unknown = Reflect.get(store, operation.name);
  if (typeof method !== "function") {
    throw new Error(`the store has no method ${operation.name}`);
  }
  try {
    await Reflect.apply(method, store, args);
    return true;
  } catch (error) {
    if (!isTenancyError(error)) {
      throw new Error(`H08: ${shown} threw what is no error of ours`, { cause: error });
    }
    if (!CODE.test(error.code) || /^(internal|unavailable|indeterminate)/.test(error.code)) {
      throw new Error(`H08: ${shown} ended with ${error.code}`, { cause: error });
    }
    return false;
  }
}
