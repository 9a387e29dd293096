import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { generate } from "@tenantry/core";
import { afterAll, expect, test } from "vitest";

// What only a process shows: its exit status, its signals, what it does to its pipes.

const program = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "tenantry-process-"));
afterAll(() => rmSync(cwd, { recursive: true }));

const CANARY = "canary-0b6d";
const DATABASE_URL = `postgres://tenantry:${CANARY}@127.0.0.1:1/nowhere`;
const memory = pathToFileURL(join(import.meta.dirname, "../../store-memory/dist/index.js")).href;

function config(name: string, text: string): string {
  writeFileSync(join(cwd, name), text);
  return name;
}
const CONFIG = config(
  "store.mjs",
  `import { InMemoryTenancyStore } from ${JSON.stringify(memory)};
export const store = new InMemoryTenancyStore();
const { org } = await store.createOrg({ creator: ${JSON.stringify(generate("usr"))}, slug: "acme" });
// It would keep the process alive.
setInterval(() => store.updateOrg({ orgId: org.id, name: String(Math.random()) }), 5);
export const close = () => console.error("closed");
`,
);

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function start(...argv: readonly string[]): ChildProcess {
  const env = { PATH: process.env["PATH"], DATABASE_URL, TENANTRY_ACTOR: generate("usr") };
  return spawn(process.execPath, [program, ...argv], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

async function ended(child: ChildProcess): Promise<Ended> {
  const texts = { out: "", err: "" };
  child.stdout?.on("data", (chunk) => (texts.out += chunk));
  child.stderr?.on("data", (chunk) => (texts.err += chunk));
  const [status] = await once(child, "close");
  return { status, ...texts };
}

test("ends with 0 and closes what the configuration opened", async () => {
  const { status, out, err } = await ended(start("orgs", "show", "acme", "--json", "--config", CONFIG));
  expect([status, JSON.parse(out).slug, err]).toEqual([0, "acme", "closed\n"]);
});

test.each<readonly [what: string, status: number, code: string, argv: readonly string[]]>([
  ["what is refused", 1, "not_found", ["orgs", "show", "nobody", "--config", CONFIG]],
  ["what is not understood", 2, "cli.usage", ["orgs", "shwo"]],
  ["a configuration that is not there", 2, "cli.config", ["orgs", "list", "--config", "none.mjs"]],
  ["a database that is away", 4, "unavailable.connection", ["orgs", "list"]],
  ["the same where no store stands in between", 4, "unavailable.connection", ["migrate"]],
])("ends where it must: %s", async (_, expected, code, argv) => {
  const { status, out, err } = await ended(start(...argv));
  expect([status, out]).toEqual([expected, ""]);
  expect(err.split("\n")).toContainEqual(expect.stringMatching(`^tenantry: ${code}: `));
  expect(err).not.toContain(CANARY);
});

test.each([
  ["throws", "throw new Error('cannot reach ' + process.env.DATABASE_URL);"],
  ["exports something else", "export const stores = process.env.DATABASE_URL;"],
  ["makes something else", "export const store = () => process.env.DATABASE_URL;"],
])("a configuration that %s is told without its secrets", async (what, text) => {
  const file = config(`${what.replaceAll(" ", "-")}.mjs`, text);
  const { status, err } = await ended(start("orgs", "list", "--config", file));
  expect([status, err]).toEqual([2, expect.stringMatching(/^tenantry: (cli\.config|config\.invalid): [^\n]+\n$/)]);
  expect(err).not.toContain(CANARY);
});

test("a password is none of anybody's, however it is written", async () => {
  const text = "throw new Error('no entry with ' + decodeURIComponent(new URL(process.env.DATABASE_URL).password));";
  const file = config("meant.mjs", text);
  const env = {
    PATH: process.env["PATH"],
    DATABASE_URL: `postgres://tenantry:p%40ss%2F${CANARY}@127.0.0.1:1/nowhere`,
  };
  const child = spawn(process.execPath, [program, "orgs", "list", "--config", file], { cwd, env });
  const { status, err } = await ended(child);
  expect(status).toBe(2);
  expect(err).not.toContain(CANARY);
});

test("Ctrl-C stops between two looks, and ends with 130", async () => {
  const child = start("events", "tail", "--follow", "--json", "--interval", "0", "--config", CONFIG);
  child.stdout?.once("data", () => child.kill("SIGINT"));
  const { status, out, err } = await ended(child);
  expect(status).toBe(130);
  // Whole lines, whatever was under way.
  expect(() =>
    out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).not.toThrow();
  expect(err).toMatch(/^tenantry: cli\.interrupted: /m);
});

test("what cannot be written is said, and is no success", async () => {
  const env = { PATH: process.env["PATH"] };
  const full = openSync("/dev/full", "w");
  const list = ["orgs", "list", "--json", "--config", CONFIG];
  const child = spawn(process.execPath, [program, ...list], { cwd, env, stdio: ["ignore", full, "pipe"] });
  const { status, err } = await ended(child);
  closeSync(full);
  expect([status, err]).toEqual([1, expect.stringMatching(/^tenantry: cli\.output: [^\n]*ENOSPC/m)]);
});

test.each(["stdout", "stderr"] as const)("a refusal is one though nobody listens on %s", async (stream) => {
  const child = start("orgs", "show", "nobody", "--config", CONFIG);
  child[stream]?.destroy();
  const [status] = await once(child, "exit");
  expect(status).toBe(1);
});

test.each([["settings", "check"], ["doctor"]])(
  "findings are findings though nobody reads them: %s",
  async (...words) => {
    const file = config(
      "findings.mjs",
      `const none = () => {};
const data = [{ id: ${JSON.stringify(generate("org"))}, slug: null, status: "active" }];
export const store = {
  ...{ createOrg: none, getOrg: none, listEvents: none },
  listOrgs: async ({ cursor }) => ({ data, nextCursor: cursor === null ? "second" : null }),
};
export const settings = {
  ...{ isSecret: none, get: none, set: none, unset: none, effective: none, rewrap: none },
  async check() {
    // Until it is known that nobody reads.
    await new Promise((wake) => process.stdout.once("error", wake).write("\\n"));
    return [{ key: "size", code: "settings.stored_invalid" }];
  },
};
`,
    );
    const child = start(...words, "--json", "--config", file);
    child.stdout?.destroy();
    const [status] = await once(child, "exit");
    expect(status).toBe(3);
  },
);

test("nobody has to read to the end", async () => {
  const child = start("events", "tail", "--follow", "--json", "--interval", "0", "--config", CONFIG);
  child.stdout?.once("data", () => child.stdout?.destroy());
  const [status] = await once(child, "exit");
  expect(status).toBe(0);
});
