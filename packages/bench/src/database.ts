import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { migratePostgres } from "@tenantry/store-pg";
import pg from "pg";
import type { HostedDatabase, Way } from "./database-host.ts";
import { type ServerClock, serverClock } from "./server-clock.ts";

/** A server in a process of its own, with the tables, and the ways to it. */
export interface BenchDatabase {
  /** Direct, for what is not measured. */
  readonly pool: pg.Pool;
  readonly clock: ServerClock;
  /** The way to it that is so much longer. */
  way(delayMs: number): Way;
  close(): Promise<void>;
}

export async function openDatabase(
  delays: readonly number[],
  { isDurable = false }: { readonly isDurable?: boolean } = {},
): Promise<BenchDatabase> {
  const host = fork(
    fileURLToPath(new URL("./database-host.ts", import.meta.url)),
    [JSON.stringify([isDurable, ...delays.filter((delay) => delay > 0)])],
    { stdio: "inherit" },
  );
  const ended = once(host, "exit");
  const [hosted] = (await Promise.race([once(host, "message"), ended])) as [HostedDatabase | number];
  if (typeof hosted !== "object") {
    throw new Error("The database did not start.");
  }
  const pool = new pg.Pool({ connectionString: hosted.url, max: 16 });
  pool.on("error", () => {});
  await migratePostgres(pool);
  const { rows } = await pool.query<{ pid: number }>("select pg_backend_pid() as pid");
  return {
    pool,
    clock: serverClock(rows[0]?.pid ?? 0),
    way(delayMs) {
      const way = hosted.ways.find((candidate) => candidate.delayMs === delayMs);
      if (way === undefined) {
        throw new Error(`There is no way of ${delayMs} ms.`);
      }
      return way;
    },
    async close() {
      await pool.end();
      host.disconnect();
      await ended;
    },
  };
}
