import { describe, expect, test } from "vitest";
import { idNo, input, openWorld } from "../test/world.ts";
import type { TenantDirectory } from "./directory.ts";
import type { TenantResolver } from "./resolver.ts";

const ghost = idNo("org", 77);

function custom(part: Partial<TenantResolver>): TenantResolver {
  return { name: "session", priority: 25, trust: "claimed", resolve: () => null, ...part };
}

describe("a request", () => {
  test("that names nothing is none: there is no default tenant", async () => {
    const { tenancy } = await openWorld();
    expect(await tenancy.resolver.resolve(input({ host: "example.com", path: "/x" }))).toEqual({ status: "none" });
    expect(await tenancy.resolver.resolveId(input({}))).toBeNull();
  });

  test("whose sources agree has the first one's name, the strongest trust and the others as agreeing", async () => {
    const { tenancy, acme } = await openWorld();
    const said = input({ claims: { tenant_id: acme }, headers: { "x-tenant-id": "acme" }, path: "/tenants/acme/" });
    expect(await tenancy.resolver.resolve(said)).toMatchObject({
      status: "resolved",
      tenant: { id: acme, slug: "acme", status: "active", placement: { strategy: "row", state: "ready" } },
      source: "jwt",
      trust: "verified",
      agreeing: ["header", "path"],
    });
    expect(await tenancy.resolver.resolveId(said)).toBe(acme);
  });

  test("has the strongest trust, also where that comes last", async () => {
    const { tenancy } = await openWorld();
    const said = input({ headers: { "x-tenant-id": "acme" }, host: "acme.example.com" });
    expect(await tenancy.resolver.resolve(said)).toMatchObject({ source: "header", trust: "routed" });
  });

  test("whose references are equal costs one look, whose are not one each, and none when they are known", async () => {
    const { tenancy, acme, asked } = await openWorld();
    await tenancy.resolver.resolve(input({ headers: { "x-tenant-id": "acme" }, host: "acme.example.com" }));
    expect(asked.find).toBe(1);
    const both = input({ claims: { tenant_id: acme }, host: "acme.example.com" });
    await tenancy.resolver.resolve(both);
    await tenancy.resolver.resolve(both);
    expect(asked).toEqual({ find: 1, standing: 0 });
  });

  test.each([
    ["beta", ["jwt", "header"]],
    ["nobody", ["jwt", "header"]],
    [ghost, ["jwt", "header"]],
  ])("with a token of Acme and a header of %s is in conflict", async (header, sources) => {
    const { tenancy, acme } = await openWorld();
    const said = input({ claims: { tenant_id: acme }, headers: { "x-tenant-id": header } });
    const resolution = await tenancy.resolver.resolve(said);
    expect(resolution).toMatchObject({ status: "failed", error: { code: "tenant.conflict", details: { sources } } });
    expect(resolution).not.toHaveProperty("tenant");
  });

  test("with an unknown first source and a known second one is in conflict", async () => {
    const { tenancy } = await openWorld();
    const said = input({ headers: { "x-tenant-id": "nobody" }, path: "/tenants/acme/" });
    const details = { sources: ["header", "path"] };
    expect(await tenancy.resolver.resolve(said)).toMatchObject({ error: { code: "tenant.conflict", details } });
  });

  test("whose sources all name nobody is unresolved", async () => {
    const { tenancy } = await openWorld();
    const said = input({ headers: { "x-tenant-id": "nobody" }, path: `/tenants/${ghost}/` });
    const error = { code: "tenant.unresolved", details: { source: "header" } };
    expect(await tenancy.resolver.resolve(said)).toMatchObject({ status: "failed", error });
  });

  test("with one bad source fails, however good the others are, and the first bad one counts", async () => {
    const { tenancy } = await openWorld();
    const blank = input({ headers: { "x-tenant-id": " " }, host: "acme.example.com" });
    expect(await tenancy.resolver.resolve(blank)).toMatchObject({ error: { code: "tenant.invalid_reference" } });
    const last = input({ headers: { "x-tenant-id": "acme" }, path: "/tenants/%61cme/", host: "a@b" });
    expect(await tenancy.resolver.resolve(last)).toMatchObject({ error: { code: "tenant.invalid_host" } });
  });

  test.each([
    ["suspendOrg", "tenant.inactive"],
    ["revokeOrg", "tenant.inactive"],
  ] as const)("of an organization after %s is known and %s", async (operation, code) => {
    const { tenancy, store, acme } = await openWorld();
    await store[operation](acme);
    const said = input({ claims: { tenant_id: acme } });
    const expected = { status: "failed", error: { code }, tenant: { id: acme }, source: "jwt" };
    expect(await tenancy.resolver.resolve(said)).toMatchObject(expected);
    expect(await tenancy.resolver.resolveId(said)).toBeNull();
  });

  test("of a tenant whose place is not ready is known and not provisioned", async () => {
    const pending = (own: TenantDirectory): TenantDirectory => ({
      ...own,
      async find(reference) {
        const found = await own.find(reference);
        return found && { ...found, placement: { strategy: "schema", state: "pending" } };
      },
    });
    const { tenancy, acme } = await openWorld({ wrap: pending });
    const said = input({ claims: { tenant_id: acme } });
    const error = { code: "isolation.not_provisioned" };
    expect(await tenancy.resolver.resolve(said)).toMatchObject({ error, tenant: { id: acme } });
  });
});

