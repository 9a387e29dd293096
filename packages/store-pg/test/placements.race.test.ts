import { describePlacementFaults } from "@tenantry/conformance/faults";
import { describePlacementModel } from "@tenantry/conformance/model";
import { describePlacementRaces, type Interpose, type SharedDatabase } from "@tenantry/conformance/races";
import type { TenancyOptions } from "@tenantry/core";
import { pgExecutor, readTables, type SqlExecutor, SqlTenancyStore } from "@tenantry/store-sql";
import { brokenInvariants, Worlds } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { storePlacements } from "../../isolation/src/placement-store.ts";
import { migratePostgres, PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// Placements on PostgreSQL: two workers on one place, each with a pool of its own, as two processes would have them; and steps by
// chance, one after another.

vi.setConfig({ testTimeout: 120_000 });

const groups = ["placement"] as const;

let database: OpenPostgres;
let pools: readonly [pg.Pool, pg.Pool];
let worlds: Worlds;
beforeAll(async () => {
  database = await openPostgres();
  pools = [database.pool({ max: 20 }), database.pool({ max: 20 })];
  worlds = new Worlds(
    (schema) => migratePostgres(pools[0], { schema, groups }),
    (text) => pools[0].query(text),
    groups,
  );
});
afterAll(() => database.close());

function interposed(executor: SqlExecutor, interpose: Interpose | undefined): SqlExecutor {
  if (interpose === undefined) {
    return executor;
  }
  const kindOf = (text: string) => (text.startsWith("select") ? "load" : "commit");
  return { ...executor, run: (one) => interpose({ kind: kindOf(one.text) }, () => executor.run(one)) };
}

async function openShared(): Promise<SharedDatabase> {
  const { schema, close } = await worlds.open();
  let opened = 0;
  return {
    connect(options: TenancyOptions, interpose?: Interpose) {
      opened += 1;
      const executor = interposed(pgExecutor(opened % 2 === 0 ? pools[0] : pools[1]), interpose);
      const store = { executor, concurrentSessions: true, hostTransactions: true };
      return new SqlTenancyStore(store, { ...options, schema });
    },
    tables: () => readTables(pgExecutor(pools[0]), { schema, groups }),
    async close() {
      expect(await brokenInvariants((text) => pools[0].query(text), schema)).toEqual([]);
      await close();
    },
  };
}

describePlacementRaces({
  name: "pg",
  describe,
  it,
  placements: storePlacements,
  trials: 4,
  schedules: 8,
  openShared,
});

const coded = (code: string): Error => Object.assign(new Error("of the server"), { code, severity: "ERROR" });
describePlacementFaults({
  name: "pg",
  describe,
  it,
  openShared,
  placements: storePlacements,
  errors: {
    lost: () => new Error("Connection terminated unexpectedly"),
    contention: [() => coded("40P01")],
    cancelled: () => coded("57014"),
    unexpected: [() => coded("23514")],
  },
});

describePlacementModel({
  name: "pg",
  describe,
  it,
  placements: storePlacements,
  steps: 400,
  async open(options) {
    const { schema, close } = await worlds.open();
    const store = new PostgresTenancyStore(pools[0], { ...options, schema });
    return { store, tables: () => readTables(pgExecutor(pools[0]), { schema, groups }), close };
  },
});
