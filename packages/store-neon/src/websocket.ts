import {
  type MigrateOptions,
  migrate,
  type PgClient,
  type PgPool,
  pgExecutor,
  type SqlOptions,
  SqlTenancyStore,
} from "@tenantry/store-sql";

/** Tenancy on Neon through its WebSockets: on a `Pool`, or on a connected `Client` that is not inside a transaction. */
export class NeonTenancyStore extends SqlTenancyStore {
  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(database: PgPool | PgClient, options: SqlOptions = {}) {
    super({ executor: pgExecutor(database), concurrentSessions: true }, options);
  }
}

/** Creates or updates the tables through Neon's WebSockets; see `migrate` of `@tenantry/store-sql`. */
export function migrateNeon(database: PgPool | PgClient, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(pgExecutor(database), options);
}
