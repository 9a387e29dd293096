import type { OrgId } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../src/config.ts";
import { storeDirectory } from "../src/directory.ts";
import { type Answer, type Sent, send } from "./http-client.ts";
import type { Running } from "./running.ts";
import { SECRET, servers } from "./servers.ts";
import { alice, bob, carol, counted, stranger } from "./world.ts";

// One suite on every adapter, over HTTP: what is asked and what is answered are bytes.

describe.each(Object.keys(servers))("on %s", (name) => {
  let running: Running;
  let acme: OrgId;
  let beta: OrgId;
  const store = new InMemoryTenancyStore();
  const { directory, asked } = counted(storeDirectory(store));

  beforeAll(async () => {
    acme = (await store.createOrg({ creator: alice, slug: "acme" })).org.id;
    beta = (await store.createOrg({ creator: carol, slug: "beta" })).org.id;
    await store.addMember({ orgId: acme, usrId: bob, role: "member" });
    await store.addMember({ orgId: beta, usrId: bob, role: "guest" });
    const config = loadConfig({ resolution: { baseDomains: ["example.com"], neutralHosts: ["127.0.0.1"] } });
    // Next.js is built first.
    running = await (servers[name] as (typeof servers)[string])({ store, directory, config });
  }, 300_000);
  afterAll(() => running.close());
  beforeEach(() => Object.assign(asked, { find: 0, standing: 0 }));

  const get = (target: string, headers: Sent = []): Promise<Answer> => send(running.port, target, headers);
  const as = (usrId: string): Sent => [["x-user", usrId]];
  const header = (value: string): Sent => [["X-Tenant-Id", value]];
  const host = (value: string): Sent => [["Host", value]];
  async function code(target: string, headers: Sent = []): Promise<unknown> {
    const answer = await get(target, headers);
    return [answer.status, answer.headers.get("content-type")?.includes("json") ? answer.json()["code"] : null];
  }

  test("a member is let in by header, host and path, and told which tenant answered", async () => {
    for (const [target, said, source] of [
      ["/tenant", header("acme"), "header"],
      ["/tenant", header(acme), "header"],
      ["/tenant", host("acme.example.com:8080"), "subdomain"],
      ["/tenants/acme/home", [], "path"],
      [`/tenants/${acme}/home?x=/tenants/beta/`, [], "path"],
    ] as const) {
      const answer = await get(target, [...as(bob), ...said]);
      expect([answer.status, answer.json()]).toMatchObject([200, { org: acme, role: "member", source }]);
      expect(answer.headers.get("x-tenant-id")).toBe(acme);
      expect(answer.headers.get("vary")?.toLowerCase()).toContain("x-tenant-id");
    }
  });

  test("each outsider has the answer of the guard", async () => {
    expect(await code("/tenant", as(bob))).toEqual([400, "tenant.missing"]);
    expect(await code("/tenant", header("acme"))).toEqual([401, "tenant.unauthenticated"]);
    expect(await code("/tenant", [...header("acme"), ...as(stranger)])).toEqual([403, "tenant.denied"]);
    expect(await code("/tenant", header("nobody"))).toEqual([404, "tenant.unresolved"]);
    expect(await code("/admin", [...header("acme"), ...as(bob)])).toEqual([403, "forbidden.role"]);
    expect(await code("/admin", [...header("acme"), ...as(alice)])).toEqual([200, undefined]);
    expect(await code("/public", host("acme.example.com"))).toEqual([200, undefined]);
    expect(await code("/public", header("acme"))).toEqual([401, "tenant.unauthenticated"]);
    await store.suspendOrg(acme);
    expect(await code("/tenant", [...header("acme"), ...as(bob)])).toEqual([403, "tenant.inactive"]);
    expect(await code("/tenant", [...header("acme"), ...as(stranger)])).toEqual([403, "tenant.denied"]);
    await store.reinstateOrg(acme);
    expect(await code("/tenant", [...header("acme"), ...as(bob)])).toEqual([200, undefined]);
  });

  test("a stranger gets the same bytes for what is not theirs and what is not there", async () => {
    const [theirs, nobodys] = await Promise.all(
      ["acme", "nobody"].map((slug) => get("/tenant", [...header(slug), ...as(stranger)])),
    );
    expect(theirs?.body).toBe(nobodys?.body);
    expect([theirs?.status, theirs?.headers.get("x-tenant-id")]).toEqual([403, undefined]);
    expect(nobodys?.headers.get("x-tenant-id")).toBeUndefined();
  });

  test("a member who was removed is out with the next request", async () => {
    const membership = await store.addMember({ orgId: acme, usrId: stranger, role: "admin" });
    const said = [...header("acme"), ...as(stranger)];
    expect(await code("/admin", said)).toEqual([200, undefined]);
    const { id: memId } = await store.changeRole({ memId: membership.id, newRole: "guest" });
    expect(await code("/admin", said)).toEqual([403, "forbidden.role"]);
    await store.adminRemove({ memId, adminUsrId: alice });
    expect(await code("/tenant", said)).toEqual([403, "tenant.denied"]);
  });

  test("it costs one read with a warm cache, and none where no guard is", async () => {
    await get("/tenant", [...header("acme"), ...as(bob)]);
    Object.assign(asked, { find: 0, standing: 0 });
    await get("/tenant", [...header("acme"), ...as(bob)]);
    expect(asked).toEqual({ find: 0, standing: 1 });
    await get("/unguarded", [...header("acme"), ...as(bob)]);
    expect(asked).toEqual({ find: 0, standing: 1 });
  });

  test("without a guard there is no tenant, whatever the request says", async () => {
    const said = [...header("acme"), ...as(alice)];
    for (const target of ["/unguarded", "/unguarded-current"]) {
      const answer = await get(target, said);
      expect([answer.status, answer.json()["code"]]).toEqual([500, "tenant.context_missing"]);
      expect(answer.headers.get("x-tenant-id")).toBeUndefined();
    }
  });

  test("two hosts, or a header twice, are ambiguous, and so is a list", async () => {
    const member = as(bob);
    expect(await code("/tenant", [...member, ...header("acme"), ...header("acme")])).toEqual([400, "tenant.ambiguous"]);
    expect(await code("/tenant", [...member, ...header("acme, beta")])).toEqual([400, "tenant.ambiguous"]);
    const hosts = await get("/tenant", [...member, ...host("acme.example.com"), ...host("beta.example.com")]);
    if (name === "next") {
      // Node keeps the first of two, and Next.js tells of no other one.
      expect([hosts.status, hosts.headers.get("x-tenant-id")]).toEqual([200, acme]);
      return;
    }
    // Some servers refuse it by themselves.
    expect(hosts.status).toBe(400);
    expect(hosts.body).not.toContain(acme);
  });

  test.each([
    ["evil.com", 404],
    ["acme.example.com.evil.com", 404],
    ["a.acme.example.com", 404],
    ["user@acme.example.com", 400],
    ["acme%00.example.com", 400],
    ["acme.example.com\\.evil.com", 400],
  ])("the host %s opens nothing", async (value, status) => {
    const answer = await get("/public", host(value));
    expect(answer.headers.get("x-tenant-id")).toBeUndefined();
    // A server that builds an address from it may refuse it before us, and folds some of it.
    expect([status, 400, 404]).toContain(answer.status);
    expect(answer.status).not.toBe(200);
  });

  test("a forwarded host counts for nothing unless proxies are trusted", async () => {
    const forged: Sent = [
      ["X-Forwarded-Host", "beta.example.com"],
      ["Forwarded", "host=beta.example.com"],
    ];
    const answer = await get("/tenant", [...as(bob), ...host("acme.example.com"), ...forged]);
    expect(answer.json()).toMatchObject({ org: acme });
  });

  test.each([
    "/tenants/%61cme/home",
    "/tenants//acme/home",
    "//tenants/acme/home",
    "/tenants/..%2fbeta/home",
    "/tenants/acme%2f..%2fbeta/home",
    "/tenants/acme;x/home",
    "/tenants/%c0%af/home",
    "/TENANTS/acme/home",
    "/tenants/acme%00/home",
  ])("the path %s names nobody else", async (target) => {
    const answer = await get(target, as(bob));
    expect(answer.headers.get("x-tenant-id")).toBeUndefined();
    // Next.js sends away whoever doubles slashes.
    expect(name === "next" ? [308, 400] : [400]).toContain(answer.status);
  });

  test.each([
    "/tenants/./acme/home",
    "/tenants/x/../acme/home",
    "/tenants/%2e/acme/home",
    "/tenants/beta/%2e%2e/acme/home",
  ])("the path %s is the same tenant or none", async (target) => {
    const answer = await get(target, as(alice));
    const own = answer.status === 200 ? answer.json()["org"] : null;
    expect([
      [200, acme, acme],
      [400, undefined, null],
    ]).toContainEqual([answer.status, answer.headers.get("x-tenant-id"), own]);
  });

  test("sources that disagree are in conflict, and a blank one is no silence", async () => {
    const conflict = await get("/tenant", [...as(bob), ...header("beta"), ...host("acme.example.com")]);
    expect([conflict.status, conflict.json()]).toMatchObject([
      400,
      { code: "tenant.conflict", details: { sources: ["header", "subdomain"] } },
    ]);
    const blank = [...as(bob), ...header(""), ...host("acme.example.com")];
    expect(await code("/tenant", blank)).toEqual([400, "tenant.invalid_reference"]);
  });

  test("two tabs of one session are each in their own tenant", async () => {
    const tabs = Array.from({ length: 40 }, (_, tab) => (tab % 2 === 0 ? acme : beta));
    const seen = await Promise.all(tabs.map((orgId) => get("/current", [...as(bob), ...header(orgId)])));
    expect(seen.map((answer) => answer.json()["org"])).toEqual(tabs);
  });

  test("the tenant is there behind a body that was read", async () => {
    const told = { orgId: beta, tenant: beta, actor: carol, userId: carol, role: "owner", status: "active" };
    // Written out: an object of ours would have taken __proto__ for its own.
    const hostile = `{"__proto__":{"orgId":"${beta}","role":"owner"}}`;
    const said = [...as(bob), ...header("acme")];
    for (const body of [JSON.stringify(told), hostile]) {
      const answer = await send(running.port, "/current", said, { method: "POST", body });
      if (name === "fastify" && body === hostile) {
        // It refuses such a body by itself.
        expect([answer.status, answer.body]).toEqual([500, "broken"]);
        continue;
      }
      expect(answer.json()).toEqual({
        org: acme,
        actor: { kind: "user", id: bob },
        role: "member",
        source: "header",
        trust: "claimed",
      });
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("errors of ours are answered, others are the application's", async () => {
    const said = [...as(bob), ...header("acme")];
    expect(await code("/absent", said)).toEqual([404, "not_found"]);
    const broken = await get("/broken", said);
    expect([broken.status, broken.body]).toEqual([500, "broken"]);
    expect(broken.body).not.toContain(SECRET);
  });

  if (name === "next") {
    test("a component of a page proves it by itself, whatever middleware may have set", async () => {
      const shown = async (headers: Sent): Promise<string | undefined> =>
        /<pre>(.*?)<\/pre>/.exec((await get("/component", headers)).body)?.[1];
      expect(await shown([...as(bob), ...header("acme")])).toBe(acme);
      expect(await shown([...as(bob), ...host("acme.example.com")])).toBe(acme);
      expect(await shown([...as(stranger), ...header("acme")])).toBe("tenant.denied");
      expect(await shown([["x-middleware-subrequest", "middleware"], ...header("acme")])).toBe(
        "tenant.unauthenticated",
      );
    });
  }
});
