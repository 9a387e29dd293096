import {
  type ClientOf,
  type MigrateOptions,
  migrate,
  type PgClient,
  type PgPool,
  pgExecutor,
  pgTransact,
  type SqlDriver,
  type SqlOptions,
  SqlTenancyStore,
  type Transact,
} from "@tenantry/store-sql";

export type { PgClient, PgPool } from "@tenantry/store-sql";

/**
 * Tenancy on PostgreSQL through `pg`, on a pool or a connected client. Where the client is inside a transaction the store
 * takes part in it, and never commits or rolls it back.
 */
export class PostgresTenancyStore<Database extends PgPool | PgClient = PgPool | PgClient> extends SqlTenancyStore {
  readonly #transact: Transact<ClientOf<Database>>;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(database: Database, options: SqlOptions = {}) {
    const transact = pgTransact(database);
    const executor = pgExecutor(database);
    // On a single connection everything else would be inside the transaction too.
    const own: Pick<SqlDriver, "transaction"> =
      executor.connection === undefined ? { transaction: (work) => transact((_, inside) => work(inside)) } : {};
    super({ executor, concurrentSessions: true, hostTransactions: true, ...own }, options);
    this.#transact = transact;
  }

  /**
   * Opens a transaction, hands its client and a store inside it to `work`, and commits: what both wrote is there together
   * or not at all. See `SqlTenancyStore.inTransaction` for what it throws.
   */
  withTransaction<T>(
    work: (client: ClientOf<Database>, store: PostgresTenancyStore<ClientOf<Database>>) => Promise<T>,
  ): Promise<T> {
    return this.inTransaction(this.#transact, (client, options) =>
      work(client, new PostgresTenancyStore(client, options)),
    );
  }
}

/** Creates or updates the tables through `pg`; see `migrate` of `@tenantry/store-sql`. */
export function migratePostgres(database: PgPool | PgClient, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(pgExecutor(database), options);
}
