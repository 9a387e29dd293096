export {
  atOnce,
  beginAndCommit,
  inOrder,
  NotSent,
  RolledBack,
  type Row,
  type SqlConnection,
  type SqlExecutor,
  type Statement,
} from "./executor.ts";
export { type MigrateOptions, migrate, migratedGroups } from "./migrate.ts";
export type { SqlOptions } from "./options.ts";
export type { Transact } from "./own-transaction.ts";
export type { PgClient, PgPool, PgPoolClient } from "./pg-client.ts";
export { type ClientOf, pgExecutor } from "./pg-executor.ts";
export { PgTenancyStore } from "./pg-store.ts";
export type { SqlDriver } from "./port.ts";
export { SqlTenancyStore } from "./store.ts";
export { readTables } from "./tables.ts";
export { type Query, TransactionTenancyStore } from "./transaction-store.ts";
