import { neon, neonConfig } from "@neondatabase/serverless";
import type { Row, Statement } from "@tenantry/store-sql";
import pg from "pg";
import postgres from "postgres";
import type { Way } from "../database-host.ts";

/** A driver with a pool of its own: as many connections as callers, so that nobody waits for one. */
export interface Driver {
  readonly name: string;
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
  readonly sql: ReturnType<typeof neon>;
}

export function openPg({ url }: Way, callers: number): PgDriver {
  const pool = new pg.Pool({ connectionString: url, max: callers, idleTimeoutMillis: 0 });
  pool.on("error", () => {});
  return {
    name: "pg",
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
    sql,
    async send({ text, values }) {
      return (await sql.query(text, [...values])) as readonly Row[];
    },
    async close() {},
  };
}
