import { generate } from "@tenantry/core";
import { expect, test } from "vitest";
import { differences } from "./differences.ts";

const date = new Date(0);

test.each<readonly [what: string, actual: unknown, expected: unknown]>([
  ["equal values", { a: [1, { b: null }], d: new Date(0) }, { a: [1, { b: null }], d: date }],
  ["any id of the type asked for", { id: generate("mem") }, { id: { $id: "mem" } }],
  ["NaN and itself", Number.NaN, Number.NaN],
])("no difference between %s", (_, actual, expected) => {
  expect(differences(actual, expected, "exact")).toEqual([]);
});

test.each<readonly [place: string, actual: unknown, expected: unknown]>([
  ["the value: expected 1, found 2", 2, 1],
  ['the value: expected 1, found "1"', "1", 1],
  [".a: missing, expected null", {}, { a: null }],
  [".a: expected null, found undefined", { a: undefined }, { a: null }],
  [".a.b: expected true, found false", { a: { b: false } }, { a: { b: true } }],
  ["[1]: missing, expected 2", [1], [1, 2]],
  ["[1]: unexpected 2", [1, 2], [1]],
  ["the value: expected {}, found []", [], {}],
  ["the value: expected [], found {}", {}, []],
  ["the value: expected {}, found null", null, {}],
  ["the value: expected 0, found 0", -0, 0],
  ['the value: expected "1970-01-01T00:00:00.000Z", found "1970-01-01T00:00:00.001Z"', new Date(1), date],
  ['the value: expected "1970-01-01T00:00:00.000Z", found "1970-01-01T00:00:00.000Z"', date.toISOString(), date],
  ['.id: expected an id of type mem, found "mem_x"', { id: "mem_x" }, { id: { $id: "mem" } }],
])("%s", (line, actual, expected) => {
  expect(differences(actual, expected, "partial")).toEqual([line]);
});

test("a key more is a difference only where the comparison is exact", () => {
  expect(differences({ a: 1, b: 2 }, { a: 1 }, "partial")).toEqual([]);
  expect(differences({ a: 1, b: 2 }, { a: 1 }, "exact")).toEqual([".b: unexpected 2"]);
});

test("an inherited key is none", () => {
  expect(differences({}, { constructor: Object }, "partial")).toHaveLength(1);
});

test("long values are cut", () => {
  expect(differences("a".repeat(10_000), 1, "exact")[0]?.length).toBeLessThan(500);
});
