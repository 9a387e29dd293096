import { type StorePort, Tenancy } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { describe, expect, test } from "vitest";
import { alice, codeOf, idNo } from "../test/world.ts";
import { storeDirectory } from "./directory.ts";
import { domainArgument } from "./domains/domain-name.ts";
import { DomainDirectory } from "./domains.ts";

const own = { baseDomains: ["example.com", "localhost"], neutralHosts: ["status.example.net"] };

function reasonOf(domain: unknown): unknown {
  try {
    return domainArgument(domain, own);
  } catch (error) {
    const { code, details } = error as { readonly code: string; readonly details: { readonly reason: string } };
    return `${code} ${details.reason}`;
  }
}

describe("a name", () => {
  test.each([
    ["shop.example.org", "shop.example.org"],
    ["Shop.Example.ORG.", "shop.example.org"],
    ["münchen.example.org", "xn--mnchen-3ya.example.org"],
    ["XN--MNCHEN-3YA.example.org", "xn--mnchen-3ya.example.org"],
    ["ｓｈｏｐ.example.org", "shop.example.org"],
    ["shop。example。org", "shop.example.org"],
    ["a.b.c.d.example.org", "a.b.c.d.example.org"],
    ["example.co.uk", "example.co.uk"],
    ["someone.github.io", "someone.github.io"],
    ["notexample.com", "notexample.com"],
  ])("%j is stored as %j", (given, stored) => {
    expect(reasonOf(given)).toBe(stored);
    expect(reasonOf(stored)).toBe(stored);
  });

  test.each([
    ["malformed", ""],
    ["malformed", "."],
    ["malformed", "shop..example.org"],
    ["malformed", ".example.org"],
    ["malformed", "shop.example.org.."],
    ["malformed", "-shop.example.org"],
    ["malformed", "shop-.example.org"],
    ["malformed", "sh_op.example.org"],
    ["malformed", "*.example.org"],
    ["malformed", "shop.example.org:443"],
    ["malformed", "http://shop.example.org"],
    ["malformed", "shop.example.org/x"],
    ["malformed", "user@example.org"],
    ["malformed", "shop%2eexample.org"],
    ["malformed", "shop example.org"],
    ["malformed", "shop.example.org\n"],
    ["malformed", "shop\u0000.example.org"],
    ["malformed", "\u202eshop.example.org"],
    ["malformed", `${"a".repeat(64)}.example.org`],
    ["malformed", `${"a.".repeat(130)}example.org`],
    ["malformed", "xn--\u0080.example.org"],
    ["malformed", "xn--zzzzzzzz99999.org"],
    ["malformed", 7],
    ["malformed", null],
    ["malformed", { toString: () => "shop.example.org" }],
    ["malformed", "[::1]"],
    ["malformed", "::1"],
    ["address", "127.0.0.1"],
    ["address", "127.1"],
    ["address", "0x7f.0.0.1"],
    ["address", "2130706433"],
    ["address", "１２７.0.0.1"],
    ["single_label", "intranet"],
    ["single_label", "localhost"],
    ["base_domain", "example.com"],
    ["base_domain", "acme.example.com"],
    ["base_domain", "a.b.EXAMPLE.com."],
    ["base_domain", "acme.localhost"],
    ["base_domain", "status.example.net"],
    ["public_suffix", "co.uk"],
    ["public_suffix", "github.io"],
    ["public_suffix", "vercel.app"],
    ["public_suffix", "s3.amazonaws.com"],
  ])("that is %s: %j", (reason, given) => {
    expect(reasonOf(given)).toBe(`tenant.invalid_domain ${reason}`);
  });

  test("of a megabyte is refused at once, and no error repeats what was given", () => {
    expect(reasonOf("a.".repeat(500_000))).toBe("tenant.invalid_domain malformed");
    try {
      domainArgument("secret..example.org", own);
    } catch (error) {
      expect(`${JSON.stringify(error)} ${String(error)}`).not.toContain("secret");
    }
  });
});

