import { describe, expect, test } from "vitest";
import { codeOf, idNo, input } from "../../test/world.ts";
import { RESERVED_LABELS } from "../reserved-labels.ts";
import type { TenantResolver } from "../resolver.ts";
import { claimResolver } from "./claim.ts";
import { headerResolver } from "./header.ts";
import { isPathPattern, pathResolver } from "./path.ts";
import { domainResolver, subdomainResolver } from "./subdomain.ts";

const id = idNo("org", 1);
const byId = { kind: "id", value: id };
const acme = { kind: "slug", value: "acme" };

type Said = Parameters<typeof input>[0];

/** The reference, `null`, or the code. */
async function answer(resolver: TenantResolver, said: Said): Promise<unknown> {
  let found: unknown;
  return (await codeOf(async () => (found = await resolver.resolve(input(said))))) ?? found;
}

describe("a claim", () => {
  const claim = claimResolver({ claimKey: "tenant_id", accept: ["id"] });
  const either = claimResolver({ claimKey: "tenant_id", accept: ["id", "slug"] });

  test.each([
    [null, null],
    [{}, null],
    [{ tenant_id: id }, byId],
    [{ tenant_id: "acme" }, "tenant.invalid_reference"],
    [{ tenant_id: "Not one" }, "tenant.invalid_reference"],
    [{ tenant_id: "" }, "tenant.invalid_claim"],
    [{ tenant_id: 7 }, "tenant.invalid_claim"],
    [{ tenant_id: null }, "tenant.invalid_claim"],
    [{ tenant_id: [id] }, "tenant.invalid_claim"],
    [{ tenant_id: { id } }, "tenant.invalid_claim"],
    [Object.create({ tenant_id: id }), null],
  ])("of %j is %j", async (claims, expected) => {
    expect(await answer(claim, { claims })).toEqual(expected);
  });

  test("names a slug where that is asked for", async () => {
    expect(await answer(either, { claims: { tenant_id: "acme" } })).toEqual(acme);
    expect(await answer(either, { claims: { tenant_id: "Not one" } })).toBe("tenant.invalid_reference");
  });

  test.each(["__proto__", "constructor", "toString"])("called %s finds nothing that nobody put there", async (key) => {
    const resolver = claimResolver({ claimKey: key, accept: ["id", "slug"] });
    expect(await answer(resolver, { claims: { sub: "x" } })).toBeNull();
  });
});

describe("the header", () => {
  const header = headerResolver({ headerName: "X-Tenant-Id" });

  test.each([
    [[], null],
    [[id], byId],
    [["acme"], acme],
    [["acme", "acme"], "tenant.ambiguous"],
    [["acme, beta"], "tenant.ambiguous"],
    [["acme,acme"], "tenant.ambiguous"],
    [[""], "tenant.invalid_reference"],
    [["  "], "tenant.invalid_reference"],
    [["Acme"], "tenant.invalid_reference"],
    [["-acme"], "tenant.invalid_reference"],
    [[id.toUpperCase()], "tenant.invalid_reference"],
    [["usr_0190f2a8000070008000000000000001"], "tenant.invalid_reference"],
    [["acme\n"], "tenant.invalid_reference"],
  ])("%j is %j", async (values, expected) => {
    expect(await answer(header, { headers: { "x-tenant-id": values } })).toEqual(expected);
  });
});

const hosts = { baseDomains: ["example.com", "localhost", "eu.example.com"], neutralHosts: ["health.example.com"] };
const subdomain = subdomainResolver({ ...hosts, trustProxy: 0, hasDomains: false });

