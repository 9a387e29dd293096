import { describeFaults } from "@tenantry/conformance/faults";
import { afterAll, beforeAll, describe, inject, it, vi } from "vitest";
import type { Arena } from "../src/arena.ts";
import type { Driver } from "../src/driver.ts";
import { driverErrors } from "../src/driver-errors.ts";
import { amount, isLong, noteFor, oneOf, seed } from "../src/effort.ts";
import { openPostgresArena } from "../src/postgres-arena.ts";

vi.setConfig({ testTimeout: 3_600_000 });

for (const driver of ["pg", "postgres.js", "Neon HTTP", "Neon WebSocket"] satisfies readonly Driver[]) {
  describe(driver, () => {
    const calls = driver.startsWith("Neon") ? amount(160, 4000) : amount(400, 20_000);
    const note = noteFor(driver, {
      "requests that failed": isLong ? "all, in every way" : "some",
      "late commits": isLong ? "all" : "some",
      "calls while requests fail": calls,
    });
    let arena: Arena;
    beforeAll(async () => {
      arena = await openPostgresArena(inject("databaseUrl"), { driver });
    });
    afterAll(() => arena.close());
    describeFaults({
      name: driver,
      describe,
      it: oneOf(driver.startsWith("Neon") ? 3 : 1, it),
      openShared: () => arena.open(),
      errors: driverErrors(driver),
      sweep: isLong ? "all" : driver === "pg" ? "some" : "few",
      seed,
      calls,
      note,
    });
  });
}
