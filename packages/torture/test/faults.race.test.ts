import { describeFaults } from "@tenantry/conformance/faults";
import { afterAll, beforeAll, describe, inject, it, vi } from "vitest";
import { driverErrors } from "../src/driver-errors.ts";
import { type Arena, type Driver, openArena } from "../src/shared-postgres.ts";

vi.setConfig({ testTimeout: 120_000 });

for (const driver of ["pg", "postgres.js"] satisfies readonly Driver[]) {
  describe(driver, () => {
    let arena: Arena;
    beforeAll(async () => {
      arena = await openArena(inject("databaseUrl"), { driver });
    });
    afterAll(() => arena.close());
    describeFaults({ name: driver, describe, it, openShared: () => arena.open(), errors: driverErrors(driver) });
  });
}
