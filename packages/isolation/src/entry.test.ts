import type { Placement } from "@tenantry/context";
import { describe, expect, test } from "vitest";
import { codeOf, openTenants } from "../test/world.ts";
import type { TenantDriver } from "./driver.ts";
import { TransactionIsolation } from "./isolation.ts";
import { unproved } from "./proof.ts";
import { rowIsolation } from "./row.ts";
import type { RunOptions } from "./strategy.ts";

/** A driver that says what it was asked to do. Nothing may reach it before every check has passed. */
function recording(): { readonly driver: TenantDriver<object>; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    driver: {
      name: "recording",
      async transaction(beginning, work) {
        asked.push(beginning);
        return await work({});
      },
      send: async (_, statement) => {
        asked.push(statement);
        return [];
      },
      guarded: (tx) => tx,
    },
  };
}

const now = new Date("2031-05-01T12:00:00.000Z");
const ready: Placement = { strategy: "row", state: "ready" };

/** What a run of a tenant answers that was ready when its proof was made, and is placed like this now. */
async function answer(placement: Placement, options?: RunOptions, isVersioned = false): Promise<string | null> {
  let current: Placement = { ...placement, state: "ready" };
  const tenants = await openTenants(() => current);
  const { a } = tenants;
  current = placement;
  const { driver, asked } = recording();
  const isolation = new TransactionIsolation({
    name: "row",
    isVersioned,
    driver,
    driverOf: async () => ({ driver, release() {} }),
    entrance: { parts: () => [], prove: unproved },
    admin: null,
    clock: () => now,
  });
  const code = await codeOf(() => isolation.run(a, async () => {}, options));
  expect(asked.length).toBe(code === null ? 1 : 0);
  return code;
}

describe("what a run checks before it sends anything", () => {
  test("what no guard made is no tenant, and neither is a copy", async () => {
    const { a } = await openTenants();
    const { driver, asked } = recording();
    const isolation = rowIsolation(driver);
    for (const tenant of [undefined, null, {}, { ...a }, structuredClone(a.org)]) {
      expect(await codeOf(() => isolation.run(tenant as never, async () => {}))).toBe("tenant.context_missing");
      expect(await codeOf(() => isolation.attach({}, tenant as never, async () => {}))).toBe("tenant.context_missing");
    }
    expect(asked).toEqual([]);
  });

  test.each<[string | null, Placement, RunOptions | undefined, boolean]>([
    [null, ready, undefined, false],
    ["isolation.wrong_strategy", { strategy: "schema", state: "ready" }, undefined, false],
    [null, ready, { minVersion: "0002.sql" }, false],
    ["isolation.outdated", ready, { minVersion: "0002.sql" }, true],
    ["isolation.outdated", { ...ready, migratedTo: "0001.sql" }, { minVersion: "0002.sql" }, true],
    [null, { ...ready, migratedTo: "0002.sql" }, { minVersion: "0002.sql" }, true],
    [null, { ...ready, migratedTo: "0010.sql" }, { minVersion: "0002.sql" }, true],
    ["isolation.paused", { ...ready, pausedUntil: "2031-05-01T12:00:01.000Z" }, undefined, false],
    [null, { ...ready, pausedUntil: "2031-05-01T12:00:01.000Z" }, { readOnly: true }, false],
    [null, { ...ready, pausedUntil: "2031-05-01T12:00:00.000Z" }, undefined, false],
    ["isolation.outdated", { ...ready, pausedUntil: "2031-05-01T12:00:01.000Z" }, { minVersion: "1" }, true],
  ])("%s", async (code, placement, options, isVersioned) => {
    expect(await answer(placement, options, isVersioned)).toBe(code);
  });

  test.each<RunOptions>([
    { readOnly: "yes" as never },
    { statementTimeoutMs: 0 },
    { idleTimeoutMs: 2 ** 31 },
    { idleTimeoutMs: 1.5 },
    { minVersion: "" },
    { signal: {} as never },
  ])("options that are none: %o", async (options) => {
    expect(await answer(ready, options)).toBe("precondition.invalid_input");
    // The tenant's strategy is looked at after them.
    expect(await answer({ strategy: "schema", state: "ready" }, options)).toBe("precondition.invalid_input");
  });

  test("the settings of a run, in one statement with its values as parameters", async () => {
    const { a, ofA } = await openTenants();
    const { driver, asked } = recording();
    await rowIsolation(driver).run(a, async () => {}, { statementTimeoutMs: 250 });
    expect(asked).toEqual([
      {
        readOnly: false,
        signal: null,
        entry: [
          {
            text: "select set_config('idle_in_transaction_session_timeout', $1::text, true), set_config('statement_timeout', $2::text, true), set_config('tenantry.org_id', $3::text, true)",
            values: ["60000", "250", ofA],
          },
        ],
      },
    ]);
  });

  test("a run inside a run is for the same tenant, also on another isolation", async () => {
    const { a, b } = await openTenants();
    const [outer, other] = [rowIsolation(recording().driver), rowIsolation(recording().driver)];
    await outer.run(a, async () => {
      expect(await codeOf(() => outer.run(b, async () => {}))).toBe("tenant.mismatch");
      expect(await codeOf(() => other.run(b, async () => {}))).toBe("tenant.mismatch");
      expect(await codeOf(() => other.run(a, async () => {}))).toBe(null);
      expect(await codeOf(() => outer.attach({}, b, async () => {}))).toBe("tenant.mismatch");
    });
    expect(await codeOf(() => outer.run(b, async () => {}))).toBe(null);
  });
});
