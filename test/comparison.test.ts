import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

// The table of docs/comparison.md promises that nothing is left out, and that what it says can be looked up.

const page = readFileSync("docs/comparison.md", "utf8");

interface Row {
  readonly name: string;
  readonly here: string;
  readonly how: string;
  readonly files: readonly string[];
}

const rows: readonly Row[] = page
  .split("\n")
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")))
  .filter(([name = ""]) => /^[LD]\d+$/.test(name))
  .map(([name = "", , here = "", how = "", where = ""]) => ({
    name,
    here,
    how,
    files: [...where.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file),
  }));

const numbered = (letter: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, place) => `${letter}${place + 1}`);

test("every feature of both has a row, in order", () => {
  expect(rows.map(({ name }) => name)).toEqual([...numbered("L", 62), ...numbered("D", 65)]);
});

test.each(["L", "D"])("the heading of the rows %s counts them", (letter) => {
  const counted = ["works", "not needed", "not yet"]
    .map((here) => [rows.filter((row) => row.name.startsWith(letter) && row.here === here).length, here] as const)
    .map(([count, here]) => `${count} ${here}`)
    .join(", ");
  expect(page).toContain(`features: ${counted}\n`);
});

test.for(rows)("$name says what becomes of it, and where that is", ({ here, how, files }) => {
  expect(["works", "not needed", "not yet"]).toContain(here);
  expect(how).not.toBe("");
  expect(files).not.toEqual([]);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  if (here === "works") {
    expect(files.some((file) => file.endsWith(".test.ts"))).toBe(true);
  }
});
