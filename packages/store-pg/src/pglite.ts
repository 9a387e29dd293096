import type { Metadata } from "@tenantry/core";
import {
  inOrder,
  type MigrateOptions,
  migrate,
  type Row,
  type SqlConnection,
  type SqlExecutor,
  type SqlOptions,
  SqlTenancyStore,
  type Statement,
  type Transact,
} from "@tenantry/store-sql";

/** What we call of a PGlite database. */
export interface Pglite extends PgliteTransaction {
  transaction<T>(work: (transaction: PgliteTransaction) => Promise<T>): Promise<T>;
}

/** What we call of a PGlite transaction. */
export interface PgliteTransaction {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  exec(text: string): Promise<unknown>;
}

/** The transactions that a database hands out. */
type TransactionOf<Database> = Database extends {
  transaction(work: (transaction: infer Transaction) => never): unknown;
}
  ? Transaction
  : PgliteTransaction;

/**
 * Tenancy on PGlite, the PostgreSQL that runs inside the process: one session, so everything is serial. Given one of its
 * transactions the store takes part in it, and never commits or rolls it back.
 */
export class PgliteTenancyStore<
  Database extends Pglite | PgliteTransaction = Pglite | PgliteTransaction,
  O = Metadata,
  M = Metadata,
> extends SqlTenancyStore<O, M> {
  readonly #transact: Transact<TransactionOf<Database>>;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(database: Database, options: SqlOptions<O, M> = {}) {
    super({ executor: pgliteExecutor(database), concurrentSessions: false, hostTransactions: true }, options);
    this.#transact = (work) =>
      (database as Pglite).transaction((transaction) =>
        work(transaction as TransactionOf<Database>, pgliteExecutor(transaction)),
      );
  }

  /**
   * Opens a transaction, hands it and a store inside it to `work`, and commits: what both wrote is there together or not
   * at all. See `SqlTenancyStore.inTransaction` for what it throws.
   */
  withTransaction<T>(
    work: (
      transaction: TransactionOf<Database>,
      store: PgliteTenancyStore<TransactionOf<Database>, O, M>,
    ) => Promise<T>,
  ): Promise<T> {
    return this.inTransaction(
      this.#transact,
      (transaction, options) => new PgliteTenancyStore(transaction, options),
      work,
    );
  }
}

/** Creates or updates the tables on PGlite; see `migrate` of `@tenantry/store-sql`. */
export function migratePglite(database: Pglite, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(pgliteExecutor(database), options);
}

/** PGlite, or one of its transactions, behind the seam of `@tenantry/store-sql`. It has no named statements. */
export function pgliteExecutor(database: Pglite | PgliteTransaction): SqlExecutor {
  const run = async ({ text, values }: Statement): Promise<readonly Row[]> => {
    const { rows } = await database.query(text, [...values]);
    return rows as readonly Row[];
  };
  const each = async (transaction: PgliteTransaction, texts: readonly string[]): Promise<void> => {
    for (const text of texts) {
      await transaction.exec(text);
    }
  };
  if ("transaction" in database) {
    return { run, batch: (texts) => database.transaction((transaction) => each(transaction, texts)) };
  }
  const connection: SqlConnection = {
    handle: database,
    inTransaction: () => true,
    burst: (statements) => inOrder(run, statements),
  };
  return { run, batch: (texts) => each(database, texts), connection };
}
