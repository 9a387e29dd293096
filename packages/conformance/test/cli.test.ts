import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const store = (name: string): string => fileURLToPath(new URL(`stores/${name}.mjs`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tenantry-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
// Not among the others, where every tool would stumble over it.
const unfinished = join(folder, "unfinished.mjs");
writeFileSync(unfinished, "export async function open() {\n  return {\n}\n");

function conformance(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

test("a store that behaves passes, level by level, and the reports say so", () => {
  const [json, junit, report] = ["result.json", "result.xml", "report.md"].map((name) => join(folder, name));
  const { status, output } = conformance(
    "run",
    store("memory"),
    ...["--only", "contract", "--only", "faults", "--seed", "7"],
    ...["--json", json, "--junit", junit, "--report", report].map(String),
  );
  expect(output).toMatch(/✓ contract: \d+ passed, 0 failed/);
  expect(output).toMatch(/✓ faults: \d+ passed, 0 failed, \d+ left out/);
  expect(output).toMatch(
    /Levels reached: contract, faults\. Declared absent: concurrentSessions, usersLink, hostTransactions\./,
  );
  expect(output).toMatch(/\n\d+ passed, 0 failed\n$/);
  expect(status).toBe(0);
  const result = JSON.parse(readFileSync(String(json), "utf8"));
  expect(result).toMatchObject({ store: "memory", seed: 7, profile: "quick", reached: ["contract", "faults"] });
  expect(result.figures.map(({ figure }: { readonly figure: string }) => figure)).toContain("late commits");
  expect(readFileSync(String(junit), "utf8")).toMatch(
    /^<\?xml .*\n<testsuites>\n {2}<testsuite name="memory" tests="\d+" failures="0"/,
  );
  const page = readFileSync(String(report), "utf8");
  expect(page).toContain("# Conformance of memory");
  expect(page).toMatch(/\| contract \| reached \| \d+ \| 0 \| \d+ \|/);
  expect(page).toContain("| model | not run |");
});

test("a part of the tests proves no level", () => {
  const { status, output } = conformance("run", store("memory"), "--only", "suspend_org");
  expect(output).toMatch(/Levels reached: none\./);
  expect(status).toBe(0);
});

test("a store that does not behave fails, and what is wrong is told", () => {
  const { status, output } = conformance("run", store("forgetful"), "--only", "suspend_org.active.suspended");
  expect(status).toBe(1);
  expect(output).toContain("✗ fixtures > org/suspend_org.json > suspend_org.active.suspended");
  expect(output).toMatch(/appended no event/);
  expect(output).toMatch(/\n0 passed, 1 failed\n$/);
});

test.each<readonly [what: string, args: readonly string[], said: RegExp]>([
  ["no module", ["run"], /missing required argument/],
  ["a module that is not there", ["run", "./nowhere.mjs"], /cannot be loaded/],
  ["a module that cannot be parsed", ["run", unfinished], /unfinished\.mjs cannot be loaded: .+ \(`node --check /],
  ["a module that throws", ["run", store("throwing")], /throwing\.mjs cannot be loaded: nothing is set up/],
  ["a module without a store", ["run", store("no-store")], /exports no function `open`/],
  ["a store that cannot be opened", ["run", store("unreachable")], /`open` fails: no server answers/],
  ["a function that opens no store", ["run", store("empty")], /`open` answers no object with a `store`/],
  ...["--json", "--junit", "--report"].map(
    (option) =>
      [
        `${option} into a folder that is not there`,
        ["run", store("memory"), option, join(folder, "nowhere", "output")],
        /output cannot be written: /,
      ] as const,
  ),
  ["an output that is a folder", ["run", store("memory"), "--json", folder], /cannot be written: /],
  [
    "a level for which the module brings nothing",
    ["run", store("forgetful"), "--only", "races"],
    /brings nothing for the level races/,
  ],
  [
    "a part of a name that no test has",
    ["run", store("memory"), "--only", "no such test"],
    /no test has "no such test"/,
  ],
  ["an unknown profile", ["run", store("memory"), "--profile", "forever"], /Allowed choices are quick, long/],
  ["a seed that is no number", ["run", store("memory"), "--seed", "x"], /Expected a whole number/],
  ["an unknown option", ["run", store("memory"), "--fast"], /unknown option '--fast'/],
])("%s is misuse", (_, args, said) => {
  const { status, output } = conformance(...args);
  expect(output).toMatch(said);
  expect(output).not.toMatch(/^ {4}at /m);
  expect(status).toBe(2);
});

test("an output that cannot be written is found out before anything is run", () => {
  const [json, junit] = [join(folder, "kept.json"), join(folder, "nowhere", "result.xml")];
  const { output } = conformance("run", store("memory"), "--json", json, "--junit", junit);
  expect(output).not.toContain("✓");
  expect(existsSync(json) && readFileSync(json, "utf8")).toBe("");
});

test("asked for help it explains itself", () => {
  const { status, output } = conformance("run", "--help");
  expect(output).toContain("--profile <profile>");
  expect(status).toBe(0);
});
