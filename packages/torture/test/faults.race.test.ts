import { describeFaults } from "@tenantry/conformance/faults";
import { afterAll, beforeAll, describe, inject, it, vi } from "vitest";
import type { Arena } from "../src/arena.ts";
import { driverErrors } from "../src/driver-errors.ts";
import { type Driver, openPostgresArena } from "../src/postgres-arena.ts";

vi.setConfig({ testTimeout: 120_000 });

for (const driver of ["pg", "postgres.js"] satisfies readonly Driver[]) {
  describe(driver, () => {
    let arena: Arena;
    beforeAll(async () => {
      arena = await openPostgresArena(inject("databaseUrl"), { driver });
    });
    afterAll(() => arena.close());
    describeFaults({ name: driver, describe, it, openShared: () => arena.open(), errors: driverErrors(driver) });
  });
}
