import { TenantError } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { expect, test } from "vitest";
import { type HealthCheck, health, storeHealth } from "./health.ts";

const healthy: HealthCheck = async () => undefined;
const never: HealthCheck = () => new Promise(() => {});

test("parts are asked at once, and the worst is the answer", async () => {
  const store = new InMemoryTenancyStore();
  const relay: HealthCheck = async () => ({ status: "degraded", code: "relay.behind" });
  const answer = await health({ store: storeHealth(store), relay });
  expect(answer).toMatchObject({
    status: "degraded",
    parts: { store: { status: "healthy", code: null }, relay: { status: "degraded", code: "relay.behind" } },
  });
  expect((await health({ a: healthy, b: async () => "unhealthy", c: relay })).status).toBe("unhealthy");
  expect((await health({ a: healthy })).status).toBe("healthy");
  expect((await health({})).status).toBe("healthy");
});

test("a part that throws is unhealthy, and says only its code", async () => {
  const broken: HealthCheck = () => Promise.reject(new Error("password=hunter2"));
  const ours: HealthCheck = async () => {
    throw new TenantError("tenant.resolver_failed", { source: "x" });
  };
  const chatty: HealthCheck = async () => ({ status: "healthy", code: "postgres://u:hunter2@db" });
  const answer = await health({ broken, ours, chatty });
  expect(answer.parts).toMatchObject({
    broken: { status: "unhealthy", code: "internal.unexpected" },
    ours: { status: "unhealthy", code: "tenant.resolver_failed" },
    chatty: { status: "healthy", code: null },
  });
  expect(JSON.stringify(answer)).not.toContain("hunter2");
});

test("a part that does not answer in time is unhealthy, and is told so", async () => {
  let isTold = false;
  const hanging: HealthCheck = (signal) => {
    signal.addEventListener("abort", () => {
      isTold = true;
    });
    return new Promise(() => {});
  };
  const { parts } = await health({ hanging, never, healthy }, { milliseconds: 20 });
  expect(parts).toMatchObject({
    hanging: { status: "unhealthy", code: "unavailable.timeout" },
    never: { status: "unhealthy" },
    healthy: { status: "healthy" },
  });
  expect(isTold).toBe(true);
});
