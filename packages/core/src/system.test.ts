import { expect, test } from "vitest";
import { mutationOptions } from "./input.ts";
import { freshKey, pause, systemClock } from "./system.ts";

test("the system's clock is the time of day", () => {
  expect(Math.abs(systemClock().getTime() - Date.now())).toBeLessThan(60_000);
});

test("a fresh key is an idempotency key, and no two are equal", () => {
  const keys = Array.from({ length: 1000 }, freshKey);
  expect(new Set(keys).size).toBe(1000);
  expect(keys.map((idempotencyKey) => mutationOptions({ idempotencyKey }, true).idempotencyKey)).toEqual(keys);
});

test("a pause ends, after the shortest and after many attempts", async () => {
  const begun = performance.now();
  await Promise.all([0, 1, 6, 1000].map(pause));
  expect(performance.now() - begun).toBeLessThan(5000);
});