test("after a slug has changed hands a token still names the one it was made for, and the slug the one that has it", async () => {
  const { tenancy, store, acme, beta } = await openWorld();
  const token = { claims: { tenant_id: acme } };
  await store.updateOrg({ orgId: acme, slug: "apex" });
  await store.updateOrg({ orgId: beta, slug: "acme" });
  expect(await tenancy.resolver.resolveId(input(token))).toBe(acme);
  expect(await tenancy.resolver.resolveId(input({ host: "acme.example.com" }))).toBe(beta);
  const both = await tenancy.resolver.resolve(input({ ...token, host: "acme.example.com" }));
  expect(both).toMatchObject({ status: "failed", error: { code: "tenant.conflict" } });
});

describe("a resolver of the host's", () => {
  test("ranks where its priority says", async () => {
    const resolve = async () => ({ kind: "slug", value: "acme" }) as const;
    const { tenancy } = await openWorld({ resolvers: [custom({ resolve })] });
    const said = input({ host: "acme.example.com" });
    expect(await tenancy.resolver.resolve(said)).toMatchObject({ source: "session", agreeing: ["subdomain"] });
  });

  test.each([
    [{ kind: "slug", value: "Not one" }],
    [{ kind: "id", value: "acme" }],
    [{ kind: "slug", value: ghost }],
    [{ kind: "domain", value: "a b" }],
    [{ kind: "slug", value: 7 }],
    [{ kind: "name", value: "acme" }],
  ])("that answers %j names nobody", async (answer) => {
    const { tenancy } = await openWorld({ resolvers: [custom({ resolve: () => answer as never })] });
    const error = { code: "tenant.invalid_reference", details: { source: "session" } };
    expect(await tenancy.resolver.resolve(input({}))).toMatchObject({ status: "failed", error });
  });

  test("that throws fails the resolution, and its cause goes to the log alone", async () => {
    const cause = new Error("secret of a driver");
    const resolve = () => {
      throw cause;
    };
    const { tenancy, failures } = await openWorld({ resolvers: [custom({ resolve })] });
    const resolution = await tenancy.resolver.resolve(input({ host: "acme.example.com" }));
    const error = { code: "tenant.resolver_failed", details: { source: "session" }, retryable: true };
    expect(resolution).toMatchObject({ status: "failed", error });
    expect(JSON.stringify(resolution)).not.toContain("secret");
    expect(resolution.status === "failed" && resolution.error.cause).toBeUndefined();
    expect(failures).toEqual([{ source: "session", cause }]);
  });
});

test("a directory that fails is a failed resolution, and nothing of it is kept", async () => {
  let isDown = true;
  const flaky = (own: TenantDirectory): TenantDirectory => ({
    ...own,
    find: (reference) => (isDown ? Promise.reject(new Error("down")) : own.find(reference)),
  });
  const { tenancy, failures } = await openWorld({ wrap: flaky });
  const said = input({ host: "acme.example.com" });
  expect(await tenancy.resolver.resolve(said)).toMatchObject({ error: { code: "tenant.resolver_failed" } });
  expect(failures).toHaveLength(1);
  isDown = false;
  expect(await tenancy.resolver.resolve(said)).toMatchObject({ status: "resolved" });
});

test("a domain of the host's look-up names its organization, and any other one nobody", async () => {
  const { store, acme } = await openWorld();
  const { storeDirectory } = await import("./directory.ts");
  const orgOfDomain = async (domain: string) => (domain === "shop.example.org" ? acme : null);
  const { TenantContext } = await import("./tenant-context.ts");
  const tenancy = new TenantContext<null>({ directory: storeDirectory(store, { orgOfDomain }), identify: () => null });
  const own = input({ host: "shop.example.org" });
  expect(await tenancy.resolver.resolve(own)).toMatchObject({
    tenant: { id: acme },
    source: "domain",
    trust: "routed",
  });
  const other = input({ host: "other.example.org" });
  expect(await tenancy.resolver.resolve(other)).toMatchObject({ error: { code: "tenant.unresolved" } });
});
