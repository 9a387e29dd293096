import { expect, test } from "vitest";
import { number, spread, table } from "./table.ts";

test("a table has a line for its head, one for the rule, and one for each row", () => {
  expect(table(["what", "ms"], [["one", "1"]])).toBe("| what | ms |\n| --- | ---: |\n| one | 1 |");
});

test("three digits count, thousands have commas, and what is not there is a dash", () => {
  expect([1234.5, 0.01234, null, undefined].map(number)).toEqual(["1,230", "0.0123", "–", "–"]);
  expect(spread({ median: 2, low: 1.5, high: 2.25 })).toBe("2 (1.5–2.25)");
  expect(spread(null)).toBe("–");
});
