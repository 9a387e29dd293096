import {
  type MigrateOptions,
  migrate,
  NotSent,
  type Row,
  type SqlExecutor,
  type SqlOptions,
  SqlTenancyStore,
} from "@tenantry/store-sql";

/** What we call of the `sql` of postgres.js. */
export interface PostgresJs {
  unsafe(
    text: string,
    values?: (string | null)[],
    options?: { readonly prepare?: boolean },
  ): PromiseLike<readonly unknown[]>;
  begin(work: (transaction: Pick<PostgresJs, "unsafe">) => Promise<void>): PromiseLike<unknown>;
}

/** Tenancy on PostgreSQL through postgres.js, which pools and pipelines by itself. */
export class PostgresJsTenancyStore extends SqlTenancyStore {
  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(sql: PostgresJs, options: SqlOptions = {}) {
    super({ executor: postgresJsExecutor(sql), concurrentSessions: true }, options);
  }
}

/** Creates or updates the tables through postgres.js; see `migrate` of `@tenantry/store-sql`. */
export function migratePostgresJs(sql: PostgresJs, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(postgresJsExecutor(sql), options);
}

/** What postgres.js calls a connection that never came about: nothing was sent. */
const NEVER_CONNECTED = ["CONNECT_TIMEOUT", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"];

/** postgres.js behind the seam of `@tenantry/store-sql`. */
export function postgresJsExecutor(sql: PostgresJs): SqlExecutor {
  return {
    async run({ name, text, values }) {
      try {
        // Without the option `unsafe` prepares nothing; the name is postgres.js's own.
        return (await sql.unsafe(text, [...values], { prepare: name !== null })) as readonly Row[];
      } catch (error) {
        const { code } = (error ?? {}) as { readonly code?: unknown };
        throw NEVER_CONNECTED.includes(String(code)) ? new NotSent(error) : error;
      }
    },
    async batch(texts) {
      await sql.begin(async (transaction) => {
        for (const text of texts) {
          await transaction.unsafe(text);
        }
      });
    },
  };
}
