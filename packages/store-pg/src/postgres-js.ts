import {
  atOnce,
  type MigrateOptions,
  migrate,
  NotSent,
  type Row,
  type SqlConnection,
  type SqlDriver,
  type SqlExecutor,
  type SqlOptions,
  SqlTenancyStore,
  type Statement,
  type Transact,
} from "@tenantry/store-sql";

/** What we call of a transaction of postgres.js. */
export interface PostgresJsTransaction {
  unsafe(
    text: string,
    values?: (string | null)[],
    options?: { readonly prepare?: boolean },
  ): PromiseLike<readonly unknown[]>;
}

/** What we call of the `sql` of postgres.js, or of a connection that it reserved. */
export interface PostgresJs extends PostgresJsTransaction {
  begin(work: (transaction: PostgresJsTransaction) => Promise<unknown>): PromiseLike<unknown>;
}

/** The transactions that a `sql` hands out. `begin` has a second form, with options; the first one is looked at. */
type TransactionOf<Database> = Database extends {
  begin: { (work: (transaction: infer Transaction) => never): unknown; (options: never, work: never): unknown };
}
  ? Transaction & PostgresJsTransaction
  : PostgresJsTransaction;

/**
 * Tenancy on PostgreSQL through postgres.js, which pools and pipelines by itself. Given a transaction, or a reserved
 * connection that is inside one, the store takes part in it and never commits or rolls it back.
 */
export class PostgresJsTenancyStore<
  Database extends PostgresJs | PostgresJsTransaction = PostgresJs | PostgresJsTransaction,
> extends SqlTenancyStore {
  readonly #transact: Transact<TransactionOf<Database>>;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(sql: Database, options: SqlOptions = {}) {
    const executor = postgresJsExecutor(sql);
    // On a single connection everything else would be inside the transaction too.
    const own: Pick<SqlDriver, "transaction"> =
      "begin" in sql ? { transaction: (work) => transact(sql, (_, inside) => work(inside)) } : {};
    super({ executor, concurrentSessions: true, hostTransactions: true, ...own }, options);
    this.#transact = (work) =>
      transact(sql as PostgresJs, (transaction, executor) => work(transaction as TransactionOf<Database>, executor));
  }

  /**
   * Opens a transaction, hands it and a store inside it to `work`, and commits: what both wrote is there together or not
   * at all. See `SqlTenancyStore.inTransaction` for what it throws.
   */
  withTransaction<T>(
    work: (transaction: TransactionOf<Database>, store: PostgresJsTenancyStore<TransactionOf<Database>>) => Promise<T>,
  ): Promise<T> {
    return this.inTransaction(this.#transact, (transaction, options) =>
      work(transaction, new PostgresJsTenancyStore(transaction, options)),
    );
  }
}

/** Creates or updates the tables through postgres.js; see `migrate` of `@tenantry/store-sql`. */
export function migratePostgresJs(sql: PostgresJs, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(postgresJsExecutor(sql), options);
}

/** What postgres.js calls a connection that never came about: nothing was sent. */
const NEVER_CONNECTED = ["CONNECT_TIMEOUT", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"];

/** A `sql`, a transaction or a reserved connection of postgres.js behind the seam of `@tenantry/store-sql`. */
export function postgresJsExecutor(sql: PostgresJs | PostgresJsTransaction): SqlExecutor {
  const run = (statement: Statement): Promise<readonly Row[]> => send(sql, statement);
  if ("begin" in sql) {
    return { run, batch: (texts) => transact(sql, (transaction) => each(transaction, texts)) };
  }
  // A reserved connection begins and commits by text alone, so only the server knows whether it is in a transaction.
  const inTransaction = "savepoint" in sql ? () => true : () => null;
  const connection: SqlConnection = { handle: sql, inTransaction, burst: (statements) => atOnce(run, statements) };
  return { run, batch: (texts) => each(sql, texts), connection };
}

async function send(sql: PostgresJsTransaction, { name, text, values }: Statement): Promise<readonly Row[]> {
  try {
    // Without the option `unsafe` prepares nothing; the name is postgres.js's own.
    const query = sql.unsafe(text, [...values], { prepare: name !== null });
    // A transaction listens to each of its queries and is over once one fails, even if that was handled. Ours is undone
    // to a savepoint, so nobody else has to hear of it.
    Object.defineProperty(query, "catch", { value: () => query });
    return (await query) as readonly Row[];
  } catch (error) {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    throw NEVER_CONNECTED.includes(String(code)) ? new NotSent(error) : error;
  }
}

async function each(sql: PostgresJsTransaction, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await sql.unsafe(text);
  }
}

async function transact<T>(
  sql: PostgresJs,
  work: (transaction: PostgresJsTransaction, executor: SqlExecutor) => Promise<T>,
): Promise<T> {
  return (await sql.begin((transaction) => work(transaction, postgresJsExecutor(transaction)))) as T;
}
