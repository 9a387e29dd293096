import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate, type Tenancy } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import { type OpenDatabase, openDatabase } from "@tenantry/testkit";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { COMMANDS } from "../src/commands.ts";
import { asJson, runIn, type SessionOptions, seen } from "./session.ts";

const folder = mkdtempSync(join(tmpdir(), "tenantry-cli-"));
let database: OpenDatabase;
beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const [alice, bob] = [generate("usr"), generate("usr")];

interface World {
  readonly session: SessionOptions;
  /** The store behind, for what no command does. */
  readonly store: Tenancy;
}

/** A configuration whose store lives in this process, as one of an application would. */
function onMemory(): World {
  const store = new InMemoryTenancyStore();
  Object.assign(globalThis, { storeOfTheTest: store });
  const file = "export const store = () => globalThis.storeOfTheTest;\nexport const migrate = async () => [];\n";
  writeFileSync(join(folder, "tenantry.config.mjs"), file);
  return { store, session: { cwd: folder, env: { TENANTRY_ACTOR: alice } } };
}

/** Nothing but a connection string. */
function onPostgres(): World {
  const session = { cwd: tmpdir(), env: { DATABASE_URL: database.url, TENANTRY_ACTOR: alice } };
  return { store: new PostgresTenancyStore(database.pool()), session };
}

describe.each([
  ["memory", onMemory],
  ["PostgreSQL", onPostgres],
] as const)("on %s", (name, open) => {
  test("every command does what it says, and prints what is documented", async () => {
    const { session, store } = open();
    const migrations = name === "memory" ? [] : ["0001_tenancy"];
    expect(await asJson(session, "migrate", "--dry-run")).toEqual([{ applied: migrations, dryRun: true }]);
    expect(await asJson(session, "migrate")).toEqual([{ applied: migrations, dryRun: false }]);
    expect(await asJson(session, "migrate")).toEqual([{ applied: [], dryRun: false }]);

    const [created] = await asJson(session, "orgs", "create", "--creator", bob, "--slug", "acme", "--name", "Acme");
    const { org, ownerMembership } = created;
    expect([org.slug, org.name, ownerMembership.usrId, ownerMembership.role]).toEqual(["acme", "Acme", bob, "owner"]);
    await asJson(session, "orgs", "create", "--creator", alice);
    expect(await asJson(session, "orgs", "list")).toHaveLength(2);
    expect(await asJson(session, "orgs", "list", "--limit", "1")).toHaveLength(1);
    expect(await asJson(session, "orgs", "list", "--query", "acm", "--status", "active")).toEqual([org]);
    expect(await asJson(session, "orgs", "show", "acme")).toEqual([org]);

    const [member] = await asJson(session, "members", "add", "acme", alice, "--role", "member");
    const [admin] = await asJson(session, "members", "role", member.id, "owner");
    expect(admin).toMatchObject({ replaces: member.id, role: "owner" });
    expect(await asJson(session, "members", "list", org.id, "--status", "active")).toHaveLength(2);
    expect(await asJson(session, "members", "list", "acme", "--role", "member")).toMatchObject([{ id: member.id }]);

    const expiresAt = new Date(Date.now() + 86_400_000);
    const offer = { orgId: org.id, identifier: "carol@example.com", role: "guest", invitedBy: bob, expiresAt } as const;
    const invitation = await store.createInvitation(offer);
    expect(await asJson(session, "invitations", "list", "acme", "--status", "pending")).toHaveLength(1);
    const [revoked] = await asJson(session, "invitations", "revoke", invitation.id);
    expect(revoked).toMatchObject({ status: "revoked", terminalBy: alice });
    const dave = generate("usr");
    const [guest] = await asJson(session, "members", "add", "acme", dave, "--role", "guest");
    const [ended] = await asJson(session, "members", "remove", guest.id, "--actor", bob);
    expect(ended).toMatchObject({ status: "revoked", removedBy: bob });

    expect(await asJson(session, "orgs", "suspend", "acme")).toMatchObject([{ status: "suspended" }]);
    expect(await asJson(session, "orgs", "reinstate", "acme")).toMatchObject([{ status: "active" }]);
    const confirmed = ["--yes", "--confirm", "acme"];
    expect(await asJson(session, "orgs", "revoke", "acme", ...confirmed)).toMatchObject([{ status: "revoked" }]);

    const events = await asJson(session, "events", "tail", "--org", org.id, "--lines", "100");
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, place) => place + 1));
    const ofBob = new Set(["invitation.created", "membership.removed"]);
    expect(events.map(({ actor }) => actor)).toEqual(events.map(({ type }) => (ofBob.has(type) ? bob : alice)));
    expect(events.at(-1)).toMatchObject({ type: "org.revoked" });
    expect(await asJson(session, "events", "tail", "--lines", "1")).toHaveLength(2);
    expect(await asJson(session, "events", "tail", "--type", "org.created,org.revoked")).toHaveLength(3);
  });

  test("what is refused ends with 1 and its code", async () => {
    const { session } = open();
    const { status, err } = await runIn(session, "orgs", "show", "nobody");
    expect([status, err.split(": ", 2)]).toEqual([1, ["tenantry", "not_found"]]);
    expect(err.split("\n")).toHaveLength(2);
  });
});

test("following shows what is written from then on, and stops at Ctrl-C", async () => {
  const { session, store } = onMemory();
  const { org } = await store.createOrg({ creator: alice, slug: "followed" });
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
          void (writes === 2 ? store.createOrg(bob) : store.updateOrg({ orgId: org.id, name: `Name ${writes}` }));
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
});

test("the suite is run, and its failures are findings", async () => {
  const stores = fileURLToPath(new URL("../../conformance/test/stores/", import.meta.url));
  const session = { cwd: stores };
  const [passed] = await asJson(session, "conformance", "run", "memory.mjs", "--only", "suspend_org.active.suspended");
  expect(passed).toMatchObject({ store: "memory" });
  const only = ["--only", "suspend_org.active.suspended"];
  const failed = await runIn(session, "conformance", "run", "forgetful.mjs", ...only);
  expect([failed.status, failed.out.includes("0 passed, 1 failed")]).toEqual([3, true]);
  expect((await runIn(session, "conformance", "run", "nowhere.mjs")).status).toBe(2);
});

test("the output of every command was compared with its shape", () => {
  expect([...seen].sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
});
