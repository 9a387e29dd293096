import type { Metadata } from "@tenantry/core";
import {
  type MigrateOptions,
  migrate,
  type PgClient,
  type PgPool,
  PgTenancyStore,
  pgExecutor,
} from "@tenantry/store-sql";

/**
 * Tenancy on Neon through its WebSockets, on a `Pool` or a connected `Client`. Where the client is inside a transaction
 * the store takes part in it, and never commits or rolls it back.
 */
export class NeonTenancyStore<
  Database extends PgPool | PgClient = PgPool | PgClient,
  O = Metadata,
  M = Metadata,
> extends PgTenancyStore<Database, O, M> {}

/** Creates or updates the tables through Neon's WebSockets; see `migrate` of `@tenantry/store-sql`. */
export function migrateNeon(database: PgPool | PgClient, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(pgExecutor(database), options);
}
