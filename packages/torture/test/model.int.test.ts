import { describeModel } from "@tenantry/conformance/model";
import { afterAll, beforeAll, describe, inject, it, vi } from "vitest";
import { type Arena, openStore } from "../src/arena.ts";
import { openPgliteArena } from "../src/pglite-arena.ts";
import { openPostgresArena } from "../src/postgres-arena.ts";

vi.setConfig({ testTimeout: 120_000 });

const stores: Readonly<Record<string, readonly [open: () => Promise<Arena>, steps: number]>> = {
  pg: [() => openPostgresArena(inject("databaseUrl"), { driver: "pg" }), 2000],
  "postgres.js": [() => openPostgresArena(inject("databaseUrl"), { driver: "postgres.js" }), 2000],
  PGlite: [openPgliteArena, 500],
};

for (const [name, [open, steps]] of Object.entries(stores)) {
  describe(name, () => {
    let arena: Arena;
    beforeAll(async () => {
      arena = await open();
    });
    afterAll(() => arena.close());
    describeModel({ name, describe, it, open: (options) => openStore(arena, options), steps });
  });
}
