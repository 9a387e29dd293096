import { expect, test } from "vitest";
import { pageOf, percentile } from "../scripts/reliability.mjs";

/** A part that left these lines and test results behind. */
function part(lines: readonly object[], tests: readonly object[] = [], status = 0) {
  return {
    ...{ name: "faults", status, seconds: 60, seed: 1, commit: "abc1234", began: 0, ended: 60_000, isShared: false },
    lines,
    report: { testResults: [{ name: "faults.race.test.ts", status: "passed", assertionResults: tests }] },
  };
}
const result = (store: string, title: string, status: string) => ({
  ...{ ancestorTitles: [store], fullName: `${store} ${title}`, status },
});
const how = { profile: "long", scale: 1 };

/** The cells of the row of a figure and a store, by the names of the columns. */
function row(page: string, figure: string, store: string): Readonly<Record<string, string>> {
  const cellsOf = (line: string): readonly string[] =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const table = page.split("\n").filter((line) => line.startsWith("| "));
  const names = cellsOf(table[0] ?? "");
  const found = table.map(cellsOf).find(([name, of]) => name === figure && of === store);
  return Object.fromEntries(names.map((name, place) => [name, found?.[place] ?? "no such row"]));
}

test("lines of one figure and store are one row", () => {
  const line = { store: "pg", figure: "calls while requests fail", count: 1000, calls: 900, seconds: 2, retries: 45 };
  const durations = {
    fast: [[1, 990]],
    slow: [
      [1, 900],
      [250, 10],
    ],
  };
  const page = pageOf(
    [
      part([
        { store: "pg", server: "17.10" },
        { store: "pg", figure: "calls while requests fail", planned: 2000 },
        { ...line, seed: 1, durations: durations.fast, unknown: { committed: 2, fenced: 1, open: 0 } },
        { ...line, seed: 2, durations: durations.slow, unknown: { committed: 1, fenced: 1, open: 0 } },
        { store: "Neon HTTP", figure: "calls while requests fail", count: 5, seconds: 1, seed: 1 },
      ]),
    ],
    how,
  );
  expect(row(page, "calls while requests fail", "pg")).toEqual({
    ...{ figure: "calls while requests fail", store: "pg", server: "17.10", planned: "2,000", done: "2,000" },
    ...{ "not run": "", violations: "0", unknown: "3 / 2 / 0", "retries per 1,000": "50.0" },
    ...{ "p50 ms": "1.0", "p99 ms": "1.0", seconds: "4", seeds: "1–2" },
  });
  expect(row(page, "calls while requests fail", "Neon HTTP")).toMatchObject({ "p50 ms": "", "retries per 1,000": "" });
  expect(page).toContain("Of 5 outcomes that nobody knew at first 3 were found committed, 2 were fenced for good");
});

test("what was planned and not done, and what was left out, is not run", () => {
  const page = pageOf(
    [
      part(
        [
          { store: "pg", figure: "storms", planned: 100 },
          { store: "pg", figure: "storms", count: 60, seconds: 1, seed: 1 },
          { store: "PGlite", figure: "storms", planned: "all of them" },
          { store: "PGlite", figure: "late commits", planned: 3 },
          { store: "PGlite", figure: "late commits", count: 3, seconds: 1, seed: 1 },
        ],
        [result("PGlite", "a commit that arrives late", "skipped"), result("pg", "a storm", "passed")],
      ),
    ],
    how,
  );
  expect(row(page, "storms", "pg")["not run"]).toBe("40");
  expect(row(page, "storms", "PGlite")["not run"]).toBe("all, 1 test");
  expect(row(page, "late commits", "PGlite")["not run"]).toBe("1 test");
  expect(page).toContain("PGlite a commit that arrives late.");
});

test("a failed test is a violation of its store, and a part that died is told", () => {
  const line = { figure: "storms", count: 1, seconds: 1, seed: 1 };
  const lines = ["pg", "postgres.js"].map((store) => ({ ...line, store }));
  const page = pageOf([part(lines, [result("pg", "a storm of eight", "failed")], 1)], how);
  expect(row(page, "storms", "pg")["violations"]).toBe("1");
  expect(row(page, "storms", "postgres.js")["violations"]).toBe("0");
  expect(page).toContain("**1 violation**");
  expect(page).toContain("- faults: pg a storm of eight");
  expect(pageOf([part(lines, [], 1)], how)).toContain("- faults: did not come to an end");
});

test("a share of calls took at most so long", () => {
  const counts = [
    [5, 1],
    [1, 98],
    [2, 1],
  ] as const;
  expect([0.5, 0.98, 0.99, 1].map((share) => percentile(counts, share))).toEqual([1, 1, 2, 5]);
  expect(percentile([], 0.5)).toBeUndefined();
});
