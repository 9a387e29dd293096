import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { generate } from "@tenantry/core";
import { openDatabase } from "@tenantry/testkit";
import { describe, expect, inject, test } from "vitest";
import { COMMANDS } from "../src/commands.ts";
import { describeDomains } from "./areas/domains.ts";
import { describeIsolation } from "./areas/isolation.ts";
import { describeLifecycle } from "./areas/lifecycle.ts";
import { describeRelay } from "./areas/relay.ts";
import { describeSettings } from "./areas/settings.ts";
import { describeStoreCommands } from "./areas/store.ts";
import { describeTenants } from "./areas/tenants.ts";
import { asJson, runIn, seen } from "./session.ts";
import { SHAPES } from "./shapes.ts";
import { type OpenWorld, onMemory, onPostgres } from "./worlds.ts";

const worlds: readonly (readonly [string, OpenWorld])[] = [
  ["memory", onMemory],
  ["PostgreSQL", onPostgres(() => inject("databaseUrl"))],
];

for (const [name, open] of worlds) {
  describeStoreCommands(name, open);
  describeSettings(name, open);
  describeDomains(name, open);
  describeLifecycle(name, open);
  describeRelay(name, open);
  describeTenants(name, open);
  describeIsolation(name, open);
}

test("a connection string is enough: the groups that are there are kept", async () => {
  const database = await openDatabase(inject("databaseUrl"));
  const session = { cwd: tmpdir(), env: { DATABASE_URL: database.url, TENANTRY_ACTOR: generate("usr") }, on: "" };
  const migrate = (...options: readonly string[]) => asJson(session, "migrate", ...options);
  expect(await migrate("--dry-run")).toEqual([{ applied: ["0001_tenancy"], dryRun: true }]);
  expect(await migrate()).toEqual([{ applied: ["0001_tenancy"], dryRun: false }]);
  const [{ org }] = await asJson(session, "orgs", "create", "--creator", generate("usr"));
  const suspend = ["orgs", "suspend", org.id, "--reason", "why not"];
  expect((await runIn(session, ...suspend)).err).toMatch(/^tenantry: config\.capability_missing: /);
  expect(await migrate("--groups", "lifecycle")).toMatchObject([{ applied: [expect.stringMatching("lifecycle/")] }]);
  expect(await asJson(session, ...suspend)).toMatchObject([{ status: "suspended" }]);
  expect(await migrate()).toEqual([{ applied: [], dryRun: false }]);
  await database.close();
});

test("nobody looks so seldom that a timer knows no such time", async () => {
  const session = { cwd: tmpdir(), on: "" };
  const { status, err } = await runIn(session, "events", "tail", "--follow", "--interval", "2147484");
  expect([status, err]).toEqual([2, expect.stringMatching(/^tenantry: cli\.usage: /)]);
});

test("following shows what is written from then on, and stops at Ctrl-C", async () => {
  const { session, store, actor, close } = await onMemory();
  const { org } = await store.createOrg({ creator: actor, slug: "followed" });
  const interruption = new AbortController();
  let writes = 0;
  const { status, out } = await runIn(
    {
      ...session,
      signal: interruption.signal,
      heard(text) {
        const lines = text.split("\n").length - 1;
        if (lines > 3) {
          interruption.abort();
        } else if (writes < lines) {
          // The first was there before; of an organization that is new later all of them are.
          writes += 1;
          void (writes === 2
            ? store.createOrg(generate("usr"))
            : store.updateOrg({ orgId: org.id, name: `Name ${writes}` }));
        }
      },
    },
    ...["events", "tail", "--follow", "--interval", "0", "--json"],
  );
  expect(status).toBe(130);
  const types = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).type);
  expect(types).toEqual(["org.created", "org.updated", "org.created", "org.updated"]);
  await close();
});

test("the suite is run, and its failures are findings", async () => {
  const stores = fileURLToPath(new URL("../../conformance/test/stores/", import.meta.url));
  const session = { cwd: stores, on: "" };
  const [passed] = await asJson(session, "conformance", "run", "memory.mjs", "--only", "suspend_org.active.suspended");
  expect(passed).toMatchObject({ store: "memory" });
  const only = ["--only", "suspend_org.active.suspended"];
  const failed = await runIn(session, "conformance", "run", "forgetful.mjs", ...only);
  expect([failed.status, failed.out.includes("0 passed, 1 failed")]).toEqual([3, true]);
  expect((await runIn(session, "conformance", "run", "nowhere.mjs")).status).toBe(2);
});

describe("what is documented of the output", () => {
  test("is documented of every command", () => {
    expect(Object.keys(SHAPES).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  test.for(worlds)("was compared with what every command printed on %s", ([name]) => {
    // What it runs on is not the configuration's.
    const names = COMMANDS.map((command) => command.name).filter((command) => command !== "conformance run");
    expect([...(seen.get(name) ?? [])].sort()).toEqual(names.sort());
    expect(seen.get("")).toContain("conformance run");
  });
});
