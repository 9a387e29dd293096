import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import type { Interpose } from "@tenantry/conformance/races";
import { NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { NeonTenancyStore } from "@tenantry/store-neon/websocket";
import { type PgPool, PostgresTenancyStore } from "@tenantry/store-pg";
import { PostgresJsTenancyStore, postgresJsExecutor } from "@tenantry/store-pg/postgres-js";
import { pgExecutor, type SqlExecutor, type SqlOptions, type SqlTenancyStore } from "@tenantry/store-sql";
import { type NeonEndpoint, startNeonEndpoint } from "@tenantry/testkit";
import pg from "pg";
import postgres from "postgres";
import { interposedNeon, interposedPool, interposedSql } from "./interposed-drivers.ts";

/** What speaks to the server. */
export type Driver = "pg" | "postgres.js" | "Neon HTTP" | "Neon WebSocket";

/** One instance's connections. */
export interface Connected {
  /** Of pg alone: what is broken on purpose is broken there. */
  readonly executor: SqlExecutor | null;
  readonly store: (options: SqlOptions, interpose: Interpose | undefined) => SqlTenancyStore;
  /** Nobody waits for a connection, and none is missing; where the driver tells. */
  readonly isAtRest: () => boolean;
  readonly end: () => Promise<unknown>;
}

export function connected(driver: Driver, url: string, max: number, config: pg.PoolConfig): Promise<Connected> {
  switch (driver) {
    case "pg":
      return pgConnected(url, { max, ...config });
    case "postgres.js":
      return postgresJsConnected(url, max);
    case "Neon HTTP":
      return neonHttpConnected(url);
    case "Neon WebSocket":
      return neonConnected(url, max);
  }
}

async function pgConnected(url: string, config: pg.PoolConfig): Promise<Connected> {
  const pool = new pg.Pool({ connectionString: url, ...config });
  // A connection that dies while it is idle tells its pool.
  pool.on("error", () => {});
  return {
    executor: pgExecutor(pool),
    store: (options, interpose) => new PostgresTenancyStore(interposedPool(pool, interpose), options),
    isAtRest: () => pool.waitingCount === 0 && pool.idleCount === pool.totalCount,
    end: () => pool.end(),
  };
}

async function postgresJsConnected(url: string, max: number): Promise<Connected> {
  // What it asks when it connects is nobody's to hear: where that is cut the process would end.
  // Its pauses between attempts to connect grow to twenty seconds: a server that is killed on purpose is back in one.
  const backoff = (): number => 0.05;
  const sql = postgres(url, { max, onnotice() {}, fetch_types: false, backoff });
  return {
    executor: postgresJsExecutor(sql),
    store: (options, interpose) => new PostgresJsTenancyStore(interposedSql(sql, interpose), options),
    isAtRest: () => true,
    end: () => sql.end({ timeout: 5 }),
  };
}

async function neonHttpConnected(url: string): Promise<Connected> {
  await enter(url);
  const sql = neon(url);
  return {
    executor: null,
    store: (options, interpose) => new NeonHttpTenancyStore(interposedNeon(sql, interpose), options),
    isAtRest: () => true,
    end: leave,
  };
}

async function neonConnected(url: string, max: number): Promise<Connected> {
  await enter(url);
  const pool = new Pool({ connectionString: url, max });
  pool.on("error", () => {});
  return {
    executor: null,
    store: (options, interpose) => new NeonTenancyStore(interposedPool(pool as unknown as PgPool, interpose), options),
    isAtRest: () => pool.waitingCount === 0 && pool.idleCount === pool.totalCount,
    async end() {
      await pool.end();
      await leave();
    },
  };
}

/** The driver knows one service for the whole module: the instances of an arena share it. */
let service: { readonly endpoint: Promise<NeonEndpoint>; readonly url: string; users: number } | null = null;

async function enter(url: string): Promise<void> {
  service ??= { endpoint: startNeonEndpoint(url), url, users: 0 };
  if (service.url !== url) {
    throw new Error("one arena on Neon at a time");
  }
  service.users += 1;
  Object.assign(neonConfig, (await service.endpoint).neonConfig);
}

async function leave(): Promise<void> {
  if (service === null) {
    return;
  }
  service.users -= 1;
  if (service.users === 0) {
    const { endpoint } = service;
    service = null;
    await (await endpoint).stop();
  }
}
