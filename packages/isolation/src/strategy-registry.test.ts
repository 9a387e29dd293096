import { expect, test } from "vitest";
import { codeOf, openTenants } from "../test/world.ts";
import type { IsolationStrategy } from "./strategy.ts";
import { StrategyRegistry } from "./strategy-registry.ts";

const named = (name: string): IsolationStrategy => ({
  name,
  steps: [],
  provision: async () => {},
  deprovision: async (_, policy) => ({ policy, archivedAs: null, rows: null }),
  run: (_, fn) => fn({}),
});

test("a registry holds row, and what is registered besides", async () => {
  const row = named("row");
  const registry = StrategyRegistry.withDefaults(row);
  expect(registry.names()).toEqual(["row"]);
  expect(registry.get("row")).toBe(row);
  expect(await codeOf(() => registry.get("schema"))).toBe("isolation.unknown_strategy");
  const schema = named("schema");
  expect(registry.register(schema).get("schema")).toBe(schema);
  expect(await codeOf(() => registry.register(named("schema")))).toBe("config.invalid");
  const replaced = named("schema");
  expect(registry.register(replaced, { replace: true }).get("schema")).toBe(replaced);
  expect(await codeOf(() => StrategyRegistry.withDefaults(schema))).toBe("config.invalid");
  expect(await codeOf(() => registry.get("constructor"))).toBe("isolation.unknown_strategy");
});

test("a tenant's strategy is that of its placement", async () => {
  let strategy = "row";
  const tenants = await openTenants(() => ({ strategy, state: "ready" }));
  const registry = StrategyRegistry.withDefaults(named("row"));
  expect(registry.for(tenants.a).name).toBe("row");
  strategy = "database";
  const again = await tenants.again(tenants.a);
  expect(await codeOf(() => registry.for(again))).toBe("isolation.unknown_strategy");
  expect(await codeOf(() => registry.for({} as never))).toBe("tenant.context_missing");
});
