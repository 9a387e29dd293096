import { PGlite } from "@electric-sql/pglite";
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import type { Group, Tenancy, TenancyOptions } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { migrateNeonHttp, NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { migrateNeon, NeonTenancyStore } from "@tenantry/store-neon/websocket";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { migratePglite, PgliteTenancyStore } from "@tenantry/store-pg/pglite";
import { migratePostgresJs, PostgresJsTenancyStore } from "@tenantry/store-pg/postgres-js";
import { groupInvariants, openDatabase, startNeonEndpoint } from "@tenantry/testkit";
import postgres from "postgres";
import { inject } from "vitest";

/** A database of one's own that keeps the groups of this package, with time that can be made to pass. */
export interface World {
  /** A store of its own on the same database, as another process would have. */
  store(options?: TenancyOptions): Tenancy;
  /** Lets so many seconds pass, for the clock and for what the database remembers of earlier. */
  forward(seconds: number): Promise<void>;
  readonly clock: () => Date;
  /** Writes in a transaction of the host's, which is then committed or rolled back. Left out: there are none. */
  readonly inTransaction?: (work: (store: Tenancy) => Promise<unknown>, ends: "commit" | "rollback") => Promise<void>;
  /** Runs SQL. Left out: there is none. */
  readonly sql?: (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

const GROUPS = ["relay", "audit"] as const satisfies readonly Group[];
const groups = { groups: GROUPS };
class Undo extends Error {}

export const worlds: Readonly<Record<string, () => Promise<World>>> = {
  memory: async () => {
    let ahead = 0;
    const clock = (): Date => new Date(Date.now() + ahead);
    const database = new InMemoryDatabase({ clock });
    return {
      store: (options = {}) => new InMemoryTenancyStore({ ...groups, clock, ...options }, database),
      async forward(seconds) {
        ahead += seconds * 1000;
      },
      clock,
      async close() {},
    };
  },

  pg: async () => {
    const database = await openDatabase(inject("databaseUrl"));
    const pool = database.pool();
    await migratePostgres(pool, groups);
    const store = (options = {}): PostgresTenancyStore => new PostgresTenancyStore(pool, { ...groups, ...options });
    const sql = async (text: string) => (await pool.query(text)).rows;
    return {
      store: (options) => store(options) as Tenancy,
      ...passing(sql),
      inTransaction: (work, ends) =>
        transaction((inner) => store().withTransaction((_, inside) => inner(inside as Tenancy)), work, ends),
      sql,
      close: () => database.close(),
    };
  },

  "postgres.js": async () => {
    const database = await openDatabase(inject("databaseUrl"));
    const client = postgres(database.url, { max: 4, onnotice: () => {} });
    await migratePostgresJs(client, groups);
    const store = (options = {}) => new PostgresJsTenancyStore(client, { ...groups, ...options });
    const sql = async (text: string) => client.unsafe(text);
    return {
      store: (options) => store(options) as unknown as Tenancy,
      ...passing(sql),
      inTransaction: (work, ends) =>
        transaction((inner) => store().withTransaction((_, inside) => inner(inside as unknown as Tenancy)), work, ends),
      sql,
      async close() {
        await client.end();
        await database.close();
      },
    };
  },

  PGlite: async () => {
    const database = new PGlite();
    await migratePglite(database, groups);
    const store = (options = {}) => new PgliteTenancyStore(database, { ...groups, ...options });
    const sql = async (text: string) => (await database.query<Record<string, unknown>>(text)).rows;
    return {
      store: (options) => store(options) as unknown as Tenancy,
      ...passing(sql),
      inTransaction: (work, ends) =>
        transaction((inner) => store().withTransaction((_, inside) => inner(inside as unknown as Tenancy)), work, ends),
      sql,
      close: () => database.close(),
    };
  },

  "Neon over HTTP": async () => {
    const { url, close } = await openNeon();
    const client = neon(url);
    await migrateNeonHttp(client, groups);
    const sql = async (text: string) => (await client.query(text)) as Record<string, unknown>[];
    return {
      store: (options = {}) => new NeonHttpTenancyStore(client, { ...groups, ...options }) as Tenancy,
      ...passing(sql),
      sql,
      close,
    };
  },

  "Neon over WebSockets": async () => {
    const { url, close } = await openNeon();
    const pool = new Pool({ connectionString: url });
    await migrateNeon(pool, groups);
    const store = (options = {}) => new NeonTenancyStore(pool, { ...groups, ...options });
    const sql = async (text: string) => (await pool.query(text)).rows;
    return {
      store: (options) => store(options) as unknown as Tenancy,
      ...passing(sql),
      inTransaction: (work, ends) =>
        transaction((inner) => store().withTransaction((_, inside) => inner(inside as unknown as Tenancy)), work, ends),
      sql,
      async close() {
        await pool.end();
        await close();
      },
    };
  },
};

async function openNeon(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const database = await openDatabase(inject("databaseUrl"));
  const endpoint = await startNeonEndpoint(database.url);
  // The driver knows one service for the whole module, so one endpoint serves a test file at a time.
  Object.assign(neonConfig, endpoint.neonConfig);
  return {
    url: database.url,
    async close() {
      await endpoint.stop();
      await database.close();
    },
  };
}

/** The invariants of the groups that do not hold at rest, where there is SQL. Events may have been cleared away. */
export async function brokenIn(
  { sql }: World,
  groups: readonly (typeof GROUPS)[number][] = GROUPS,
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { name, violations } of sql === undefined ? [] : groupInvariants(groups)) {
    if ((await sql?.(violations))?.length !== 0) {
      broken.push(name);
    }
  }
  return broken;
}

/** A database's clock cannot be moved: what it wrote down is moved into the past instead. */
function passing(sql: (text: string) => Promise<unknown>): Pick<World, "forward" | "clock"> {
  let ahead = 0;
  return {
    clock: () => new Date(Date.now() + ahead),
    async forward(seconds) {
      ahead += seconds * 1000;
      const ago = `interval '${seconds} seconds'`;
      await sql(`update tenancy.relay_cursor set due_at = due_at - ${ago}, waiting_since = waiting_since - ${ago}`);
      await sql(`update tenancy.relay_dead set due_at = due_at - ${ago}`);
      await sql(`update tenancy.outbox set at = at - ${ago}`);
      await sql(`update tenancy.subscription set failing_since = failing_since - ${ago}`);
    },
  };
}

async function transaction(
  open: (inner: (store: Tenancy) => Promise<void>) => Promise<unknown>,
  work: (store: Tenancy) => Promise<unknown>,
  ends: "commit" | "rollback",
): Promise<void> {
  try {
    await open(async (store) => {
      await work(store);
      if (ends === "rollback") {
        throw new Undo();
      }
    });
  } catch (error) {
    if (!(error instanceof Undo)) {
      throw error;
    }
  }
}
