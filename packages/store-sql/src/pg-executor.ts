import { NotSent, type Row, type SqlExecutor, type Statement } from "./executor.ts";

// The executor for whatever is shaped like `pg`. It imports no driver, so it serves each of them.

/** What we call of a connection of `pg`. */
export interface PgClient {
  query(query: { readonly name?: string; readonly text: string; readonly values?: unknown[] }): Promise<PgResult>;
}
interface PgResult {
  readonly rows: readonly unknown[];
  readonly command: string;
}

/** What we call of a `pg` pool. */
export interface PgPool {
  connect(): Promise<PgPoolClient>;
  readonly totalCount: number;
}

/** What we call of a connection that a pool lends. */
export interface PgPoolClient extends PgClient {
  release(destroy?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** `pg`, or a driver of its shape, behind the seam. */
export function pgExecutor(database: PgPool | PgClient): SqlExecutor {
  const use = <T>(work: (client: PgClient) => Promise<T>): Promise<T> =>
    isPool(database) ? withPoolClient(database, work) : work(database);
  return {
    run: (statement) => use((client) => run(client, statement)),
    batch: (texts) => use((client) => inTransaction(client, () => each(client, texts))),
  };
}

async function run(client: PgClient, { name, text, values }: Statement): Promise<readonly Row[]> {
  const query = { text, values: [...values] };
  const { rows } = await client.query(name === null ? query : { ...query, name });
  return rows as readonly Row[];
}

async function each(client: PgClient, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await client.query({ text });
  }
}

/** Begins, works and commits; what fails is rolled back and thrown as it was. */
async function inTransaction<T>(client: PgClient, work: () => Promise<T>): Promise<T> {
  await client.query({ text: "begin" });
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await client.query({ text: "rollback" });
    throw error;
  }
  const { command } = await client.query({ text: "commit" });
  // A transaction that failed before answers COMMIT without an error, and with this tag.
  if (command !== "COMMIT") {
    throw new Error(`the transaction ended with ${command}`);
  }
  return result;
}

/** Lends a connection for some work, and gives it back as good as before or not at all. */
async function withPoolClient<T>(pool: PgPool, work: (client: PgPoolClient) => Promise<T>): Promise<T> {
  // Not pool.query(): that closes its connection on every SQL error, and losing a race is an ordinary outcome here.
  const client = await pool.connect().catch((error: unknown) => {
    throw new NotSent(error);
  });
  // A borrowed client without a listener takes the process down when its connection dies.
  client.on("error", ignore);
  let destroy = true;
  try {
    const result = await work(client);
    destroy = false;
    return result;
  } catch (error) {
    destroy = !isAnswer(error);
    throw error;
  } finally {
    client.removeListener("error", ignore);
    client.release(destroy);
  }
}

export function isPool(database: PgPool | PgClient): database is PgPool {
  return "totalCount" in database;
}

/** Whether the server itself refused the statement: then the connection is as good as before. */
function isAnswer(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown };
  return typeof severity === "string" && typeof code === "string" && !/^(08|57P)/.test(code);
}

function ignore(): void {
  // The query that is under way gets the error.
}
