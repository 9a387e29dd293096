import {
  type MigrateOptions,
  migrate,
  type PgClient,
  type PgPool,
  pgExecutor,
  type SqlOptions,
  SqlTenancyStore,
} from "@tenantry/store-sql";

export type { PgClient, PgPool } from "@tenantry/store-sql";

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
