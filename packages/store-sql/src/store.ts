import { PreconditionError, Tenancy, type TenancyOptions } from "@tenantry/core";
import { schemaIdentifier } from "./identifier.ts";
import { inOwnTransaction, type Transact } from "./own-transaction.ts";
import { type SqlDriver, sqlPort } from "./port.ts";

/** Options of every store on PostgreSQL. */
export interface SqlOptions extends TenancyOptions {
  /** The schema that holds the tables: `/^[a-z_][a-z0-9_]{0,62}$/`, not `pg_…`. Default `"tenancy"`. */
  readonly schema?: string;
  /**
   * Whether statements are prepared under constant names, which halves their cost. Turn it off behind a pooler in
   * transaction mode that does not keep track of them. Default `true`.
   */
  readonly prepare?: boolean;
}

/** The base of every store class on PostgreSQL: all SQL, over any driver. */
export class SqlTenancyStore extends Tenancy {
  readonly #driver: SqlDriver;
  readonly #options: SqlOptions;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(driver: SqlDriver, options: SqlOptions = {}) {
    const own = checkedOptions(options);
    const { schema = "tenancy", prepare = true, ...others } = own;
    super(sqlPort(driver, schemaIdentifier(schema), prepare), others);
    this.#driver = driver;
    this.#options = own;
  }

  /**
   * For the store classes: opens a transaction, lets `work` write in it, and commits. What `work` throws rolls everything
   * back and is thrown as it is; so is what the server says against the commit in the name of a constraint of the host's.
   * Throws `PreconditionError` `precondition.invalid_input` inside a transaction of the host's, `UnavailableError` where
   * there was no connection or the commit lost against another writer, and `IndeterminateError` where the connection died
   * during the commit: its `resolve()` tells what became of it.
   */
  protected inTransaction<Handle, T>(
    transact: Transact<Handle>,
    work: (handle: Handle, options: SqlOptions) => Promise<T>,
  ): Promise<T> {
    return inOwnTransaction(this.#driver.executor, this.#options, transact, (handle) => work(handle, this.#options));
  }
}

/** The options of this layer; the others are checked by the core. */
function checkedOptions(options: unknown): SqlOptions {
  if (typeof options !== "object" || options === null) {
    throw new PreconditionError("precondition.invalid_input", { key: null });
  }
  // Own properties only: whatever somebody put on Object.prototype is no option.
  const copy: SqlOptions = Object.assign(Object.create(null), options);
  if (copy.prepare !== undefined && typeof copy.prepare !== "boolean") {
    throw new PreconditionError("precondition.invalid_input", { key: "prepare" });
  }
  return copy;
}
