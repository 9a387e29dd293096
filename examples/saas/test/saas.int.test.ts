import { generate } from "@tenantry/core";
import { doctor, type PlacedTenant, storePlacements, tenantName } from "@tenantry/isolation";
import { listened } from "@tenantry/isolation/pg";
import { type Cluster, startCluster } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { type Backend, type BackendOptions, declaredTables, openBackend } from "../src/backend.ts";
import { prepare } from "../src/prepare.ts";
import { personOf } from "../src/session.ts";
import { withRoles } from "../src/throw-away.ts";
import { Browser } from "./browser.ts";

const HOME = "http://saas.localhost/";

// Whatever keeps tenants apart, the pages and the answers are the same.
describe.each(["row", "schema"] as const)("by %s", (strategy) => {
  // A server of its own: tenants' roles are the server's.
  let cluster: Cluster;
  let options: BackendOptions;
  let backend: Backend;
  let app: ReturnType<typeof createApp>;
  beforeAll(async () => {
    cluster = await startCluster();
    const own = await withRoles(cluster.url, { appRole: "saas_app", adminRole: "saas_admin" });
    await prepare({ ...own, strategy });
    const secret = new Uint8Array(48).fill(7);
    options = { ...own, strategy, home: new URL(HOME), secret, origin: "http://127.0.0.1" };
    backend = await openBackend(options);
    app = createApp(backend);
  });
  afterAll(async () => {
    await backend.close();
    await cluster.stop();
  });

  const visitor = (): Browser => new Browser((request) => app.fetch(request), HOME);

  async function founder(email: string, slug: string): Promise<Browser> {
    const browser = visitor();
    await browser.post("/sign-in", { email });
    const founded = await browser.post("/organizations", { name: slug.toUpperCase(), slug });
    expect(founded.status).toBe(303);
    return browser;
  }

  test("somebody founds an organization, invites, is joined, and both work on its rows alone", async () => {
    const alice = await founder("alice@example.com", "acme");
    await alice.post("/tenants/acme/projects", { title: "Rocket" });
    await alice.post("/tenants/acme/invitations", { email: "Bob@Example.com", role: "member" });
    const members = await alice.get("/tenants/acme/members");
    const [, link = ""] = members.text.match(/href="([^"]+\/invitations\/inv_[0-9a-f]+)"/) ?? [];

    const mallory = visitor();
    await mallory.post("/sign-in", { email: "mallory@example.com" });
    expect((await mallory.get(link)).status).toBe(404);
    expect((await mallory.get("/tenants/acme/")).status).toBe(403);

    const bob = visitor();
    await bob.post("/sign-in", { email: "bob@example.com" });
    expect((await bob.get(link)).text).toContain("ACME");
    expect((await bob.post(`${link}/accept`, {})).status).toBe(303);
    expect((await bob.get("/tenants/acme/")).text).toContain("Rocket");
    expect((await bob.get("/tenants/acme/audit")).status).toBe(403);

    // The same pages on a host of its own, and another organization's rows are none of theirs.
    expect((await bob.get("http://acme.saas.localhost/")).text).toContain("Rocket");
    const carol = await founder("carol@example.com", "beta");
    expect((await carol.get("/tenants/beta/")).text).not.toContain("Rocket");
    const [, project = ""] = (await bob.get("/tenants/acme/")).text.match(/\/projects\/([0-9a-f-]{36})"/) ?? [];
    expect((await carol.get(`/tenants/beta/projects/${project}`)).status).toBe(404);
    const written = await carol.post(`/tenants/beta/projects/${project}/documents`, { title: "x", body: "y" });
    expect(written.status).toBe(404);
  });

  describe("what a request is answered", () => {
    let owner: Browser;
    beforeAll(async () => {
      owner = await founder("olga@example.com", "gamma");
    });

    test("nobody who is signed out sees anything of it", async () => {
      expect(await visitor().api("/tenants/gamma/")).toMatchObject({ status: 401, code: "tenant.unauthenticated" });
    });

    test("for who is no member it is like one that never was, byte for byte", async () => {
      const stranger = visitor();
      await stranger.post("/sign-in", { email: "stranger@example.com" });
      const [theirs, none] = await Promise.all([stranger.api("/tenants/gamma/"), stranger.api("/tenants/no-such/")]);
      expect(theirs).toEqual({ ...none, status: 403, code: "tenant.denied" });
    });

    test("each source that is malformed, ambiguous or of nobody has its answer, and signing in comes first", async () => {
      const { token } = (await (await owner.post("/tenants/gamma/token", {})).json()) as { readonly token: string };
      const bearer = { authorization: `Bearer ${token}` };
      const named = (value: string) => ({ headers: { "x-tenant-id": value } });
      const asked: readonly [string, { readonly headers?: Readonly<Record<string, string>> }, number, string][] = [
        ["/api/projects", {}, 400, "tenant.missing"],
        ["/api/projects", named("gamma, acme"), 400, "tenant.ambiguous"],
        ["/api/projects", named("no such!"), 400, "tenant.invalid_reference"],
        ["/api/projects", named(" "), 400, "tenant.invalid_reference"],
        ["/tenants/%67amma/", {}, 400, "tenant.invalid_path"],
        ["/tenants/gamma/", named("acme"), 400, "tenant.conflict"],
        ["/tenants/no-such/", {}, 403, "tenant.denied"],
        ["/api/projects", named("gamma"), 401, "tenant.token_rejected"],
        ["/api/projects", { headers: { authorization: `${bearer.authorization}x` } }, 401, "tenant.token_rejected"],
      ];
      for (const [path, init, status, code] of asked) {
        expect([path, init, await owner.api(path, init)]).toMatchObject([path, init, { status, code }]);
      }
      // Somebody who is not known has to sign in first; of what is nowhere that is said.
      for (const nowhere of ["/tenants/no-such/", "http://no-such.saas.localhost/", "http://a.gamma.saas.localhost/"]) {
        expect([nowhere, await visitor().api(nowhere)]).toMatchObject([
          nowhere,
          { status: 404, code: "tenant.unresolved" },
        ]);
      }
      for (const path of ["/tenants/gamma/", "/tenants/gamma/settings"]) {
        expect(await visitor().api(path)).toMatchObject({ status: 401, code: "tenant.unauthenticated" });
      }
      // A member who is no admin.
      await owner.post("/tenants/gamma/invitations", { email: "mia@example.com", role: "member" });
      const mia = visitor();
      await mia.post("/sign-in", { email: "mia@example.com" });
      const [, link = ""] =
        (await mia.get("/")).text.match(/action="([^"]*\/invitations\/inv_[0-9a-f]+)\/accept"/) ?? [];
      await mia.post(`${link}/accept`, {});
      expect((await mia.get("/tenants/gamma/")).status).toBe(200);
      expect(await mia.api("/tenants/gamma/audit")).toMatchObject({ status: 403, code: "forbidden.role" });
    });

    test("the whole of it is taken along by who was invited to that, in this organization alone", async () => {
      const nora = visitor();
      await nora.post("/sign-in", { email: "nora@example.com" });
      await founder("otto@example.com", "omega").then((otto) =>
        otto.post("/tenants/omega/invitations", { email: "nora@example.com", role: "admin" }),
      );
      await owner.post("/tenants/gamma/invitations", { email: "nora@example.com", role: "viewer", export: "on" });
      const { text } = await nora.get("/");
      for (const [, link = ""] of text.matchAll(/action="([^"]*\/invitations\/inv_[0-9a-f]+)\/accept"/g)) {
        expect((await nora.post(`${link}/accept`, {})).status).toBe(303);
      }
      expect(await nora.api("/tenants/gamma/export")).toMatchObject({ status: 200 });
      // Neither a role nor what is granted elsewhere stands for it.
      for (const answer of [await nora.api("/tenants/omega/export"), await owner.api("/tenants/gamma/export")]) {
        expect(answer).toMatchObject({ status: 403, code: "forbidden.relation" });
      }
      expect(await visitor().api("/tenants/gamma/export")).toMatchObject({ code: "tenant.unauthenticated" });
    });

    test("where nobody can be looked up it is said so, and nothing of why", async () => {
      const causes: unknown[] = [];
      const lost = await openBackend({
        ...options,
        // Where nobody listens.
        ownerUrl: "postgres://canary_user:canary_password@127.0.0.1:1/canary_database",
        log: (_, cause) => causes.push(cause),
      });
      const alone = createApp(lost);
      const olga = new Browser((request) => alone.fetch(request), HOME);
      await olga.post("/sign-in", { email: "olga@example.com" });
      for (const headers of [{}, { accept: "text/html" }]) {
        const response = await olga.raw("/tenants/gamma/", headers);
        const text = await response.text();
        expect([response.status, text.includes("tenant.resolver_failed")]).toEqual([503, true]);
        expect(text + JSON.stringify([...response.headers])).not.toMatch(/canary|127\.0\.0\.1|ECONN|postgres/);
      }
      expect(causes).toHaveLength(2);
      await lost.close();
    });

    test.runIf(strategy === "schema")(
      "one that has no place yet, or none any more, is closed to its members",
      async () => {
        const { usrId } = personOf("olga@example.com");
        const placement = { strategy: "schema", state: "pending" } as const;
        const { org } = await backend.store.createOrg({ creator: usrId, slug: "homeless", placement });
        const none = { status: 503, code: "isolation.not_provisioned" };
        expect(await owner.api("/tenants/homeless/")).toMatchObject(none);
        // Who is no member hears what is heard of any other.
        const stranger = visitor();
        await stranger.post("/sign-in", { email: "stranger@example.com" });
        const [theirs, unknown] = await Promise.all(
          ["homeless", "no-such"].map((slug) => stranger.api(`/tenants/${slug}/`)),
        );
        expect(theirs).toEqual({ ...unknown, status: 403, code: "tenant.denied" });
        expect(await visitor().api("/tenants/homeless/")).toMatchObject({
          status: 401,
          code: "tenant.unauthenticated",
        });

        const { tenant } = await backend.lifecycle.createTenant({ creator: usrId, slug: "evicted" });
        expect(await owner.api("/tenants/evicted/")).toMatchObject({ status: 200 });
        const pool = listened(new pg.Pool({ connectionString: cluster.url, max: 1 }));
        await pool.query(`drop schema ${tenantName(tenant.id)} cascade`);
        await pool.end();
        const evicted = await owner.raw("/tenants/evicted/", { accept: "application/json" });
        const text = await evicted.text();
        expect([evicted.status, JSON.parse(text)]).toMatchObject([503, { code: none.code }]);
        expect(text).not.toContain(tenantName(tenant.id));
        expect(await backend.store.getOrg(org.id)).toMatchObject({ status: "active" });
      },
    );

    test.runIf(strategy === "schema")("while it is moved it is read, and takes nothing", async () => {
      const { tenant } = await backend.lifecycle.createTenant({
        creator: personOf("olga@example.com").usrId,
        slug: "moving",
      });
      const placements = storePlacements(backend.store);
      await placements.paused(tenant.id, { seconds: 60, holder: null });
      expect((await owner.get("/tenants/moving/")).status).toBe(200);
      const refused = await owner.post("/tenants/moving/projects", { title: "Late" });
      expect([refused.status, await refused.json()]).toMatchObject([503, { code: "isolation.paused" }]);
      await placements.resumed(tenant.id, null);
      expect((await owner.post("/tenants/moving/projects", { title: "Late" })).status).toBe(303);
      expect((await owner.get("/tenants/moving/")).text).toContain("Late");
    });

    test("a header that names another organization than the path is a conflict", async () => {
      const headers = { "x-tenant-id": "acme" };
      expect(await owner.api("/tenants/gamma/", { headers })).toMatchObject({ status: 400, code: "tenant.conflict" });
    });

    test("a token opens the organization that it names and no other, and dies with the membership", async () => {
      const { token } = (await (await owner.post("/tenants/gamma/token", {})).json()) as { readonly token: string };
      const headers = { authorization: `Bearer ${token}` };
      expect(await visitor().api("/api/projects", { headers })).toMatchObject({ status: 200 });
      const other = { ...headers, "x-tenant-id": "acme" };
      expect(await visitor().api("/api/projects", { headers: other })).toMatchObject({ code: "tenant.conflict" });
      expect(await owner.api("/api/projects")).toMatchObject({ status: 400, code: "tenant.missing" });
    });

    test("a plan ends where it says", async () => {
      for (const title of ["one", "two", "three"]) {
        expect((await owner.post("/tenants/gamma/projects", { title })).status).toBe(303);
      }
      expect((await owner.post("/tenants/gamma/projects", { title: "four" })).status).toBe(409);
      await owner.post("/tenants/gamma/settings", { accent: "#aa3300", plan: "team" });
      expect((await owner.post("/tenants/gamma/projects", { title: "four" })).status).toBe(303);
      expect((await owner.get("/tenants/gamma/")).text).toContain("--accent: #aa3300");
    });

    test("what somebody types is shown and never run", async () => {
      await owner.post("/tenants/gamma/projects", { title: "<script>alert(1)</script>" });
      const { text } = await owner.get("/tenants/gamma/");
      expect(text).toContain("&lt;script&gt;");
      expect(text).not.toContain("<script>");
    });

    test("what is no form, or cannot be kept, is the sender's fault", async () => {
      expect((await owner.post("/tenants/gamma/projects", { title: "a\0b" })).status).toBe(400);
      const headers = { "content-type": "multipart/form-data", origin: new URL(HOME).origin, host: "saas.localhost" };
      const broken = new Request(`${HOME}sign-in`, { method: "POST", headers, body: "no boundary" });
      expect((await app.fetch(broken)).status).toBe(400);
    });

    test("signing in leads to no other site, however that is written", async () => {
      for (const next of [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example",
      ]) {
        const answer = await visitor().post("/sign-in", { email: "olga@example.com", next });
        expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
      }
      const answer = await visitor().post("/sign-in", { email: "olga@example.com", next: "/tenants/gamma/?x=1" });
      expect(answer.headers.get("location")).toBe("/tenants/gamma/?x=1");
    });

    test("an invitation is there however many others somebody was sent", async () => {
      const [email, crowd] = ["ivan@example.com", generate("usr")];
      const expiresAt = new Date(Date.now() + 86_400_000);
      for (let others = 0; others < 51; others += 1) {
        const { org } = await backend.store.createOrg(crowd);
        await backend.store.createInvitation({
          orgId: org.id,
          invitedBy: crowd,
          identifier: email,
          role: "member",
          expiresAt,
        });
      }
      await owner.post("/tenants/gamma/invitations", { email, role: "member" });
      const { text } = await owner.get("/tenants/gamma/members");
      const [, link = ""] = text.match(/href="([^"]+\/invitations\/inv_[0-9a-f]+)"/) ?? [];
      const ivan = visitor();
      await ivan.post("/sign-in", { email });
      expect((await ivan.get(link)).text).toContain("GAMMA");
    });

    test("a page changes nothing of another organization's, whatever else somebody is there", async () => {
      const { org } = await backend.store.createOrg({ creator: personOf("olga@example.com").usrId, slug: "delta" });
      const usrId = generate("usr");
      const { id } = await backend.store.addMember({ orgId: org.id, usrId, role: "member" });
      expect((await owner.post(`/tenants/gamma/members/${id}/role`, { role: "admin" })).status).toBe(404);
      expect((await owner.post(`/tenants/gamma/members/${id}/remove`, {})).status).toBe(404);
      expect(await backend.store.getMembership(id)).toMatchObject({ role: "member", status: "active" });
    });

    test("a form of another site is refused", async () => {
      const answer = await owner.post("/tenants/gamma/suspend", {}, { origin: "http://evil.example" });
      expect(answer.status).toBe(403);
      expect((await owner.get("/tenants/gamma/")).status).toBe(200);
    });

    test("suspended it is closed to all, and its owner opens it again", async () => {
      await owner.post("/tenants/gamma/suspend", {});
      expect(await owner.api("/tenants/gamma/")).toMatchObject({ status: 403, code: "tenant.inactive" });
      const [, reinstate = ""] = (await owner.get("/")).text.match(/action="([^"]+\/reinstate)"/) ?? [];
      expect((await owner.post(reinstate, {})).status).toBe(303);
      expect((await owner.get("/tenants/gamma/")).status).toBe(200);
      const { text } = await owner.get("/tenants/gamma/audit");
      expect([...text.matchAll(/<code>(org\.[a-z]+)<\/code>/g)].slice(0, 2).map(([, type]) => type)).toEqual([
        "org.reinstated",
        "org.suspended",
      ]);
    });
  });

  test("the doctor finds the one that was evicted, and nothing else", async () => {
    const pool = listened(new pg.Pool({ connectionString: cluster.url, max: 1 }));
    const query = async (text: string, values: readonly unknown[]) => (await pool.query(text, [...values])).rows;
    const placed = (await storePlacements(backend.store).list()).flatMap(
      ({ orgId, state, strategy: of }): PlacedTenant[] =>
        of === "schema" ? [{ orgId, state, strategy: of, name: tenantName(orgId) }] : [],
    );
    const findings = await doctor({ tables: declaredTables(options), query, placed });
    await pool.end();
    const evicted = await backend.store.getOrgBySlug("evicted").catch(() => null);
    expect(findings.filter(({ severity }) => severity === "error").map(({ code, object }) => [code, object])).toEqual(
      evicted === null ? [] : [["isolation.not_provisioned", `schema ${tenantName(evicted.id)} of ${evicted.id}`]],
    );
    expect(placed.length).toBeGreaterThanOrEqual(strategy === "schema" ? 5 : 0);
  });

  test("what a tenant wrote is where its strategy says", async () => {
    const pool = listened(new pg.Pool({ connectionString: cluster.url, max: 1 }));
    const { rows } = await pool.query(
      "select count(distinct schemaname)::int as n, bool_and(schemaname ~ '^t_[0-9a-f]{32}$') as own from pg_tables where tablename = 'projects'",
    );
    await pool.end();
    expect(rows[0]).toMatchObject(strategy === "row" ? { n: 1, own: false } : { own: true });
    expect(rows[0].n).toBeGreaterThanOrEqual(strategy === "row" ? 1 : 3);
  });
});
