import type { Metadata } from "@tenantry/core";
import type { SqlOptions } from "./options.ts";
import type { Transact } from "./own-transaction.ts";
import type { PgClient, PgPool } from "./pg-client.ts";
import { type ClientOf, pgExecutor, pgTransact } from "./pg-executor.ts";
import type { SqlDriver } from "./port.ts";
import { SqlTenancyStore } from "./store.ts";

/**
 * The base of the store classes on a driver that is shaped like `pg`: on a pool or a connected client. Where the client is
 * inside a transaction the store takes part in it, and never commits or rolls it back.
 */
export class PgTenancyStore<
  Database extends PgPool | PgClient = PgPool | PgClient,
  O = Metadata,
  M = Metadata,
> extends SqlTenancyStore<O, M> {
  readonly #transact: Transact<ClientOf<Database>>;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(database: Database, options: SqlOptions<O, M> = {}) {
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
    work: (client: ClientOf<Database>, store: PgTenancyStore<ClientOf<Database>, O, M>) => Promise<T>,
  ): Promise<T> {
    return this.inTransaction(this.#transact, (client, options) => new PgTenancyStore(client, options), work);
  }
}
