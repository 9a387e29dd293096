import type { StoreUnderTest } from "@tenantry/conformance";
import { generate } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { expect, test } from "vitest";
import { Durations, timed } from "./durations.ts";

test("how long calls took is counted on a scale of 5 %, and taken once", () => {
  const durations = new Durations();
  for (const ms of [0, 1, 1.01, 20_000]) {
    durations.add(ms);
  }
  const counts = durations.take();
  expect(counts.map(([, count]) => count)).toEqual([1, 2, 1]);
  const [, [least] = [0], [most] = [0]] = counts;
  expect(least).toBeGreaterThanOrEqual(1.01);
  expect(least).toBeLessThan(1.01 * 1.05);
  expect(most).toBeGreaterThanOrEqual(20_000);
  expect(durations.take()).toEqual([]);
});

test("every call is timed, whatever comes of it, and nothing else", async () => {
  const durations = new Durations();
  const store = timed<StoreUnderTest>(new InMemoryTenancyStore(), durations);
  const { org } = await store.createOrg(generate("usr"));
  await expect(store.getOrg(org.id)).resolves.toEqual(org);
  await expect(store.getOrg(generate("org"))).rejects.toMatchObject({ code: "not_found" });
  expect(store.capabilities.concurrentSessions).toBe(false);
  expect(durations.take().reduce((sum, [, count]) => sum + count, 0)).toBe(3);
});
