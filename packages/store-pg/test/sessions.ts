import type pg from "pg";

// Looking at a server's sessions, from a connection that is in no transaction: there, what was seen once stays.

/** Waits until another session waits for a lock, and answers its process id. */
export async function blockedSession(pool: pg.Pool): Promise<number> {
  const waiting =
    "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' limit 1";
  for (;;) {
    const { rows } = await pool.query<{ pid: number }>(waiting);
    if (rows[0] !== undefined) {
      return rows[0].pid;
    }
  }
}

/** Ends a session as an administrator would, and waits until it is gone. */
export async function terminate(pool: pg.Pool, pid: number): Promise<void> {
  await pool.query("select pg_terminate_backend($1)", [pid]);
  while ((await pool.query("select from pg_stat_activity where pid = $1", [pid])).rowCount !== 0) {}
}

/** A call that nobody answers fails the test that waits for it, and says so. */
export function answered<T>(call: PromiseLike<T>, within = 5_000): Promise<T> {
  return new Promise((resolve, reject) => {
    const watchdog = setTimeout(() => reject(new Error(`nothing was answered in ${within} ms`)), within);
    call.then(resolve, reject).then(() => clearTimeout(watchdog));
  });
}
