import { meet, type Operation, type Stage, staged } from "@tenantry/conformance/faults";
import type { SharedDatabase } from "@tenantry/conformance/races";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import { PostgresJsTenancyStore } from "@tenantry/store-pg/postgres-js";
import type { SqlOptions, SqlTenancyStore } from "@tenantry/store-sql";
import pg from "pg";
import postgres from "postgres";
import type { Driver } from "../driver.ts";
import type { PostgresArena } from "../postgres-arena.ts";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";

/** A proxy in front of an arena, and instances of a store that speak through it. */
export interface Bench {
  readonly proxy: CuttingProxy;
  /** A call that will be made through the proxy, on connections of its own. */
  stage(operation: Operation, options?: { readonly hasDeadline?: boolean }): Promise<WireStage>;
  close(): Promise<void>;
}

export interface WireStage extends Stage {
  /** Makes the call. */
  call(): ReturnType<typeof meet>;
  close(): Promise<void>;
}

/** How long a client waits that has a deadline. */
const DEADLINE_MS = 150;

export async function openBench(arena: PostgresArena, driver: Driver): Promise<Bench> {
  const proxy = await startCuttingProxy(arena.url);
  return {
    proxy,
    async stage(operation, { hasDeadline = false } = {}) {
      const database = await arena.open();
      const connection = connected(driver, proxy.url, hasDeadline);
      const stage = await staged(database, operation);
      const through: SharedDatabase = {
        ...database,
        connect: (options) => connection.store({ ...options, schema: arena.schemaOf(database) }),
      };
      return {
        ...stage,
        call: () => meet(stage, through, (_, send) => send()),
        async close() {
          await connection.end();
          await proxy.disconnect();
          await database.close();
        },
      };
    },
    close: () => proxy.close(),
  };
}

function connected(
  driver: Driver,
  url: string,
  hasDeadline: boolean,
): { readonly store: (options: SqlOptions) => SqlTenancyStore; readonly end: () => Promise<unknown> } {
  if (driver === "pg") {
    const pool = new pg.Pool({ connectionString: url, max: 2, ...(hasDeadline ? { query_timeout: DEADLINE_MS } : {}) });
    // A connection that dies while it is idle tells its pool.
    pool.on("error", () => {});
    return { store: (options) => new PostgresTenancyStore(pool, options), end: () => pool.end() };
  }
  const sql = postgres(url, { max: 2, onnotice() {}, fetch_types: false });
  return { store: (options) => new PostgresJsTenancyStore(sql, options), end: () => sql.end({ timeout: 0 }) };
}
