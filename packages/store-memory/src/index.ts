import { type Metadata, type Tables, Tenancy, type TenancyOptions } from "@tenantry/core";
import { InMemoryDatabase } from "./database.ts";

export { InMemoryDatabase } from "./database.ts";

/**
 * Tenancy in the memory of this process: for tests, examples and as the reference for what a store does. Everything is
 * gone with the object. The rules are the core's; here are rows, answers to questions about them and changes of them.
 * `O` and `M` are what its schemas make of the metadata of organizations and memberships.
 */
export class InMemoryTenancyStore<O = Metadata, M = Metadata> extends Tenancy<O, M> {
  readonly #database: InMemoryDatabase;

  /**
   * A store over rows of its own, or over those of a database that several stores share. Throws `PreconditionError`
   * `precondition.invalid_input` for an unknown option or value.
   */
  constructor(options: TenancyOptions<O, M> = {}, database: InMemoryDatabase = new InMemoryDatabase(clockOf(options))) {
    super(database, options);
    this.#database = database;
  }

  /** All rows and events as they are now. Treat them as read-only: they are the store's own. */
  tables(): Tables {
    return this.#database.tables();
  }
}

/** The database's clock is the store's, where nobody says otherwise. What is no clock is refused by the store. */
function clockOf<O, M>(options: TenancyOptions<O, M>): { readonly clock?: () => Date } {
  const clock: unknown = (options as { readonly clock?: unknown } | null)?.clock;
  return typeof clock === "function" ? { clock: clock as () => Date } : {};
}
