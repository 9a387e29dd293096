import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import type { Tables, Tenancy } from "@tenantry/core";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { migratePglite, PgliteTenancyStore, pgliteExecutor } from "@tenantry/store-pg/pglite";
import { pgExecutor, readTables } from "@tenantry/store-sql";
import pg from "pg";

/** A schema of its own, so that a database that is used for something else stays as it is. */
const schema = "tenancy_demo";

export interface Open {
  readonly store: Tenancy;
  /** Where the data is, for people; no password in it. */
  readonly where: string;
  tables(): Promise<Tables>;
  close(): Promise<void>;
}

/** The PostgreSQL of `DATABASE_URL`, or an embedded one with its files in a folder. */
export async function open(databaseUrl: string | undefined, folder: string): Promise<Open> {
  return databaseUrl === undefined || databaseUrl === "" ? openEmbedded(folder) : openServer(databaseUrl);
}

async function openEmbedded(folder: string): Promise<Open> {
  const path = resolve(folder);
  mkdirSync(path, { recursive: true });
  const database = new PGlite(join(path, "pglite"));
  await migratePglite(database, { schema });
  return {
    store: new PgliteTenancyStore(database, { schema }),
    where: `PGlite in ${path}`,
    tables: () => readTables(pgliteExecutor(database), { schema }),
    close: () => database.close(),
  };
}

async function openServer(connectionString: string): Promise<Open> {
  const pool = new pg.Pool({ connectionString, max: 4 });
  await migratePostgres(pool, { schema });
  const { host, pathname } = new URL(connectionString);
  return {
    store: new PostgresTenancyStore(pool, { schema }),
    where: `PostgreSQL at ${host}${pathname}, schema ${schema}`,
    tables: () => readTables(pgExecutor(pool), { schema }),
    close: () => pool.end(),
  };
}
