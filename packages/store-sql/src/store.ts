import { type Metadata, Tenancy, toldOnceCommitted } from "@tenantry/core";
import { schemaIdentifier } from "./identifier.ts";
import { checkedOptions, type SqlOptions } from "./options.ts";
import { inOwnTransaction, type Transact } from "./own-transaction.ts";
import { type SqlDriver, sqlPort } from "./port.ts";

/**
 * The base of every store class on PostgreSQL: all SQL, over any driver. `O` and `M` are what its schemas make of the metadata
 * of organizations and memberships.
 */
export class SqlTenancyStore<O = Metadata, M = Metadata> extends Tenancy<O, M> {
  readonly #driver: SqlDriver;
  readonly #options: SqlOptions<O, M>;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(driver: SqlDriver, options: SqlOptions<O, M> = {}) {
    const own = checkedOptions(options);
    const { schema = "tenancy", prepare = true, ...others } = own;
    super(sqlPort(driver, schemaIdentifier(schema), prepare), others);
    this.#driver = driver;
    this.#options = own;
  }

  /**
   * For the store classes: opens a transaction, makes a store on its connection, lets `work` write in it, and commits; then the
   * subscribers of this store are told what that one wrote. What `work` throws rolls everything
   * back and is thrown as it is; so is what the server says against the commit in the name of a constraint of the host's.
   * Throws `PreconditionError` `precondition.invalid_input` inside a transaction of the host's, `UnavailableError` where
   * there was no connection or the commit lost against another writer, and `IndeterminateError` where the connection died
   * during the commit: its `resolve()` tells what became of it.
   */
  protected async inTransaction<Handle, Inside extends object, T>(
    transact: Transact<Handle>,
    storeOn: (handle: Handle, options: SqlOptions<O, M>) => Inside,
    work: (handle: Handle, store: Inside) => Promise<T>,
  ): Promise<T> {
    let ended: (isCommitted: boolean) => void = () => {};
    let isCommitted = false;
    try {
      const result = await inOwnTransaction(this.#driver.executor, this.#options, transact, (handle) => {
        const inside = storeOn(handle, this.#options);
        ended = toldOnceCommitted(this, inside);
        return work(handle, inside);
      });
      isCommitted = true;
      return result;
    } finally {
      ended(isCommitted);
    }
  }
}
