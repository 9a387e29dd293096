import type { OrgId } from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { alice, codeOf, openWorld, user } from "../test/world.ts";
import type { ActiveTenant } from "./active-tenant.ts";
import { cacheKey, globalKey, tenantCache } from "./cache-key.ts";
import { createTenantStub } from "./testing.ts";

async function actives(count: number): Promise<readonly ActiveTenant[]> {
  const { store, as } = createTenantStub();
  return Promise.all(
    Array.from({ length: count }, async () => as(alice, (await store.createOrg({ creator: alice })).org.id)),
  );
}

describe("a key", () => {
  test("has the tenant's id and every part, escaped", async () => {
    const [active] = await actives(1);
    const key = cacheKey(active as ActiveTenant, "a:b", "50%", "x_1.-", "é", "!~*'()", "");
    expect(key).toBe(`t1:${active?.org.id}:a%3Ab:50%25:x_1.-:%C3%A9:%21%7E%2A%27%28%29:`);
  });

  test("is never that of another tenant or of other parts", async () => {
    const tenants = await actives(5);
    const pieces = ["", ":", "%", "%3A", "a", "a:b", "b", "t1", "%25", " "];
    const lists = pieces.flatMap((one) => [
      [one],
      ...pieces.flatMap((two) => [
        [one, two],
        [one, two, one],
      ]),
    ]);
    const keys = tenants.flatMap((active) => [[], ...lists].map((parts) => cacheKey(active, ...parts)));
    expect(new Set(keys).size).toBe(5 * (1 + lists.length));
    const [{ org }] = tenants as readonly [ActiveTenant];
    expect(keys).not.toContain(globalKey(org.id));
    expect(new Set(lists.map((parts) => globalKey(...parts))).size).toBe(lists.length);
  });

  test("needs a proof, and well-formed text", async () => {
    const [active] = (await actives(1)) as readonly [ActiveTenant];
    expect(await codeOf(() => cacheKey({ ...active }, "x"))).toBe("tenant.context_missing");
    expect(await codeOf(() => cacheKey(active, "\ud800"))).toBe("tenant.invalid_cache_key");
    expect(await codeOf(() => cacheKey(active, 7 as never))).toBe("tenant.invalid_cache_key");
    expect(await codeOf(() => globalKey("\udfff"))).toBe("tenant.invalid_cache_key");
  });
});

describe("a cache", () => {
  async function open() {
    const [one, two] = (await actives(2)) as readonly [ActiveTenant, ActiveTenant];
    let current: ActiveTenant | null = one;
    let names = 0;
    const kept = new Map<string, string>();
    const scope = {
      current() {
        if (current === null) {
          throw Object.assign(new Error(), { code: "none" });
        }
        return current;
      },
    };
    const bind = (active: ActiveTenant | null): void => {
      current = active;
    };
    const fresh = () => {
      names += 1;
      return `${names}`;
    };
    return { one, two, kept, bind, scope, cache: tenantCache<string>(kept, scope, fresh) };
  }

  test("keeps each tenant's own under the same key", async () => {
    const { one, two, bind, cache } = await open();
    await cache.set("plan", "free");
    bind(two);
    expect([await cache.get("plan"), await cache.has("plan")]).toEqual([undefined, false]);
    await cache.set("plan", "paid");
    bind(one);
    expect([await cache.get("plan"), await cache.has("plan")]).toEqual(["free", true]);
    await cache.delete("plan");
    expect(await cache.get("plan")).toBeUndefined();
    bind(two);
    expect(await cache.get("plan")).toBe("paid");
  });

  test("ends the keys of one tenant alone, and for every process that shares it", async () => {
    const { one, two, bind, kept, scope, cache } = await open();
    const elsewhere = tenantCache<string>(kept, scope, () => "other");
    await cache.set("plan", "free");
    bind(two);
    await cache.set("plan", "paid");
    await elsewhere.clear(one.org.id);
    expect(await cache.get("plan")).toBe("paid");
    bind(one);
    expect([await cache.get("plan"), await elsewhere.get("plan")]).toEqual([undefined, undefined]);
  });

  test("that lost a generation never shows again what was cleared", async () => {
    const { one, kept, cache } = await open();
    await cache.set("plan", "free");
    await cache.clear(one.org.id);
    kept.delete(globalKey("generation", one.org.id as OrgId));
    expect(await cache.get("plan")).toBeUndefined();
  });

  test("has nothing where no tenant is bound", async () => {
    const { bind, kept, cache } = await open();
    bind(null);
    for (const use of [cache.get("x"), cache.set("x", "y"), cache.has("x"), cache.delete("x")]) {
      await expect(use).rejects.toMatchObject({ code: "none" });
    }
    expect(kept.size).toBe(0);
  });

  test("names its generations by chance where nothing else is said", async () => {
    const { one, kept, scope } = await open();
    await tenantCache<string>(kept, scope).clear(one.org.id);
    expect(kept.get(globalKey("generation", one.org.id))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

test("a request that was refused has no key", async () => {
  const world = await openWorld();
  const request = await world.open({ headers: { "x-tenant-id": "beta" } }, user(alice));
  await codeOf(() => world.tenancy.guard.require(request));
  expect(await codeOf(() => cacheKey(request.active as never, "x"))).toBe("tenant.context_missing");
});
