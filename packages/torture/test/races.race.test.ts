import { describeRaces } from "@tenantry/conformance/races";
import { afterAll, beforeAll, describe, inject, it, vi } from "vitest";
import type { Arena } from "../src/arena.ts";
import { type Driver, openPostgresArena } from "../src/postgres-arena.ts";

vi.setConfig({ testTimeout: 120_000 });

for (const driver of ["pg", "postgres.js"] satisfies readonly Driver[]) {
  describe(driver, () => {
    let arena: Arena;
    beforeAll(async () => {
      arena = await openPostgresArena(inject("databaseUrl"), { driver });
    });
    afterAll(() => arena.close());
    describeRaces({ name: driver, describe, it, openShared: () => arena.open(), parks: true });
  });
}
