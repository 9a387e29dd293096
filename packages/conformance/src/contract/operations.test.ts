import { PERMISSIONS } from "@tenantry/core";
import { expect, test } from "vitest";
import { operations as inFixtures } from "../fixture/operations.ts";
import { operations } from "./operations.ts";

const methods: readonly string[] = Object.keys(PERMISSIONS);

test("the contract is shown on every operation", () => {
  expect(operations.map(({ name }) => name).sort()).toEqual([...methods].sort());
});

test("fixtures can call every operation", () => {
  const known = [...inFixtures.values()].map(({ method }) => method);
  expect(methods.filter((name) => !known.includes(name))).toEqual([]);
});
