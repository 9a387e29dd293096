import { type MigrateOptions, migrate, type SqlOptions, SqlTenancyStore, type Transact } from "@tenantry/store-sql";
import { type Connection, Pool } from "postgrejs";
import { lent, postgrejsExecutor, transact } from "./executor.ts";

/** Tenancy on PostgreSQL through postgrejs, on a pool or on a connection that may be inside a transaction. */
export class PostgrejsTenancyStore extends SqlTenancyStore {
  readonly #database: Pool | Connection;

  constructor(database: Pool | Connection, options: SqlOptions = {}) {
    super({ executor: postgrejsExecutor(database), concurrentSessions: true, hostTransactions: true }, options);
    this.#database = database;
  }

  /** Opens a transaction, hands its connection and a store inside it to `work`, and commits. */
  withTransaction<T>(work: (connection: Connection, store: PostgrejsTenancyStore) => Promise<T>): Promise<T> {
    const database = this.#database;
    const open: Transact<Connection> = (inside) => {
      const begin = (connection: Connection) =>
        transact(connection, () => inside(connection, postgrejsExecutor(connection)));
      return database instanceof Pool ? lent(database, begin) : begin(database);
    };
    return this.inTransaction(open, (connection, options) => new PostgrejsTenancyStore(connection, options), work);
  }
}

export function migratePostgrejs(
  database: Pool | Connection,
  options: MigrateOptions = {},
): Promise<readonly string[]> {
  return migrate(postgrejsExecutor(database), options);
}