describe("a look-up", () => {
  const [orgId, domain] = [idNo("org", 5), "shop.example.org"];

  async function claimed(lookupTxt: ConstructorParameters<typeof DomainDirectory>[1]["lookupTxt"]) {
    const store = new InMemoryTenancyStore({ groups: ["domains"] });
    const failures: unknown[] = [];
    const domains = new DomainDirectory(store, { lookupTxt, log: (failure) => failures.push(failure) });
    const { org } = await store.createOrg(alice);
    await domains.add(org.id, domain);
    return { id: org.id, domains, failures };
  }

  test.each(["ENOTFOUND", "ENODATA"])("that says %s finds nothing", async (code) => {
    const { id, domains } = await claimed(() => Promise.reject(Object.assign(new Error(code), { code })));
    expect(await domains.verify(id, domain)).toMatchObject({ state: "pending" });
  });

  test.each([new Error("secret"), null, { code: "ESERVFAIL" }])("that fails with %j is told as one", async (cause) => {
    const { id, domains, failures } = await claimed(() => Promise.reject(cause));
    expect(await codeOf(() => domains.verify(id, domain))).toBe("tenant.resolver_failed");
    expect(failures).toEqual([{ source: "lookupTxt", cause }]);
  });

  test("is not waited for once it is aborted, and is told so", async () => {
    const controller = new AbortController();
    let told: unknown;
    const { id, domains } = await claimed((_, signal) => {
      told = signal;
      controller.abort(new Error("enough"));
      return new Promise(() => {});
    });
    await expect(domains.verify(id, domain, {}, { signal: controller.signal })).rejects.toThrow("enough");
    expect(told).toBe(controller.signal);
  });

  test("is not made for a name that cannot be anybody's, nor for an id that is none", async () => {
    const { domains } = await claimed(() => Promise.reject(new Error("asked")));
    for (const call of ["add", "verify", "remove"] as const) {
      expect(await codeOf(() => domains[call](orgId, "co.uk"))).toBe("tenant.invalid_domain");
      expect(await codeOf(() => domains[call]("nobody" as never, domain))).toBe("invalid_id");
    }
  });

  test("that throws what cannot be looked at fails like any other", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { id, domains } = await claimed(() => Promise.reject(proxy));
    expect(await codeOf(() => domains.verify(id, domain))).toBe("tenant.resolver_failed");
  });

  test("is told of by a log that may fail", async () => {
    const store = new InMemoryTenancyStore({ groups: ["domains"] });
    const { org } = await store.createOrg(alice);
    for (const log of [() => Promise.reject(new Error("no log")), () => JSON.parse("{")]) {
      const domains = new DomainDirectory(store, { lookupTxt: () => Promise.reject(new Error("no DNS")), log });
      await domains.add(org.id, domain);
      expect(await codeOf(() => domains.verify(org.id, domain))).toBe("tenant.resolver_failed");
    }
  });
});

test("what would protect no name of the application's, or cannot be called, is refused when it is made", () => {
  const store = new InMemoryTenancyStore({ groups: ["domains"] });
  const lookupTxt = async () => [];
  for (const options of [
    undefined,
    null,
    {},
    { lookupTxt, baseDomains: ["Example.com"] },
    { lookupTxt, baseDomains: ["example.com."] },
    { lookupTxt, baseDomains: [".example.com"] },
    { lookupTxt, baseDomains: "example.com" },
    { lookupTxt, neutralHosts: ["status.example.com:443"] },
    { lookupTxt, neutralHosts: [7] },
    { lookupTxt, token: "t".repeat(16) },
    { lookupTxt, log: 7 },
  ]) {
    expect(() => new DomainDirectory(store, options as never)).toThrow(
      expect.objectContaining({ code: "config.invalid" }),
    );
  }
});

test("what is no token proves nothing: nothing is written", async () => {
  const store = new InMemoryTenancyStore({ groups: ["domains"] });
  const { org } = await store.createOrg(alice);
  for (const token of ["", "t".repeat(15), "t".repeat(129), "t".repeat(16).concat("\n"), 7, undefined]) {
    const domains = new DomainDirectory(store, { lookupTxt: async () => [], token: () => token as string });
    expect(await codeOf(() => domains.add(org.id, "shop.example.org"))).toBe("internal.unexpected");
    expect((await domains.list(org.id)).data).toEqual([]);
  }
});

test("a text that no domain can be is nobody's, and is not asked for", async () => {
  const { capabilities } = new InMemoryDatabase();
  const asked = () => Promise.reject(new Error("asked"));
  const port: StorePort = { capabilities, isRemote: false, commit: asked, settle: asked, load: asked };
  const store = new Tenancy(port, { groups: ["domains"] });
  const domains = new DomainDirectory(store, { lookupTxt: async () => [] });
  for (const name of ["", "a\0b", "\ud800", "Shop.example.org", "shop.example.org.", "a".repeat(1_000_000), 7, null]) {
    expect(await domains.orgOf(name as string)).toBeNull();
  }
});

test("a tenant is found by its domain in one read", async () => {
  const rows = new InMemoryDatabase();
  let loads = 0;
  const port: StorePort = {
    capabilities: rows.capabilities,
    isRemote: false,
    commit: (commit) => rows.commit(commit),
    settle: (address) => rows.settle(address),
    load(plan) {
      loads += 1;
      return rows.load(plan);
    },
  };
  const store = new Tenancy(port, { groups: ["domains"] });
  const domains = new DomainDirectory(store, { token: () => "t".repeat(16), lookupTxt: async () => [published] });
  const published = `tenantry-verify=${"t".repeat(16)}`;
  const { org } = await store.createOrg(alice);
  await domains.add(org.id, "shop.example.org");
  expect(await domains.verify(org.id, "shop.example.org")).toMatchObject({ state: "verified" });
  const directory = storeDirectory(store, { orgOfDomain: (domain) => domains.orgOf(domain) });
  loads = 0;
  expect(await directory.find({ kind: "domain", value: "shop.example.org" })).toMatchObject({ id: org.id });
  expect(loads).toBe(1);
  expect(await directory.find({ kind: "domain", value: "other.example.org" })).toBeNull();
  expect(loads).toBe(2);
});
