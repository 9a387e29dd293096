import { generate, isTenancyError, type OrgId } from "@tenantry/core";
import { expect, test } from "vitest";
import type { TenantDriver } from "./driver.ts";
import { type PoolOptions, TenantPools } from "./tenant-pools.ts";

interface Counted {
  readonly pools: TenantPools<object>;
  readonly open: Map<OrgId, number>;
  readonly seen: { most: number; opened: number; closedInUse: number };
  readonly inUse: Map<OrgId, number>;
}

function counted(options: PoolOptions): Counted {
  const open = new Map<OrgId, number>();
  const inUse = new Map<OrgId, number>();
  const seen = { most: 0, opened: 0, closedInUse: 0 };
  const total = (): number => [...open.values()].reduce((sum, count) => sum + count, 0);
  const pools = new TenantPools<object>(async (orgId) => {
    open.set(orgId, (open.get(orgId) ?? 0) + 1);
    seen.opened += 1;
    seen.most = Math.max(seen.most, total());
    return {
      driver: {} as TenantDriver<object>,
      async close() {
        seen.closedInUse += (inUse.get(orgId) ?? 0) > 0 ? 1 : 0;
        await Promise.resolve();
        open.set(orgId, (open.get(orgId) ?? 0) - 1);
      },
    };
  }, options);
  return { pools, open, seen, inUse };
}

/** Always the same chance. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

test("300 tenants on 20 pools: never more, none closed in use, none twice, all closed at the end", async () => {
  const { pools, open, seen, inUse } = counted({ maxPools: 20, waitMs: 60_000 });
  const tenants = Array.from({ length: 300 }, () => generate("org"));
  const random = chance(7);
  const worker = async (): Promise<void> => {
    for (let round = 0; round < 200; round += 1) {
      const tenant = tenants[Math.floor(random() * tenants.length)] as OrgId;
      const held = await pools.driverOf(tenant);
      inUse.set(tenant, (inUse.get(tenant) ?? 0) + 1);
      expect(open.get(tenant)).toBe(1);
      for (let turn = Math.floor(random() * 5); turn > 0; turn -= 1) {
        await Promise.resolve();
      }
      inUse.set(tenant, (inUse.get(tenant) ?? 0) - 1);
      held.release();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: 40 }, worker));
  expect(seen.most).toBeLessThanOrEqual(20);
  expect(seen.closedInUse).toBe(0);
  await pools.close();
  expect([...open.values()].every((count) => count === 0)).toBe(true);
  expect(pools.size).toBe(0);
});

test("where all are in use, whoever comes waits, and not for ever", async () => {
  const { pools } = counted({ maxPools: 1, waitMs: 20 });
  const [a, b] = [generate("org"), generate("org")];
  const held = await pools.driverOf(a);
  const late = await pools.driverOf(b).catch((error: unknown) => error);
  expect(isTenancyError(late, "unavailable.pool_timeout")).toBe(true);
  held.release();
  (await pools.driverOf(b)).release();
  await pools.close();
});

test("a pool that is retired lets its user finish, and the next one gets another", async () => {
  const { pools, open, seen } = counted({ maxPools: 5 });
  const a = generate("org");
  const held = await pools.driverOf(a);
  pools.retire(a);
  expect(open.get(a)).toBe(1);
  const next = await pools.driverOf(a);
  expect(seen.opened).toBe(2);
  held.release();
  next.release();
  await pools.close();
  expect(open.get(a)).toBe(0);
});

test("one that cannot be opened is not kept", async () => {
  let attempts = 0;
  const pools = new TenantPools<object>(async () => {
    attempts += 1;
    throw new RangeError("no");
  });
  const a = generate("org");
  await expect(pools.driverOf(a)).rejects.toThrow(RangeError);
  await expect(pools.driverOf(a)).rejects.toThrow(RangeError);
  expect(attempts).toBe(2);
  await pools.close();
});
