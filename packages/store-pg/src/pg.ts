import type { Metadata } from "@tenantry/core";
import {
  type MigrateOptions,
  migrate,
  type PgClient,
  type PgPool,
  PgTenancyStore,
  pgExecutor,
} from "@tenantry/store-sql";

export type { PgClient, PgPool, PgPoolClient } from "@tenantry/store-sql";

/**
 * Tenancy on PostgreSQL through `pg`, on a pool or a connected client. Where the client is inside a transaction the store
 * takes part in it, and never commits or rolls it back.
 */
export class PostgresTenancyStore<
  Database extends PgPool | PgClient = PgPool | PgClient,
  O = Metadata,
  M = Metadata,
> extends PgTenancyStore<Database, O, M> {}

/** Creates or updates the tables through `pg`; see `migrate` of `@tenantry/store-sql`. */
export function migratePostgres(database: PgPool | PgClient, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(pgExecutor(database), options);
}
