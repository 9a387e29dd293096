export { NotSent, type Row, type SqlExecutor, type Statement } from "./executor.ts";
export { type MigrateOptions, migrate } from "./migrate.ts";
export { type PgClient, type PgPool, pgExecutor } from "./pg-executor.ts";
export { type SqlDriver, type SqlOptions, SqlTenancyStore } from "./store.ts";
export { readTables } from "./tables.ts";
