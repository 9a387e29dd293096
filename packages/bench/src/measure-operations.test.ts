import { expect, test } from "vitest";
import { type Cell, measuredAgain } from "./measure-operations.ts";

const cell = (operation: string, callers: number, trips: number): Cell => ({
  network: "local",
  callers,
  operation,
  trips,
  results: [],
});

test("what is measured again takes its own place, and nothing else's", () => {
  const before = { distances: { local: 1 }, cells: [cell("getOrg", 1, 1), cell("getOrg", 8, 1), cell("check", 1, 1)] };
  const again = { distances: { local: 2 }, cells: [cell("getOrg", 8, 2)] };
  expect(measuredAgain(before, again)).toEqual({
    distances: { local: 2 },
    cells: [cell("getOrg", 1, 1), cell("getOrg", 8, 2), cell("check", 1, 1)],
  });
});
