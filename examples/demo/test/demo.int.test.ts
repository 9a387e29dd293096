import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createDatabase } from "@tenantry/testkit";
import { afterAll, expect, inject, test } from "vitest";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tenantry-demo-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function demo(env: NodeJS.ProcessEnv = {}) {
  const { DATABASE_URL: _, ...inherited } = process.env;
  return spawnSync(process.execPath, [main], { cwd: folder, encoding: "utf8", env: { ...inherited, ...env } });
}

test("the demo tells its story, names its folder, goes on in a second run, and uses no colour off a terminal", {
  timeout: 60_000,
}, () => {
  const first = demo({ FORCE_COLOR: "1" });
  expect(first.stderr).toBe("");
  expect(first.status).toBe(0);
  expect(first.stdout).toContain(join(folder, ".tenantry-demo"));
  expect(first.stdout).toContain("Alice founds");
  expect(first.stdout).toContain("refused, conflict.sole_owner");
  expect(first.stdout).toContain("run 1 on this data");
  expect(first.stdout).not.toContain("\u001b[");

  const second = demo();
  expect(second.stdout).not.toContain("Alice founds");
  expect(second.stdout).toContain("run 2 on this data");
});

test("with DATABASE_URL it runs there, in a schema of its own", { timeout: 60_000 }, async () => {
  const database = await createDatabase(inject("databaseUrl"));
  for (const run of [1, 2]) {
    const { stdout, stderr } = demo({ DATABASE_URL: database.url });
    expect(stderr).toBe("");
    expect(stdout).toContain("schema tenancy_demo");
    expect(stdout).toContain(`run ${run} on this data`);
  }
  await database.drop();
});
