import { neon, neonConfig } from "@neondatabase/serverless";
import type { Row, Statement } from "@tenantry/store-sql";
import pg from "pg";
import postgres from "postgres";
import type { Way } from "../database-host.ts";

/** A driver with a pool of its own: as many connections as callers, so that nobody waits for one. */
export interface Driver {
  readonly name: string;
  readonly isPrepared: boolean;
  /** Sends a statement as the bare driver does it, prepared where it can. */
  send(statement: Statement): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export interface PgDriver extends Driver {
  readonly pool: pg.Pool;
}

export interface PostgresJsDriver extends Driver {
  readonly sql: postgres.Sql;
}

export interface NeonHttp extends Driver {
  readonly sql: ReturnType<typeof neon<false, false>>;
}

export function openPg({ url }: Way, callers: number): PgDriver {
  return pgDriver("pg", new pg.Pool({ connectionString: url, max: callers, idleTimeoutMillis: 0 }));
}

/** Two connections for all callers, on which they do not wait for each other's answers. */
export function openPgPipelined({ url }: Way): PgDriver {
  const config = { connectionString: url, max: 2, pipeline: true, idleTimeoutMillis: 0 };
  return pgDriver("pg, two connections that pipeline", new pg.Pool(config));
}

function pgDriver(name: string, pool: pg.Pool): PgDriver {
  pool.on("error", () => {});
  return {
    name,
    isPrepared: true,
    pool,
    async send({ name, text, values }) {
      const query = { text, values: [...values] };
      const { rows } = await pool.query(name === null ? query : { ...query, name });
      return rows;
    },
    close: () => pool.end(),
  };
}

export function openPostgresJs({ url }: Way, callers: number): PostgresJsDriver {
  const sql = postgres(url, { max: callers, onnotice() {}, fetch_types: false });
  return {
    name: "postgres.js",
    isPrepared: true,
    sql,
    async send({ text, values }) {
      return (await sql.unsafe(text, [...values], { prepare: true })) as readonly Row[];
    },
    close: () => sql.end(),
  };
}

export function openNeonHttp({ url, neonEndpoint }: Way): NeonHttp {
  neonConfig.fetchEndpoint = neonEndpoint;
  const named = new URL(url);
  // The driver insists on a password.
  named.password = "none";
  const sql = neon(named.href);
  return {
    name: "Neon HTTP",
    isPrepared: false,
    sql,
    async send({ text, values }) {
      return (await sql.query(text, [...values])) as readonly Row[];
    },
    async close() {},
  };
}