describe("a subdomain", () => {
  test.each([
    [null, null],
    ["example.com", null],
    ["localhost:3000", null],
    ["acme.example.com", acme],
    ["ACME.example.com.:443", acme],
    ["acme.localhost:8080", acme],
    ["acme.eu.example.com", acme],
    ["eu.example.com", null],
    ["health.example.com", null],
    ["www.example.com", null],
    ["mta-sts.example.com", null],
    ["example.org", "tenant.unresolved"],
    ["acme.example.com.evil.com", "tenant.unresolved"],
    ["evilexample.com", "tenant.unresolved"],
    ["a.acme.example.com", "tenant.unresolved"],
    ["xn--acme-9ta.example.com", "tenant.unresolved"],
    ["-acme.example.com", "tenant.unresolved"],
    [`${"a".repeat(64)}.example.com`, "tenant.unresolved"],
    ["acme..example.com", "tenant.invalid_host"],
    [".example.com", "tenant.invalid_host"],
    ["", "tenant.invalid_host"],
    ["a_b.example.com", "tenant.invalid_host"],
    ["user@acme.example.com", "tenant.invalid_host"],
    ["acme%00.example.com", "tenant.invalid_host"],
    ["acme\\.example.com", "tenant.invalid_host"],
    ["[::1]", "tenant.invalid_host"],
    ["[::1]:80", "tenant.invalid_host"],
    ["acme.example.com:80:80", "tenant.invalid_host"],
    ["acme.example.com/", "tenant.invalid_host"],
    ["acme .example.com", "tenant.invalid_host"],
    ["\u212aacme.example.com", "tenant.invalid_host"],
    ["\u0430cme.example.com", "tenant.invalid_host"],
    [`${"a.".repeat(127)}example.com`, "tenant.invalid_host"],
    ["acme.example.com, beta.example.com", "tenant.ambiguous"],
  ])("of the host %j is %j", async (host, expected) => {
    expect(await answer(subdomain, { host })).toEqual(expected);
  });

  test("in a reserved label is nobody's", async () => {
    for (const label of RESERVED_LABELS) {
      expect([label, await answer(subdomain, { host: `${label}.example.com` })]).toEqual([label, null]);
    }
  });

  test("of two hosts, or of one that differs from the address, nobody can tell", async () => {
    const host = "acme.example.com";
    const twice = { headers: { host: [host, host] }, host };
    expect(await answer(subdomain, twice)).toBe("tenant.ambiguous");
    expect(await answer(subdomain, { host, headers: { host: "beta.example.com" } })).toBe("tenant.ambiguous");
    expect(await answer(subdomain, { host, headers: { host: "ACME.example.com:443" } })).toEqual(acme);
  });

  test("is asked of whom it may be where foreign hosts are somebody's", async () => {
    const own = subdomainResolver({ ...hosts, trustProxy: 0, hasDomains: true });
    expect(await answer(own, { host: "shop.example.org" })).toBeNull();
    expect(await answer(own, { host: "a.acme.example.com" })).toBe("tenant.unresolved");
  });
});

describe("what proxies say of the host", () => {
  const behind = (trustProxy: number): TenantResolver => subdomainResolver({ ...hosts, trustProxy, hasDomains: false });
  const host = "acme.example.com";

  test("counts for nothing unless they are trusted", async () => {
    const forged = { "x-forwarded-host": "beta.example.com", forwarded: "host=beta.example.com" };
    expect(await answer(subdomain, { host, headers: forged })).toEqual(acme);
  });

  test.each([
    [1, { "x-forwarded-host": "acme.example.com" }, acme],
    [1, { "x-forwarded-host": "beta.example.com, acme.example.com" }, acme],
    [1, { "x-forwarded-host": ["beta.example.com", "acme.example.com"] }, acme],
    [2, { "x-forwarded-host": "beta.example.com, acme.example.com, inner.internal" }, acme],
    [2, { "x-forwarded-host": "acme.example.com" }, "tenant.ambiguous"],
    [1, {}, "tenant.ambiguous"],
    [1, { forwarded: 'for=1.2.3.4;Host="acme.example.com:443";proto=https' }, acme],
    [1, { forwarded: "for=1.2.3.4" }, "tenant.ambiguous"],
    [1, { forwarded: "host=acme.example.com;host=beta.example.com" }, "tenant.ambiguous"],
    [1, { forwarded: "host=acme.example.com", "x-forwarded-host": "beta.example.com" }, "tenant.ambiguous"],
    [1, { forwarded: "host=acme.example.com", "x-forwarded-host": "ACME.example.com" }, acme],
    [1, { forwarded: 'host="ac\\me.example.com"' }, "tenant.invalid_host"],
    [1, { "x-forwarded-host": "" }, "tenant.invalid_host"],
  ])("behind %j with %j is %j", async (trustProxy, headers, expected) => {
    expect(await answer(behind(trustProxy), { host: "inner.internal", headers })).toEqual(expected);
  });
});

describe("what proxies say of the host in more than 8 kB", () => {
  const behind = subdomainResolver({ ...hosts, trustProxy: 1, hasDomains: false });
  const list = (name: string, length: number): string => `${",".repeat(length - name.length)}${name}`;

  test.each([
    ["x-forwarded-host", "acme.example.com"],
    ["forwarded", "host=acme.example.com"],
  ])("by %s is ambiguous", async (header, last) => {
    expect(await answer(behind, { headers: { [header]: list(last, 8191) } })).toEqual(acme);
    expect(await answer(behind, { headers: { [header]: list(last, 8192) } })).toBe("tenant.ambiguous");
    expect(await answer(behind, { headers: { [header]: [...Array<string>(8192).fill(""), last] } })).toBe(
      "tenant.ambiguous",
    );
  });
});

describe("a domain", () => {
  const domain = domainResolver({ ...hosts, trustProxy: 0 });

  test.each([
    [null, null],
    ["example.com", null],
    ["acme.example.com", null],
    ["a.acme.example.com", null],
    ["health.example.com", null],
    ["Shop.Example.org:443", { kind: "domain", value: "shop.example.org" }],
    ["shop@example.org", "tenant.invalid_host"],
  ])("of the host %j is %j", async (host, expected) => {
    expect(await answer(domain, { host })).toEqual(expected);
  });
});

