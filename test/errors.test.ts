import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CODES } from "../packages/core/src/errors.ts";

const pages = readdirSync("errors").filter((file) => file !== "README.md");
const fixtures = readdirSync("packages/conformance/fixtures", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".json"))
  .map((file) => readFileSync(`packages/conformance/fixtures/${file}`, "utf8"))
  .join("\n");

test("every code has its page, and every page its code", () => {
  expect(pages.map((file) => file.replace(/\.md$/, "")).sort()).toEqual([...CODES].sort());
});

test("the index names every code", () => {
  const index = readFileSync("errors/README.md", "utf8");
  expect(CODES.filter((code) => !index.includes(`[\`${code}\`](${code}.md)`))).toEqual([]);
});

test.for(pages)("%s points to a fixture or a test that exists", (file) => {
  const [, shown = ""] = readFileSync(`errors/${file}`, "utf8").split("## Shown by");
  const cases = [...shown.matchAll(/^- `([^`]+)` in /gm)].map(([, id]) => id ?? "");
  const tests = [...shown.matchAll(/^- `(packages\/[^`]+)`$/gm)].map(([, path]) => path ?? "");
  expect(cases.length + tests.length).toBeGreaterThan(0);
  expect(cases.filter((id) => !fixtures.includes(`"${id}"`))).toEqual([]);
  expect(tests.filter((path) => !existsSync(path))).toEqual([]);
});
