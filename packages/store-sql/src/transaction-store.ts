import type { Metadata } from "@tenantry/core";
import { inOrder, type Row, type SqlConnection, type Statement } from "./executor.ts";
import type { SqlOptions } from "./options.ts";
import { SqlTenancyStore } from "./store.ts";

/**
 * Runs one statement on the connection that holds the transaction and answers its rows: `$1`, `$2` … stand for the values.
 * An error of the server is thrown with its `code`, `severity` and `constraint`, unwrapped where the library wraps it.
 */
export type Query = (text: string, values: (string | null)[]) => PromiseLike<readonly unknown[]>;

/**
 * Tenancy inside a transaction that another library holds: an ORM or a query builder with a way to run SQL as text. It
 * lives as long as the transaction, which it never commits or rolls back: each operation is between a savepoint and its
 * release, and one that fails leaves the transaction usable.
 */
export class TransactionTenancyStore<O = Metadata, M = Metadata> extends SqlTenancyStore<O, M> {
  /**
   * `transaction` is the library's object: operations of all stores on it take turns. Throws `PreconditionError`
   * `precondition.invalid_input` for an unknown option or value.
   */
  constructor(transaction: object, query: Query, options: SqlOptions<O, M> = {}) {
    const run = async ({ text, values }: Statement): Promise<readonly Row[]> =>
      (await query(text, [...values])) as readonly Row[];
    const connection: SqlConnection = {
      handle: transaction,
      inTransaction: () => true,
      burst: (statements) => inOrder(run, statements),
    };
    const batch = async (texts: readonly string[]): Promise<void> => {
      await connection.burst(texts.map((text) => ({ name: null, text, values: [] })));
    };
    super({ executor: { run, batch, connection }, concurrentSessions: true, hostTransactions: true }, options);
  }
}
