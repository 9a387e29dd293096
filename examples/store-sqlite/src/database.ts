import { type CommitOutcome, StoreFault } from "@tenantry/core";
import type { SqlRow, SqlValue } from "./rows.ts";

/** What we call of a database of `node-sqlite3-wasm`. Every call is answered at once. */
export interface Sqlite {
  exec(sql: string): void;
  run(sql: string, values?: SqlValue[]): { readonly changes: number };
  all(sql: string, values?: SqlValue[]): readonly unknown[];
}

/** An expectation no longer holds, or a unique rule fired: everything is rolled back. */
export class Conflict extends Error {
  readonly constraint: string | null;

  constructor(constraint: string | null) {
    super();
    this.constraint = constraint;
  }
}

/** Works in one transaction, of which nothing stays if the work fails. */
export function transact<T>(database: Sqlite, begin: "begin" | "begin immediate", work: () => T): T {
  database.exec(begin);
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (error) {
    database.exec("rollback");
    throw error;
  }
}

/** The answer of a query that has one row at most. */
export function one(database: Sqlite, sql: string, values: SqlValue[]): SqlRow | null {
  return many(database, sql, values)[0] ?? null;
}

export function many(database: Sqlite, sql: string, values: SqlValue[]): readonly SqlRow[] {
  return database.all(sql, values) as readonly SqlRow[];
}

/** Unique rules that the core knows, by what SQLite says of them: losing a race for one is an ordinary outcome. */
const UNIQUE: Readonly<Record<string, string>> = {
  "org.slug": "org_slug_held_once",
  "mem.org_id, mem.usr_id": "mem_one_live",
  "mem.replaces": "mem_replaced_once",
  "mem.inv_id": "mem_one_per_invitation",
  "idem.scope, idem.key": "idem_key_used_once",
};

/** What an error of a commit means: an ordinary outcome, or a fault, which is thrown. */
export function outcomeOf(error: unknown): CommitOutcome {
  if (error instanceof Conflict) {
    return { outcome: "conflict", constraint: error.constraint };
  }
  const [, columns = ""] = /^UNIQUE constraint failed: (.*)$/.exec(messageOf(error)) ?? [];
  const constraint = UNIQUE[columns];
  if (constraint !== undefined) {
    return { outcome: "conflict", constraint };
  }
  throw faultOf(error);
}

/**
 * Every call is answered at once, so nothing is ever in doubt. What SQLite says may quote values: it is not passed on.
 */
export function faultOf(error: unknown): StoreFault {
  const message = messageOf(error);
  if (/database is locked|database table is locked/.test(message)) {
    return new StoreFault("contention", { code: "unavailable.contention" });
  }
  if (/already closed|not open/i.test(message)) {
    return new StoreFault("unavailable", { code: "unavailable.closed" });
  }
  if (/disk is full|disk I\/O error|readonly database|unable to open/.test(message)) {
    return new StoreFault("unavailable", { code: "unavailable.server" });
  }
  return new StoreFault("bug", { cause: new Error("SQLite refused a statement") });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
