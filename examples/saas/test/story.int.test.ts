import { existsSync } from "node:fs";
import { serve } from "@hono/node-server";
import { generate } from "@tenantry/core";
import { doctor } from "@tenantry/isolation";
import { leakTest } from "@tenantry/isolation/testing";
import { createDatabase, type Database } from "@tenantry/testkit";
import pg from "pg";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createApp } from "../src/app.ts";
import { type Backend, declaredTables, openBackend } from "../src/backend.ts";
import { prepare } from "../src/prepare.ts";
import { withRoles } from "../src/throw-away.ts";

// Over real connections: what a person does in a browser, and what another system is told of it.

const ROLES = { appRole: "saas_app", adminRole: "saas_admin" };
const strategy = "row";
let database: Database;
let backend: Backend;
let server: ReturnType<typeof serve>;
let home: string;
beforeAll(async () => {
  database = await createDatabase(inject("databaseUrl"));
  const own = await withRoles(database.url, ROLES);
  await prepare({ ...own, strategy });
  // The port is known before there is anything to serve.
  let app: ReturnType<typeof createApp> | null = null;
  const port = await new Promise<number>((resolve) => {
    server = serve(
      {
        fetch: (request) => app?.fetch(request) ?? new Response(null, { status: 503 }),
        hostname: "127.0.0.1",
        port: 0,
      },
      ({ port }) => resolve(port),
    );
  });
  home = `http://saas.localhost:${port}/`;
  backend = await openBackend({
    ...own,
    strategy,
    home: new URL(home),
    secret: new Uint8Array(48).fill(9),
    origin: `http://127.0.0.1:${port}`,
  });
  app = createApp(backend);
});
afterAll(async () => {
  server.close();
  await backend.close();
  await database.drop();
});

test("the doctor finds nothing that lets tenants see each other", async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  const query = async (text: string, values: readonly unknown[]) => (await pool.query(text, [...values])).rows;
  const findings = await doctor({ tables: declaredTables({ ...ROLES, strategy }), query });
  await pool.end();
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
});

test("nothing that is tried gets at another tenant's rows", { timeout: 60_000 }, async () => {
  const { appUrl } = await withRoles(database.url, ROLES);
  const pool = new pg.Pool({ connectionString: appUrl, max: 1 });
  const admin = new pg.Pool({ connectionString: database.url, max: 1 });
  pool.on("error", () => {});
  const cases = leakTest({
    tables: declaredTables({ ...ROLES, strategy }),
    pool,
    admin,
    rows: {
      projects: () => ({ title: "same", created_by: "0190f2a8-0000-7000-8000-000000000001" }),
      documents: (own) => ({ project_id: own("projects")["id"], title: "same", body: "same" }),
      templates: () => ({ title: "same" }),
    },
  });
  for (const { name, run } of cases) {
    await expect(run(), name).resolves.toBe(undefined);
  }
  await Promise.all([pool.end(), admin.end()]);
});

test("another system is told of a tenant's whole life, signed and in order", async () => {
  const [creator, joiner] = [generate("usr"), generate("usr")];
  const { tenant } = await backend.lifecycle.createTenant({ creator, slug: "told" });
  const org = tenant.id;
  const { secret } = await backend.webhooks.create({ org, url: backend.receiver.addressOf(org) });
  backend.receiver.trust(org, secret);
  const offer = { orgId: org, identifier: "x@example.com", role: "member", invitedBy: creator } as const;
  const { id: invId } = await backend.store.createInvitation({ ...offer, expiresAt: new Date(Date.now() + 60_000) });
  await backend.store.acceptInvitation({ invId, asUsrId: joiner, acceptingIdentifier: "x@example.com" });
  await backend.settings.set(org, "plan", "team", { actor: creator });
  await backend.lifecycle.suspendTenant(org, { reason: "unpaid" });
  await backend.lifecycle.activateTenant(org);
  await backend.lifecycle.deleteTenant(org, { graceDays: 30 });
  await backend.lifecycle.restoreTenant(org);
  await backend.lifecycle.revokeTenant(org, { confirm: org });
  await backend.webhooks.runOnce({ budgetMs: 20_000 });
  const told = [...backend.receiver.of(org)].reverse();
  expect(told.map(({ type }) => type)).toEqual([
    "invitation.created",
    "invitation.accepted",
    "setting.changed",
    "org.suspended",
    "org.reinstated",
    "org.suspended",
    "org.reinstated",
    "org.revoked",
  ]);
  expect(told.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});

const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";

// A browser is no package of npm's. Where there is none this is left out, and reported as that.
test.skipIf(!existsSync(CHROMIUM))(
  "in a browser somebody founds, invites, is joined",
  { timeout: 60_000 },
  async () => {
    const browser = await launched();
    try {
      const owner = await (await browser.newContext()).newPage();
      const problems: string[] = [];
      owner.on("pageerror", (error) => problems.push(error.message));
      await owner.goto(home);
      await owner.getByLabel("E-mail").fill("ann@example.com");
      await owner.getByRole("button", { name: "Sign in" }).click();
      await owner.getByLabel("Name").fill("Orchard");
      await owner.getByLabel("Address").fill("orchard");
      await owner.getByRole("button", { name: "Create" }).click();
      await owner.getByLabel("Title").fill("Autumn harvest");
      await owner.getByRole("button", { name: "New project" }).click();
      await owner.getByRole("link", { name: "members" }).click();
      await owner.getByLabel("E-mail").fill("ben@example.com");
      await owner.getByRole("button", { name: "Invite" }).click();
      const link = await owner.getByRole("link", { name: "link to accept" }).getAttribute("href");

      const guest = await (
        await browser.newContext({ colorScheme: "dark", viewport: { width: 390, height: 800 } })
      ).newPage();
      await guest.goto(link ?? "");
      await guest.getByLabel("E-mail").fill("ben@example.com");
      await guest.getByRole("button", { name: "Sign in" }).click();
      await guest.getByRole("button", { name: "Accept" }).click();
      await guest.getByRole("link", { name: "Autumn harvest" }).click();
      expect(await guest.getByRole("heading", { name: "Autumn harvest" }).isVisible()).toBe(true);
      // Nothing is wider than a telephone.
      expect(await guest.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);

      // The same session on the organization's own host.
      await owner.goto(home.replace("//saas", "//orchard.saas"));
      expect(await owner.getByRole("link", { name: "Autumn harvest" }).isVisible()).toBe(true);
      // For the README.
      const folder = process.env["SCREENSHOTS"];
      if (folder !== undefined) {
        await owner.screenshot({ path: `${folder}/organization.png` });
      }
      await owner.getByRole("link", { name: "audit" }).click();
      expect(await owner.getByText("invitation.accepted").isVisible()).toBe(true);
      if (folder !== undefined) {
        await owner.screenshot({ path: `${folder}/audit.png` });
        await owner.getByRole("link", { name: "members" }).click();
        await owner.screenshot({ path: `${folder}/members.png` });
        await guest.screenshot({ path: `${folder}/project.png` });
      }
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);

/** A Chromium of the machine's; it asks nobody else for anything. */
function launched(): Promise<Browser> {
  const quiet = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", ...quiet],
  });
}
