import {
  type AnswersTo,
  type KeyUse,
  type Metadata,
  type Plan,
  type StorePort,
  type Tables,
  Tenancy,
  type TenancyOptions,
} from "@tenantry/core";
import { faultOf, many, outcomeOf, type Sqlite, transact } from "./database.ts";
import { answer, keyUse } from "./reads.ts";
import { decodeRow, event, invitation, organization, type SqlRow, tuple } from "./rows.ts";
import { SCHEMA } from "./schema.ts";
import { apply } from "./writes.ts";

/** Tenancy on SQLite. */
export class SqliteTenancyStore<O = Metadata, M = Metadata> extends Tenancy<O, M> {
  readonly #database: Sqlite;

  constructor(database: Sqlite, options: TenancyOptions<O, M> = {}) {
    super(sqlitePort(database), options);
    this.#database = database;
  }

  tables(): Tables {
    return readTables(this.#database);
  }
}

/** Creates the tables that are not there. */
export function createTables(database: Sqlite): void {
  database.exec(SCHEMA);
}

/** What the core asks of a database. */
export function sqlitePort(database: Sqlite): StorePort {
  return {
    capabilities: { concurrentSessions: false, usersLink: false, hostTransactions: false },
    isRemote: false,

    async load<P extends Plan>(plan: P): Promise<AnswersTo<P>> {
      try {
        const answers = transact(database, "begin", () =>
          Object.entries(plan).map(([name, read]) => [name, answer(database, read)]),
        );
        return Object.fromEntries(answers) as AnswersTo<P>;
      } catch (error) {
        throw faultOf(error);
      }
    },

    async commit(commit) {
      try {
        return transact(database, "begin immediate", () => apply(database, commit));
      } catch (error) {
        return outcomeOf(error);
      }
    },

    async settle({ scope, key }): Promise<KeyUse> {
      try {
        return transact(database, "begin immediate", () => {
          const use = keyUse(database, scope, key);
          if (use === null) {
            database.run("insert into idem (scope, key, state) values (?, ?, 'fenced')", [scope, key]);
          }
          return use ?? { state: "fenced" };
        });
      } catch (error) {
        throw faultOf(error);
      }
    },
  };
}

/** Everything the tables hold, in one snapshot: for tests. */
export function readTables(database: Sqlite): Tables {
  const rows = <R>(table: string, order: string, decode: (row: SqlRow) => R): readonly R[] =>
    many(database, `select * from ${table} order by ${order}`, []).map(decode);
  return transact(database, "begin", () => ({
    org: rows("org", "id", organization),
    mem: rows("mem", "id", (row) => decodeRow("mem", row)),
    inv: rows("inv", "id", invitation),
    tup: rows("tup", "subject_id, object_type, object_id, relation", tuple),
    evt: rows("evt", "org_id, seq", event),
    idem: rows("idem", "scope, key", (row) => decodeRow("idem", row, ["operation", "fingerprint", "result"])),
  }));
}