describe("the path", () => {
  const path = pathResolver({ pathPattern: "/tenants/{tenant_id}/" });
  const within = pathResolver({ pathPattern: "/api/v1/t/{tenant_id}/projects" });
  const open = pathResolver({ pathPattern: "/t-{tenant_id}" });

  test.each([
    ["/", null],
    ["", null],
    ["/tenants", null],
    ["/tenants/", null],
    ["/other/acme/", null],
    ["/x/tenants/acme/", null],
    ["/tenants/acme", acme],
    ["/tenants/acme/", acme],
    ["/tenants/acme/projects/%2F;x//", acme],
    [`/tenants/${id}/x`, byId],
    ["/tenants/www/", null],
    ["/tenants/Acme/", "tenant.invalid_reference"],
    ["/tenants/a_b/", "tenant.invalid_reference"],
    ["/tenants/%61cme/", "tenant.invalid_path"],
    ["/tenants/acme%00/", "tenant.invalid_path"],
    ["/tenants//acme", "tenant.invalid_path"],
    ["//tenants/acme", "tenant.invalid_path"],
    ["/tenants/acme//x", acme],
    ["/tenants/acme/../beta", "tenant.invalid_path"],
    ["/tenants/acme/x/..%2f..%5cbeta", "tenant.invalid_path"],
    ["/tenants/acme/x/.%2E;/../beta", "tenant.invalid_path"],
    ["/a/b/../../tenants/beta", "tenant.invalid_path"],
    ["/tenants/acme/..x/.y/z.", acme],
    ["/tenants/..%2fbeta", "tenant.invalid_path"],
    ["/tenants/../tenants/beta", "tenant.invalid_path"],
    ["/./tenants/acme", "tenant.invalid_path"],
    ["/tenants/./acme", "tenant.invalid_path"],
    ["/tenants/%2e%2e/beta", "tenant.invalid_path"],
    ["/tenants/ac%2Fme", "tenant.invalid_path"],
    ["/tenants/acme;x=y/", "tenant.invalid_path"],
    ["/tenants;x/acme/", "tenant.invalid_path"],
    ["/tenants/acme\\beta/", "tenant.invalid_path"],
    ["/tenants/acme%5cbeta/", "tenant.invalid_path"],
    ["/TENANTS/acme/", "tenant.invalid_path"],
    ["/ten%61nts/acme/", "tenant.invalid_path"],
    ["/tenants/%c0%af/", "tenant.invalid_path"],
    ["/tenants/acmé/", "tenant.invalid_path"],
    ["http://example.com/tenants/acme", "tenant.invalid_path"],
  ])("%j is %j", async (given, expected) => {
    expect(await answer(path, { path: given })).toEqual(expected);
  });

  test.each([
    ["/api/v1/t/acme/projects", acme],
    ["/api/v1/t/acme/projects/", acme],
    ["/api/v1/t/acme/projects/7", acme],
    ["/api/v1/t/acme/projectsx", null],
    ["/api/v1/t/acme/members", null],
    ["/api/v1/t/acme/PROJECTS", "tenant.invalid_path"],
    ["/api/v1/t/acme/proj%65cts", "tenant.invalid_path"],
    ["/api/v1/t/acme//projects", "tenant.invalid_path"],
  ])("with text behind the placeholder, %j is %j", async (given, expected) => {
    expect(await answer(within, { path: given })).toEqual(expected);
  });

  test("may begin its segment with text", async () => {
    expect(await answer(open, { path: "/t-acme/x" })).toEqual(acme);
    expect(await answer(open, { path: "/x-acme/x" })).toBeNull();
  });

  test.each([
    "tenants/{tenant_id}",
    "/tenants/",
    "/{tenant_id}/{tenant_id}",
    "/{tenant_id}x/",
    "/a//{tenant_id}",
    "/a;b/{tenant_id}",
    "/../{tenant_id}",
  ])("has no pattern %j", async (pattern) => {
    expect(isPathPattern(pattern)).toBe(false);
    expect(await codeOf(() => pathResolver({ pathPattern: pattern }))).toBe("config.invalid");
  });
});

describe("a megabyte of", () => {
  const all = [
    claimResolver({ claimKey: "tenant_id", accept: ["id", "slug"] }),
    headerResolver({ headerName: "x-tenant-id" }),
    subdomain,
    subdomainResolver({ ...hosts, trustProxy: 1, hasDomains: false }),
    domainResolver({ ...hosts, trustProxy: 0 }),
    pathResolver({ pathPattern: "/tenants/{tenant_id}/" }),
    pathResolver({ pathPattern: "/a/{tenant_id}/b/c" }),
  ];

  test.each(["a", "a.", "-", ".", "/", "/.", "%2e", "/a", ",", ";host=", '"', "\\", "a-", ":", "0:"])(
    "%j is read in linear time",
    async (piece) => {
      const text = piece.repeat(Math.ceil(1_048_576 / piece.length));
      const said = {
        host: text,
        path: `/tenants/${text}`,
        headers: { "x-tenant-id": text, "x-forwarded-host": text, forwarded: text },
        claims: { tenant_id: text },
      };
      const begun = performance.now();
      for (const resolver of all) {
        await answer(resolver, said);
      }
      // A quadratic pattern takes minutes.
      expect(performance.now() - begun).toBeLessThan(5000);
    },
  );
});
