import type { Code } from "@tenantry/core";
import { assert, assertRejects, assertUnchanged } from "../assertions.ts";
import { isObject } from "../differences.ts";
import { type Arguments, call, mutations, type Operation, operations, prepared } from "./operations.ts";
import { around, inTown, type Town } from "./town.ts";
import type { Trait, TraitCase } from "./trait.ts";

/** An object among the arguments of an operation, and how the call looks with another one in its place. */
interface Slot {
  readonly name: string;
  readonly operation: Operation;
  readonly object: (args: Arguments) => object;
  readonly withValue: (args: Arguments, value: unknown) => Arguments;
  readonly isInput: boolean;
}

/** The input of every mutation that takes an object, and the second argument of every mutation. */
const slots: readonly Slot[] = mutations.flatMap((operation) => [
  ...(operation.ids.some(({ at }) => at.length === 2)
    ? [
        {
          name: `${operation.name}, its input`,
          operation,
          object: ([input]: Arguments) => input as object,
          withValue: (_: Arguments, value: unknown) => [value],
          isInput: true,
        },
      ]
    : []),
  {
    name: `${operation.name}, its options`,
    operation,
    object: () => (operation.hasKey ? { idempotencyKey: "k" } : { actor: null }),
    withValue: ([input]: Arguments, value: unknown) => [input, value],
    isInput: false,
  },
]);

const refusals: Readonly<Record<string, (object: object) => unknown>> = {
  "a getter that throws": (object) => withGetter(object, Object.keys(object)[0] as string, thrower),
  "a proxy whose traps throw": (object) => new Proxy(object, { ownKeys: thrower }),
  "a proxy that throws on reading": (object) => new Proxy(object, { get: thrower }),
  "a revoked proxy": (object) => {
    const { proxy, revoke } = Proxy.revocable(object, {});
    revoke();
    return proxy;
  },
  "a symbol as key": (object) => ({ ...object, [Symbol("key")]: 1 }),
  "an own __proto__ from JSON": (object) => withOwn(object, '{"__proto__":{"actor":"x"}}'),
  "an own constructor from JSON": (object) => withOwn(object, '{"constructor":1}'),
  "an own prototype from JSON": (object) => withOwn(object, '{"prototype":1}'),
  "an array": (object) => [object],
  "a function": (object) => () => object,
  "a bigint": () => 1n,
  "a symbol": () => Symbol("input"),
  "a number": () => 42,
  "a boolean": () => true,
  null: () => null,
};

const tolerated: Readonly<Record<string, (object: object) => unknown>> = {
  "a frozen object": (object) => Object.freeze(object),
  "an object without prototype": (object) => Object.assign(Object.create(null), object),
  "a transparent proxy": (object) => new Proxy(object, {}),
  "an instance of a class": (object) => Object.assign(new (class Input {})(), object),
};

export const hostileObjects: Trait = {
  title: "what is no plain object of known keys is invalid input",
  cases: slots.map((slot) => ({
    name: slot.name,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(slot.operation, town);
        const { before, after } = await around(town, async () => {
          for (const [what, spoilt] of Object.entries(refusals)) {
            await refused(town, slot, args, what, spoilt(slot.object(args)));
          }
          if (slot.isInput && !slot.operation.isInputOptional) {
            await refused(town, slot, args, "undefined", undefined);
          }
        });
        assertUnchanged(slot.name, before, after);
      }),
  })),
};

async function refused(town: Town, slot: Slot, args: Arguments, what: string, value: unknown): Promise<void> {
  const code: Code = "precondition.invalid_input";
  const error = await assertRejects(() => call(town, slot.operation.name, slot.withValue(args, value)), code);
  if (what.endsWith("throws")) {
    assert(error.cause === accident, `${what}: the cause is not what was thrown`);
  }
}

export const unusualObjects: Trait = {
  title: "an object is judged by its own properties, each read once",
  cases: [...slots.flatMap(toleratedCases), ...slots.map(readOnce), ...slots.map(polluted)],
};

function toleratedCases(slot: Slot): readonly TraitCase[] {
  return Object.entries(tolerated).map(([what, dressed]) => ({
    name: `${slot.name}: ${what}`,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(slot.operation, town);
        await call(town, slot.operation.name, slot.withValue(args, dressed(slot.object(args))));
      }),
  }));
}

function readOnce(slot: Slot): TraitCase {
  return {
    name: `${slot.name}: a getter that changes its answer`,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(slot.operation, town);
        const reads = new Map<string, number>();
        const counting = new Proxy(slot.object(args), {
          get(target, key) {
            reads.set(String(key), (reads.get(String(key)) ?? 0) + 1);
            return reads.get(String(key)) === 1 ? Reflect.get(target, key) : Symbol("another answer");
          },
        });
        await call(town, slot.operation.name, slot.withValue(args, counting));
        const again = [...reads].filter(([, times]) => times > 1).map(([key]) => key);
        assert(again.length === 0, `read more than once: ${again.join(", ")}`);
      }),
  };
}

/** Values that would change every call, if they were taken for own ones. */
const POLLUTION = {
  transferTo: "nobody",
  asUsrId: "nobody",
  acceptingIdentifier: 42,
  invitedBy: "nobody",
  preTuples: 42,
  actor: "nobody",
  idempotencyKey: "",
  expectedVersion: -1,
  name: 42,
  slug: 42,
  orgId: "nobody",
  limit: 0,
  mode: "nobody",
  dryRun: 42,
  choices: 42,
  revoke: 42,
  grants: 42,
  x: 42,
  // By these the library tells its own kinds of things apart.
  org: "nobody",
  creator: "nobody",
  membership: "nobody",
  invitation: "nobody",
  alone: 42,
  commit: 42,
};

function polluted(slot: Slot): TraitCase {
  return {
    name: `${slot.name}: a polluted Object.prototype`,
    run: (open) =>
      inTown(open, async (town) => {
        const args = slot.withValue(await prepared(slot.operation, town), slot.object(slot.operation.args(town)));
        // Only while the call begins, which is when its arguments are read: a driver is not ours to protect.
        Object.assign(Object.prototype, POLLUTION);
        let running: Promise<unknown>;
        try {
          running = call(town, slot.operation.name, args);
        } finally {
          for (const key of Object.keys(POLLUTION)) {
            Reflect.deleteProperty(Object.prototype, key);
          }
        }
        await running;
      }),
  };
}

/** Options of lists are read like those of mutations. */
export const hostileListOptions: Trait = {
  title: "what is no plain object of known keys is no options of a list",
  cases: operations
    .filter(({ hasListOptions }) => hasListOptions)
    .map((operation) => ({
      name: operation.name,
      run: (open) =>
        inTown(open, async (town) => {
          const args = operation.args(town);
          const options = args.at(-1);
          assert(isObject(options), `${operation.name} has options`);
          for (const spoilt of Object.values(refusals)) {
            const wrong = [...args.slice(0, -1), spoilt({ ...options })];
            await assertRejects(() => call(town, operation.name, wrong), "precondition.invalid_input");
          }
        }),
    })),
};

const accident = new Error("an accident of the caller's");

function thrower(): never {
  throw accident;
}

function withGetter(object: object, key: string, get: () => unknown): object {
  return Object.defineProperty({ ...object }, key, { get, enumerable: true });
}

function withOwn(object: object, json: string): object {
  const parsed = JSON.parse(json) as object;
  for (const [key, value] of Object.entries(object)) {
    Object.defineProperty(parsed, key, { value, enumerable: true });
  }
  return parsed;
}
