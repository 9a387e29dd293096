import { describeModel } from "@tenantry/conformance/model";
import { afterAll, beforeAll, describe, inject, it, vi } from "vitest";
import { type Arena, openStore } from "../src/arena.ts";
import type { Driver } from "../src/driver.ts";
import { amount, isLong, noteFor, seed } from "../src/effort.ts";
import { openPgliteArena } from "../src/pglite-arena.ts";
import { openPostgresArena } from "../src/postgres-arena.ts";

vi.setConfig({ testTimeout: 3_600_000 });

const on = (driver: Driver) => (): Promise<Arena> => openPostgresArena(inject("databaseUrl"), { driver });
const stores: Readonly<Record<string, readonly [open: () => Promise<Arena>, steps: number]>> = {
  pg: [on("pg"), amount(800, 200_000)],
  "postgres.js": [on("postgres.js"), amount(400, 100_000)],
  PGlite: [openPgliteArena, amount(120, 10_000)],
  "Neon HTTP": [on("Neon HTTP"), amount(120, 10_000)],
  "Neon WebSocket": [on("Neon WebSocket"), amount(120, 10_000)],
};

for (const [name, [open, steps]] of Object.entries(stores)) {
  describe(name, () => {
    let arena: Arena;
    beforeAll(async () => {
      arena = await open();
    });
    afterAll(() => arena.close());
    describeModel({
      name,
      describe,
      // What many members are to a statement, they are whoever sends it.
      it: (title, body) => (isLong || name === "pg" || !title.includes("than a page holds") ? it(title, body) : null),
      open: (options) => openStore(arena, options),
      steps,
      seed,
      note: noteFor(name, { "model steps": steps }),
    });
  });
}
