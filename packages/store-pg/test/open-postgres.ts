import { createDatabase } from "@tenantry/testkit";
import pg from "pg";
import { inject } from "vitest";
import { migratePostgres } from "../src/pg.ts";

export interface OpenPostgres {
  readonly url: string;
  /** A pool of its own, ended with the database. */
  pool(config?: pg.PoolConfig): pg.Pool;
  close(): Promise<void>;
}

/** A migrated database of its own on the server of this run. */
export async function openPostgres(): Promise<OpenPostgres> {
  const database = await createDatabase(inject("databaseUrl"));
  const pools: pg.Pool[] = [];
  const pool = (config: pg.PoolConfig = {}): pg.Pool => {
    const opened = new pg.Pool({ connectionString: database.url, max: 8, ...config });
    pools.push(opened);
    return opened;
  };
  await migratePostgres(pool());
  return {
    url: database.url,
    pool,
    async close() {
      await Promise.all(pools.map((opened) => opened.end()));
      await sessionsOf(database.name);
      await database.drop();
    },
  };
}

/** Waits until the last session is gone: an ended pool does not, and a session that is killed complains. */
async function sessionsOf(name: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  const open = "select count(*)::int as n from pg_stat_activity where datname = $1";
  while ((await client.query(open, [name])).rows[0].n > 0) {}
  await client.end();
}
