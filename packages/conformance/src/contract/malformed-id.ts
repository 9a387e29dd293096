import { type Code, generate } from "@tenantry/core";
import { assert, assertRejects, assertSame, assertUnchanged } from "../assertions.ts";
import { call, type IdPlace, operations, placeName, prepared, replaced, valueAt } from "./operations.ts";
import { around, inTown } from "./town.ts";
import type { Trait } from "./trait.ts";

export const malformedId: Trait = {
  title: "a malformed id is refused before anything is read, and none of its code runs",
  cases: operations.flatMap((operation) =>
    operation.ids.map((place) => ({
      name: placeName(operation, place.at),
      run: (open) =>
        inTown(open, async (town) => {
          const args = await prepared(operation, town);
          // Whatever would have to be looked up does not exist: who reads first answers not_found.
          const blind = operation.ids.reduce((others, { at, type }) => replaced(others, at, generate(type)), args);
          const { before, after } = await around(town, async () => {
            for (const [value, code] of malformed(place, String(valueAt(args, place.at)))) {
              const refused = await assertRejects(
                () => call(town, operation.name, replaced(blind, place.at, value)),
                code,
              );
              assertSame("the argument that the error names", Object(refused.details).argument, argumentOf(place));
            }
          });
          assertUnchanged(operation.name, before, after);
        }),
    })),
  ),
};

/** The key of the input or the name of the parameter; what `plan` takes is named as its operation has it. */
function argumentOf({ at, type }: IdPlace): string {
  const key = at.at(-1);
  return typeof key === "string" && key !== "revokeOrg" ? key : key === 1 ? "subjectId" : `${type}Id`;
}

function malformed({ type }: IdPlace, id: string): readonly (readonly [value: unknown, code: Code])[] {
  const digits = id.slice(id.indexOf("_") + 1);
  const badIds = ["", type, `${type}_`, digits, `${type}_${digits.toUpperCase().replace(/[0-9]/g, "A")}`, `${id}0`];
  const badDigits = [`${id}\n`, `${id}\0`, `${type}_${"0".repeat(32)}`, `${type}_${"f".repeat(32)}`, `${type}_x_y`];
  const otherType = type === "org" ? "mem" : "org";
  const noStrings = [42, true, [], [id], {}, Symbol("id"), 1n, () => id, Object(id), untouchable(), loud()];
  return [
    ...[...badIds, ...badDigits, ...noStrings].map((value) => [value, "invalid_id"] as const),
    [`${otherType}_${digits}`, "invalid_type"],
    [`xyz_${digits}`, "invalid_type"],
    [`${type.toUpperCase()}_${digits}`, "invalid_type"],
    [` ${id}`, "invalid_type"],
    [`${type}_`.repeat(250_000), "invalid_id"],
  ];
}

/** Looks like an id to whoever converts it. */
function loud(): object {
  const speak = (): never => {
    assert(false, "code of an argument was run");
  };
  return { toString: speak, valueOf: speak, toJSON: speak, [Symbol.toPrimitive]: speak };
}

function untouchable(): object {
  const traps = ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"].map((trap) => [
    trap,
    () => assert(false, `the trap ${trap} of an argument was run`),
  ]);
  return new Proxy({}, Object.fromEntries(traps));
}
