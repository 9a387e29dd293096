import { type Metadata, PreconditionError, type TenancyOptions } from "@tenantry/core";

/** Options of every store on PostgreSQL. */
export interface SqlOptions<O = Metadata, M = Metadata> extends TenancyOptions<O, M> {
  /** The schema that holds the tables: `/^[a-z_][a-z0-9_]{0,62}$/`, not `pg_…`. Default `"tenancy"`. */
  readonly schema?: string;
  /**
   * Whether statements are prepared under constant names, which halves their cost. Turn it off behind a pooler in
   * transaction mode that does not keep track of them. Default `true`.
   */
  readonly prepare?: boolean;
}

/** The options of this layer; the others are checked by the core. */
export function checkedOptions<O, M>(options: SqlOptions<O, M>): SqlOptions<O, M> {
  if (typeof options !== "object" || options === null) {
    throw new PreconditionError("precondition.invalid_input", { key: null });
  }
  // Own properties only: whatever somebody put on Object.prototype is no option.
  const copy: SqlOptions<O, M> = Object.assign(Object.create(null), options);
  if (copy.prepare !== undefined && typeof copy.prepare !== "boolean") {
    throw new PreconditionError("precondition.invalid_input", { key: "prepare" });
  }
  return copy;
}
