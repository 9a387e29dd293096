import { PGlite } from "@electric-sql/pglite";
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import type { Group, Tenancy } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { NeonTenancyStore } from "@tenantry/store-neon/websocket";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { migratePglite, PgliteTenancyStore } from "@tenantry/store-pg/pglite";
import { PostgresJsTenancyStore } from "@tenantry/store-pg/postgres-js";
import { brokenInvariants, type OpenDatabase, openDatabase, startNeonEndpoint } from "@tenantry/testkit";
import postgres from "postgres";
import { inject } from "vitest";

const GROUPS_KEPT = ["placement", "domains", "lifecycle"] as const;

/** Rows, and stores over them. */
export interface OpenWorld {
  /** The time of all stores over these rows. */
  readonly hands: { now: Date };
  store(groups?: readonly Group[]): Tenancy;
  /** The invariants that do not hold at rest. A store in memory checks its own. */
  broken(): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

interface Options {
  readonly clock: () => Date;
  readonly groups: readonly Group[];
}

function world(
  make: (options: Options) => Tenancy,
  close: () => Promise<void> = async () => {},
  query: ((text: string) => Promise<{ readonly rows: readonly unknown[] }>) | null = null,
): OpenWorld {
  const hands = { now: new Date("2030-01-01T00:00:00.000Z") };
  return {
    hands,
    store: (groups = GROUPS_KEPT) => make({ clock: () => hands.now, groups }),
    broken: async () => (query === null ? [] : brokenInvariants(query, "tenancy", GROUPS_KEPT)),
    close,
  };
}

/** Every store there is, each over an empty database of its own. */
export const STORES: Readonly<Record<string, () => Promise<OpenWorld>>> = {
  async memory() {
    let own: (() => Date) | undefined;
    const rows = new InMemoryDatabase({ clock: () => own?.() ?? new Date() });
    return world((options) => {
      own = options.clock;
      return new InMemoryTenancyStore(options, rows);
    });
  },
  async pg() {
    const database = await migrated();
    const pool = database.pool();
    return world(
      (options) => new PostgresTenancyStore(pool, options),
      database.close,
      (text) => pool.query(text),
    );
  },
  async "postgres.js"() {
    const database = await migrated();
    const sql = postgres(database.url, { onnotice() {} });
    const pool = database.pool();
    return world(
      (options) => new PostgresJsTenancyStore(sql, options),
      async () => {
        await sql.end({ timeout: 1 });
        await database.close();
      },
      (text) => pool.query(text),
    );
  },
  async PGlite() {
    const database = new PGlite();
    await migratePglite(database, { groups: GROUPS_KEPT });
    return world(
      (options) => new PgliteTenancyStore(database, options),
      () => database.close(),
      (text) => database.query(text),
    );
  },
  async "Neon HTTP"() {
    const { url, close } = await onNeon();
    const sql = neon(url);
    return world((options) => new NeonHttpTenancyStore(sql, options), close);
  },
  async "Neon WebSocket"() {
    const { url, close } = await onNeon();
    const pool = new Pool({ connectionString: url });
    return world(
      (options) => new NeonTenancyStore(pool, options),
      async () => {
        await pool.end();
        await close();
      },
      (text) => pool.query(text),
    );
  },
};

async function migrated(): Promise<OpenDatabase> {
  const database = await openDatabase(inject("databaseUrl"));
  await migratePostgres(database.pool(), { groups: GROUPS_KEPT });
  return database;
}

/** The driver knows one service for the whole module: one world on Neon at a time. */
async function onNeon(): Promise<Pick<OpenDatabase, "url" | "close">> {
  const database = await migrated();
  const endpoint = await startNeonEndpoint(database.url);
  Object.assign(neonConfig, endpoint.neonConfig);
  return {
    url: database.url,
    async close() {
      await endpoint.stop();
      await database.close();
    },
  };
}
