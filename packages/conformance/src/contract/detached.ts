import { assert, assertSame, assertSound } from "../assertions.ts";
import { isObject } from "../differences.ts";
import { call, mutations, operations, prepared } from "./operations.ts";
import { inTown } from "./town.ts";
import type { Trait } from "./trait.ts";

const MARK = "changed by the caller";

export const detachedResults: Trait = {
  title: "an answer is frozen and shares nothing with the store",
  cases: operations.map((operation) => ({
    name: operation.name,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(operation, town);
        const options = operation.hasKey ? [{ idempotencyKey: "k" }] : [];
        const result = await call(town, operation.name, [...args, ...options]);
        assertSound(operation.name, result);
        const before = await town.tables();
        const copies = JSON.stringify(before);
        spoil(result);
        assert(JSON.stringify(await town.tables()) === copies, "changing an answer changed what is stored");
        const again = await call(town, operation.name, [...operation.args(town), ...options]);
        assert(!JSON.stringify(again).includes("1970-"), "changing an answer changed the next one");
      }),
  })),
};

export const detachedArguments: Trait = {
  title: "changing an argument after the call changes nothing",
  cases: mutations.map((operation) => ({
    name: operation.name,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(operation, town);
        const options = { actor: town.admin.usrId, ...(operation.hasKey ? { idempotencyKey: "k" } : {}) };
        const running = call(town, operation.name, [...args, options]);
        spoil([args, options]);
        const result = await running;
        for (const [what, value] of Object.entries({ "the result": result, "the tables": await town.tables() })) {
          const text = JSON.stringify(value);
          assert(!text.includes(MARK) && !text.includes("1970-"), `${what} shows a later change of an argument`);
        }
        if (operation.hasKey) {
          const again = await call(town, operation.name, [...operation.args(town), { idempotencyKey: "k" }]);
          assertSame("the replayed result", again, result);
        }
      }),
  })),
};

/** Changes whatever can be changed: every instant, every value of every object. */
function spoil(value: unknown): void {
  if (value instanceof Date) {
    value.setTime(0);
    return;
  }
  if (!isObject(value)) {
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    spoil(inner);
    if (typeof inner === "string") {
      Reflect.set(value, key, MARK);
    }
  }
}
