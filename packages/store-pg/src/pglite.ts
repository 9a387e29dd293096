import {
  type MigrateOptions,
  migrate,
  type Row,
  type SqlExecutor,
  type SqlOptions,
  SqlTenancyStore,
  type Statement,
} from "@tenantry/store-sql";

/** What we call of a PGlite database. */
export interface Pglite {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  transaction<T>(run: (transaction: { exec(text: string): Promise<unknown> }) => Promise<T>): Promise<T | undefined>;
}

/** Tenancy on PGlite, the PostgreSQL that runs inside the process: one session, so everything is serial. */
export class PgliteTenancyStore extends SqlTenancyStore {
  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(database: Pglite, options: SqlOptions = {}) {
    super({ executor: pgliteExecutor(database), concurrentSessions: false }, options);
  }
}

/** Creates or updates the tables on PGlite; see `migrate` of `@tenantry/store-sql`. */
export function migratePglite(database: Pglite, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(pgliteExecutor(database), options);
}

/** PGlite behind the seam of `@tenantry/store-sql`. It has no named statements. */
export function pgliteExecutor(database: Pglite): SqlExecutor {
  return {
    async run({ text, values }: Statement) {
      const { rows } = await database.query(text, [...values]);
      return rows as readonly Row[];
    },
    async batch(texts) {
      await database.transaction(async (transaction) => {
        for (const text of texts) {
          await transaction.exec(text);
        }
      });
    },
  };
}
