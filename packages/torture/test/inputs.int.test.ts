import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import type { Arena } from "../src/arena.ts";
import type { Driver } from "../src/driver.ts";
import { amount, isLong, noteFor, seed } from "../src/effort.ts";
import { badInputs } from "../src/inputs/bad-inputs.ts";
import { openMemoryArena } from "../src/memory-arena.ts";
import { openPgliteArena } from "../src/pglite-arena.ts";
import { openPostgresArena } from "../src/postgres-arena.ts";

// Calls that are almost right. What is wrong on purpose, row by row, is the contract's of the kit.

vi.setConfig({ testTimeout: 3_600_000 });

const on = (driver: Driver) => (): Promise<Arena> => openPostgresArena(inject("databaseUrl"), { driver });
const stores: Readonly<Record<string, readonly [open: () => Promise<Arena>, quick: number, long: number]>> = {
  memory: [openMemoryArena, 18_400, 1_000_000],
  pg: [on("pg"), 1000, 20_000],
  "postgres.js": [on("postgres.js"), 600, 20_000],
  // What is refused is refused before a store hears of it: the contract of the kit shows that on these.
  PGlite: [openPgliteArena, 0, 2000],
  "Neon HTTP": [on("Neon HTTP"), 0, 2000],
  "Neon WebSocket": [on("Neon WebSocket"), 0, 2000],
};
const tried = Object.entries(stores).filter(([, [, quick]]) => isLong || quick > 0);

describe.each(tried)("%s", (name, [open, quick, long]) => {
  const calls = amount(quick, long);
  let arena: Arena;
  const note = noteFor(name, { "bad inputs": calls });
  beforeAll(async () => {
    arena = await open();
  });
  afterAll(() => arena.close());

  test(`${calls} neighbours of valid calls have an answer each, and a refused one changes nothing`, async () => {
    const start = Date.now();
    const { accepted, refused } = await badInputs(arena, { calls, seed });
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(accepted);
    note({ figure: "bad inputs", count: accepted + refused, seconds: (Date.now() - start) / 1000, seed });
  });
});
