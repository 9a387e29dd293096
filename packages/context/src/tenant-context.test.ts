import { describe, expect, test } from "vitest";
import { alice, bob, codeOf, idNo, openWorld, stranger, user } from "../test/world.ts";
import type { Claims } from "./resolution-input.ts";
import { TenantContext, type TenantJob, tenantClaims, toJob } from "./tenant-context.ts";

const routed = { host: "acme.example.com" };

describe("opening a request", () => {
  test("never throws, whatever the host's callbacks do", async () => {
    const { directory } = await openWorld();
    const cause = new Error("secret");
    const fail = () => {
      throw cause;
    };
    const received = { host: null, path: "/", header: () => [] };
    const failures: unknown[] = [];
    for (const callbacks of [{ claims: fail }, { requestId: fail }, { claims: () => Promise.reject(cause) }]) {
      const log = (failure: unknown) => failures.push(failure);
      const tenancy = new TenantContext<null>({ directory, identify: fail, log, ...callbacks });
      const request = await tenancy.open(null, received);
      expect(request.resolution).toMatchObject({ status: "failed", error: { code: "tenant.resolver_failed" } });
      expect(await codeOf(() => tenancy.guard.require(request))).toBe("tenant.resolver_failed");
    }
    expect(failures).toHaveLength(6);
  });

  test("does not ask who sends it, and a guard asks once", async () => {
    const { directory } = await openWorld();
    let asked = 0;
    const identify = () => {
      asked += 1;
      return user(bob);
    };
    const tenancy = new TenantContext<null>({ directory, identify });
    const request = await tenancy.open(null, { host: null, path: "/tenants/acme/", header: () => [] });
    expect(asked).toBe(0);
    await tenancy.guard.require(request);
    await tenancy.guard.require(request, { role: "guest" });
    expect(asked).toBe(1);
  });

  test("gives a request's own id to the proof", async () => {
    const { directory } = await openWorld();
    const tenancy = new TenantContext<string>({ directory, identify: () => user(bob), requestId: (id) => id });
    const request = await tenancy.open("r-1", { host: null, path: "/tenants/acme/", header: () => [] });
    expect(await tenancy.guard.require(request)).toMatchObject({ requestId: "r-1" });
  });

  test("asks for claims with the headers as they were received", async () => {
    const { directory, acme } = await openWorld();
    const seen: unknown[] = [];
    const claims = (request: string, { header }: { header(name: string): readonly string[] }): Claims => {
      seen.push(request, header("authorization"));
      return { tenant_id: acme };
    };
    const tenancy = new TenantContext<string>({ directory, identify: () => null, claims });
    const request = await tenancy.open("r", { host: null, path: "/", header: (name) => [name] });
    // A header that holds its own name names no tenant.
    expect(request.resolution).toMatchObject({ error: { code: "tenant.conflict" } });
    expect(seen).toEqual(["r", ["authorization"]]);
    expect(Object.isFrozen(request.input)).toBe(true);
  });

  test("varies by the header only where that can name a tenant", async () => {
    const { tenancy } = await openWorld();
    expect(tenancy.varyingHeader).toBe("x-tenant-id");
    const other = await openWorld({ config: { resolution: { resolvers: ["path"] } } });
    expect(other.tenancy.varyingHeader).toBeNull();
  });
});

describe("a job", () => {
  test("has the tenant and the actor, and passes through JSON", async () => {
    const world = await openWorld();
    const active = await world.tenancy.guard.require(await world.open(routed, user(bob)));
    const job: TenantJob = JSON.parse(JSON.stringify(toJob(active)));
    expect(job).toEqual({ v: 1, orgId: world.acme, actor: { kind: "user", id: bob } });
    const again = await world.tenancy.fromJob(job);
    expect(again).toMatchObject({ org: { id: world.acme }, membership: { id: world.bobMemId }, source: "job" });
    expect(await codeOf(() => toJob({ ...active }))).toBe("tenant.context_missing");
  });

  test("is checked again when it starts", async () => {
    const world = await openWorld();
    const job = toJob(await world.tenancy.guard.require(await world.open(routed, user(bob))));
    expect(await codeOf(() => world.tenancy.fromJob(job, { role: "admin" }))).toBe("forbidden.role");
    await world.store.suspendOrg(world.acme);
    expect(await codeOf(() => world.tenancy.fromJob(job))).toBe("tenant.inactive");
    await world.store.reinstateOrg(world.acme);
    await world.store.adminRemove({ memId: world.bobMemId, adminUsrId: alice });
    expect(await codeOf(() => world.tenancy.fromJob(job))).toBe("tenant.denied");
  });

  test("of staff enters anew", async () => {
    let isAllowed = true;
    const operators = { mayEnter: () => isAllowed, recordEntry: async () => {} };
    const world = await openWorld({ operators });
    const job = toJob(await world.tenancy.guard.enterAs(world.acme, { operator: stranger, reason: "Ticket 7" }));
    expect(await world.tenancy.fromJob(job)).toMatchObject({ actor: { kind: "operator", reason: "Ticket 7" } });
    isAllowed = false;
    expect(await codeOf(() => world.tenancy.fromJob(job))).toBe("tenant.denied");
  });

  test.each([
    [null],
    [{}],
    [{ v: 2, orgId: idNo("org", 1), actor: user(bob) }],
    [{ v: 1, orgId: "acme", actor: user(bob) }],
    [{ v: 1, orgId: idNo("org", 1), actor: null }],
  ])("%j is none", async (job) => {
    const { tenancy } = await openWorld();
    expect(await codeOf(() => tenancy.fromJob(job as never))).toBe("tenant.invalid_reference");
  });

  test("that cannot be read is none, and each part of it is read once", async () => {
    const { acme, tenancy } = await openWorld({ operators: { mayEnter: () => true, recordEntry: async () => {} } });
    const fail = (): never => {
      throw new Error("secret");
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const unreadable = new Proxy({}, { get: fail, ownKeys: fail });
    for (const job of [unreadable, proxy, { v: 1, orgId: acme, actor: unreadable }]) {
      expect(await codeOf(() => tenancy.fromJob(job as never))).toBe("tenant.invalid_reference");
    }
    const reads: string[] = [];
    const kind = (): string => {
      reads.push("kind");
      return reads.length === 1 ? "user" : fail();
    };
    const actor = Object.defineProperty({ id: bob }, "kind", { get: kind, enumerable: true });
    expect(await tenancy.fromJob({ v: 1, orgId: acme, actor } as never)).toMatchObject({ actor: user(bob) });
    expect(reads).toEqual(["kind"]);
  });

  test("of an organization that is not there is nobody's", async () => {
    const { tenancy } = await openWorld();
    const job = { v: 1, orgId: idNo("org", 5), actor: user(bob) } as const;
    expect(await codeOf(() => tenancy.fromJob(job))).toBe("tenant.denied");
    expect(await codeOf(() => tenancy.fromJob({ ...job, actor: { kind: "service", id: "x" } }))).toBe(
      "tenant.unresolved",
    );
  });
});

test("a token that is minted names the tenant as resolvers read it", async () => {
  const world = await openWorld();
  const active = await world.tenancy.guard.require(await world.open(routed, user(bob)));
  expect(tenantClaims(active)).toEqual({ tenant_id: world.acme });
  expect(await codeOf(() => tenantClaims({ ...active }))).toBe("tenant.context_missing");
});
