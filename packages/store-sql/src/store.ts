import {
  type Answer,
  type AnswersTo,
  type Commit,
  type CommitOutcome,
  type KeyAddress,
  type KeyUse,
  type Plan,
  PreconditionError,
  type Question,
  StoreFault,
  type StorePort,
  Tenancy,
  type TenancyOptions,
} from "@tenantry/core";
import { type Row, type SqlExecutor, Values } from "./executor.ts";
import { commitOutcome, faultOf } from "./faults.ts";
import { schemaIdentifier } from "./identifier.ts";
import { decodeKeyUse, keyJson, planSql } from "./reads.ts";
import type { Json } from "./rows.ts";
import { statement } from "./statement.ts";
import { commitSql } from "./writes.ts";

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

/** What a driver package adds to the executor: nothing but what its database can do. */
export interface SqlDriver {
  readonly executor: SqlExecutor;
  /** Several sessions can be at work at once. */
  readonly concurrentSessions: boolean;
}

/** The base of every store class on PostgreSQL: all SQL, over any driver. */
export class SqlTenancyStore extends Tenancy {
  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(driver: SqlDriver, options: SqlOptions = {}) {
    const { schema = "tenancy", prepare = true, ...others } = checkedOptions(options);
    super(sqlPort(driver, schemaIdentifier(schema), prepare), others);
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

function sqlPort({ executor, concurrentSessions }: SqlDriver, schema: string, prepare: boolean): StorePort {
  return {
    capabilities: { concurrentSessions, usersLink: true },

    async load<P extends Plan>(plan: P): Promise<AnswersTo<P>> {
      const { text, values, decode } = planSql(schema, plan);
      const [row] = await read(() => executor.run(statement(text, values, prepare)));
      return decode(json(row, "answers")) as Record<string, Answer<Question>> as AnswersTo<P>;
    },

    async commit(commit: Commit): Promise<CommitOutcome> {
      const { text, values } = commitSql(schema, commit);
      let rows: readonly Row[];
      try {
        rows = await executor.run(statement(text, values, prepare));
      } catch (error) {
        return commitOutcome(error);
      }
      const seq = rows[0]?.["seq"];
      return seq === undefined || seq === null
        ? { outcome: "conflict", constraint: null }
        : { outcome: "committed", seq: Number(seq) };
    },

    async settle(address: KeyAddress): Promise<KeyUse> {
      const [fenced] = await read(() => executor.run(fence(schema, address, prepare)));
      // A row that was committed while the fence waited for it is not in the fence's own snapshot.
      const [row] = fenced === undefined ? await read(() => executor.run(lookUp(schema, address, prepare))) : [fenced];
      return decodeKeyUse(json(row, "use"));
    },
  };
}

/** Claims the key for nothing, unless it is used: then nothing with this key can take effect any more. */
function fence(schema: string, { scope, key }: KeyAddress, prepare: boolean): ReturnType<typeof statement> {
  const values = new Values();
  const text = `with patience as materialized (
  select set_config('lock_timeout', '250ms', true)
), fenced as (
  insert into ${schema}.idem as k (scope, key, state)
  select ${values.add(scope, "text")}, ${values.add(key, "text")}, 'fenced' from patience
  on conflict do nothing
  returning ${keyJson("k")} as use
)
select use::text as use from fenced
union all
select ${keyJson("k")}::text from ${schema}.idem k where k.scope = ${values.add(scope, "text")} and k.key = ${values.add(key, "text")}`;
  return statement(text, values, prepare);
}

function lookUp(schema: string, { scope, key }: KeyAddress, prepare: boolean): ReturnType<typeof statement> {
  const values = new Values();
  const text = `select ${keyJson("k")}::text as use from ${schema}.idem k where k.scope = ${values.add(scope, "text")} and k.key = ${values.add(key, "text")}`;
  return statement(text, values, prepare);
}

/** Nothing is lost when a read, or the claim of a fence, is repeated. */
async function read<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw faultOf(error, "read");
  }
}

function json(row: Row | undefined, column: string): { readonly [key: string]: Json } {
  const text = row?.[column];
  if (typeof text !== "string") {
    throw new StoreFault("bug", { cause: new Error(`the database answered without the column ${column}`) });
  }
  return JSON.parse(text) as { readonly [key: string]: Json };
}
