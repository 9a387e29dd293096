import { PGlite } from "@electric-sql/pglite";
import { Pool as NeonPool, neon, neonConfig } from "@neondatabase/serverless";
import type { Tenancy } from "@tenantry/core";
import { NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { NeonTenancyStore } from "@tenantry/store-neon/websocket";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { migratePglite, PgliteTenancyStore, pgliteExecutor } from "@tenantry/store-pg/pglite";
import { PostgresJsTenancyStore } from "@tenantry/store-pg/postgres-js";
import { pgExecutor, readTables, type SqlExecutor } from "@tenantry/store-sql";
import { brokenInvariants, openDatabase, startNeonEndpoint } from "@tenantry/testkit";
import postgres from "postgres";
import { inject } from "vitest";
import { describeSettings, type OpenSettings } from "./suite.ts";

const groups = ["settings"] as const;
const RUNS = 8;

interface Connected {
  readonly store: () => Tenancy;
  readonly end: () => Promise<unknown>;
}

/** A database of one's own, and two stores on it through a driver. */
async function opened(connect: (url: string) => Promise<Connected>): Promise<OpenSettings> {
  const database = await openDatabase(inject("databaseUrl"));
  const pool = database.pool();
  await migratePostgres(pool, { groups });
  const { store, end } = await connect(database.url);
  return {
    stores: [store(), store()],
    ...looks(pgExecutor(pool)),
    async close() {
      await end();
      await database.close();
    },
  };
}

function looks(executor: SqlExecutor): Pick<OpenSettings, "tables" | "dump" | "broken"> {
  const tables = ["setting", "evt", "idem", "org"].map(
    (table) => `(select coalesce(string_agg(x::text, ' '), '') from tenancy.${table} x)`,
  );
  const text = `select ${tables.join(" || ")} as dump`;
  return {
    tables: () => readTables(executor, { groups }),
    broken: () =>
      brokenInvariants(
        async (text) => ({ rows: await executor.run({ name: null, text, values: [] }) }),
        "tenancy",
        groups,
      ),
    dump: async () => (await executor.run({ name: null, text, values: [] }))[0]?.["dump"] as string,
  };
}

describeSettings(
  "pg",
  () =>
    opened(async (url) => {
      const pool = new (await import("pg")).default.Pool({ connectionString: url, max: 8 });
      return { store: () => new PostgresTenancyStore(pool, { groups }), end: () => pool.end() };
    }),
  RUNS,
);

describeSettings(
  "postgres.js",
  () =>
    opened(async (url) => {
      const sql = postgres(url, { max: 8, onnotice() {} });
      return { store: () => new PostgresJsTenancyStore(sql, { groups }), end: () => sql.end({ timeout: 5 }) };
    }),
  RUNS,
);

describeSettings(
  "PGlite",
  async () => {
    const database = new PGlite();
    await migratePglite(database, { groups });
    const store = () => new PgliteTenancyStore(database, { groups });
    return { stores: [store(), store()], ...looks(pgliteExecutor(database)), close: () => database.close() };
  },
  RUNS,
);

describeSettings(
  "Neon HTTP",
  () =>
    opened(async (url) => {
      const endpoint = await startNeonEndpoint(url);
      Object.assign(neonConfig, endpoint.neonConfig);
      const sql = neon(url);
      return { store: () => new NeonHttpTenancyStore(sql, { groups }), end: () => endpoint.stop() };
    }),
  RUNS,
);

describeSettings(
  "Neon WebSocket",
  () =>
    opened(async (url) => {
      const endpoint = await startNeonEndpoint(url);
      Object.assign(neonConfig, endpoint.neonConfig);
      const pool = new NeonPool({ connectionString: url, max: 8 });
      return {
        store: () => new NeonTenancyStore(pool, { groups }),
        async end() {
          await pool.end();
          await endpoint.stop();
        },
      };
    }),
  RUNS,
);
