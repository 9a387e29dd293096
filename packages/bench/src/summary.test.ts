import { expect, test } from "vitest";
import { rivalOf, rounded, summarize } from "./summary.ts";
import type { Turn } from "./turn.ts";

function turn(milliseconds: number, throughput: number, serverCpu: number | null = 5): Turn {
  return { latencies: [milliseconds, milliseconds, milliseconds], throughput, clientCpu: 10, serverCpu };
}

test("a floor is compared with the store on its driver, everybody else with the store on pg", () => {
  expect(rivalOf("floor, postgres.js")).toBe("Tenantry, postgres.js");
  expect(rivalOf("floor, Neon HTTP")).toBe("Tenantry, Neon HTTP");
  expect(["usual", "better-auth", "Tenantry, memory"].map(rivalOf)).toEqual(Array(3).fill("Tenantry, pg"));
});

test("more than one is better for the store, in throughput and in latency", () => {
  const score = new Map([
    ["Tenantry, pg", [turn(1, 1000), turn(2, 500), turn(1, 1000)]],
    ["usual", [turn(3, 250), turn(6, 125), turn(3, 250)]],
  ]);
  const [store, usual] = summarize(score);
  expect(store?.against).toBeNull();
  expect(usual?.against).toEqual({
    store: "Tenantry, pg",
    throughput: { median: 4, low: 4, high: 4 },
    latency: { median: 3, low: 3, high: 3 },
  });
});

test("latencies are those of all rounds together, the tail included", () => {
  const turns = [turn(50, 20), ...Array.from({ length: 19 }, () => turn(1, 1000))];
  const [result] = summarize(new Map([["Tenantry, pg", turns]]));
  expect([result?.p50, result?.p99]).toEqual([1, 50]);
});

test("where nothing is to compare with, or the server's clock is unknown, nothing is made up", () => {
  const [result] = summarize(new Map([["better-auth", [turn(1, 1000, null)]]]));
  expect([result?.against, result?.serverCpu]).toEqual([null, null]);
});

test("three digits count", () => {
  expect([123_456, 1.23456, 0.00123456].map(rounded)).toEqual([123_000, 1.23, 0.00123]);
});
