import { type MigrateOptions, migrate, NotSent, type Row, type SqlExecutor, type SqlOptions, SqlTenancyStore, type Statement } from "@tenantry/store-sql";

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
interface PgPoolClient extends PgClient {
  release(destroy?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** Tenancy on PostgreSQL through `pg`, on a pool or on a connected client that is not inside a transaction. */
export class PostgresTenancyStore extends SqlTenancyStore {
  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(database: PgPool | PgClient, options: SqlOptions = {}) {
    super({ executor: pgExecutor(database), concurrentSessions: true }, options);
  }
}

/** Creates or updates the tables through `pg`; see `migrate` of `@tenantry/store-sql`. */
export function migratePostgres(database: PgPool | PgClient, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(pgExecutor(database), options);
}

/** `pg` behind the seam of `@tenantry/store-sql`. */
export function pgExecutor(database: PgPool | PgClient): SqlExecutor {
  return {
    run: ({ name, text, values }: Statement) =>
      withClient(database, async (client) => {
        const query = { text, values: [...values] };
        const { rows } = await client.query(name === null ? query : { ...query, name });
        return rows as readonly Row[];
      }),
    batch: (texts) =>
      withClient(database, async (client) => {
        await client.query({ text: "begin" });
        try {
          for (const text of texts) {
            await client.query({ text });
          }
        } catch (error) {
          await client.query({ text: "rollback" });
          throw error;
        }
        const { command } = await client.query({ text: "commit" });
        if (command !== "COMMIT") {
          throw new Error(`the transaction ended with ${command}`);
        }
      }),
  };
}

async function withClient<T>(database: PgPool | PgClient, use: (client: PgClient) => Promise<T>): Promise<T> {
  if (!isPool(database)) {
    return use(database);
  }
  // Not pool.query(): that closes its connection on every SQL error, and losing a race is an ordinary outcome here.
  const client = await database.connect().catch((error: unknown) => {
    throw new NotSent(error);
  });
  // A borrowed client without a listener takes the process down when its connection dies.
  client.on("error", ignore);
  let destroy = true;
  try {
    const result = await use(client);
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

function isPool(database: PgPool | PgClient): database is PgPool {
  return "totalCount" in database;
}

/** Whether the server itself refused the statement: then the connection is as good as before. */
function isAnswer(error: unknown): boolean {
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown };
  return typeof severity === "string" && typeof code === "string" && !/^(08|57P)/.test(code);
}

function ignore(): void {
  // The query that is under way gets the error.
}
