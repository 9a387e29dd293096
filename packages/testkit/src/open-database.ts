import pg from "pg";
import { createDatabase } from "./database.ts";

/** A database of one's own, with pools on it. */
export interface OpenDatabase {
  readonly url: string;
  /** A pool of its own, ended with the database. */
  pool(config?: pg.PoolConfig): pg.Pool;
  /** Ends the pools, waits for the last session and drops the database. */
  close(): Promise<void>;
}

/** An empty database on the server at `serverUrl`. */
export async function openDatabase(serverUrl: string): Promise<OpenDatabase> {
  const database = await createDatabase(serverUrl);
  const pools: pg.Pool[] = [];
  return {
    url: database.url,
    pool(config = {}) {
      const opened = new pg.Pool({ connectionString: database.url, max: 8, ...config });
      pools.push(opened);
      return opened;
    },
    async close() {
      await Promise.all(pools.map((opened) => opened.end()));
      await sessionsOf(database.name, serverUrl);
      await database.drop();
    },
  };
}

/** Waits until the last session is gone: an ended pool does not, and a session that is killed complains. */
async function sessionsOf(name: string, serverUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  const open = "select count(*)::int as n from pg_stat_activity where datname = $1";
  while ((await client.query(open, [name])).rows[0].n > 0) {}
  await client.end();
}
