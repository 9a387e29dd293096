import { createHash } from "node:crypto";
import type { PreTuple } from "@tenantry/core";
import type pg from "pg";

/** Runs one statement and answers its rows. */
export type Sql = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;
/** The columns that are looked at, of whichever table. */
export interface Row {
  readonly id: string;
  readonly role: string;
  readonly status: string;
  readonly name: string | null;
  readonly version: string;
  readonly pre_tuples: readonly PreTuple[];
  readonly expires_at: Date;
  readonly n: number;
}

/** How carefully it is written. */
export interface Manner {
  /** Statements have names, so that they are prepared once; and what is a list goes out as one statement. */
  readonly isTuned: boolean;
}

/** What an application does for a call that changes something: one transaction, as many statements as there are steps. */
export async function inTransaction<T>(pool: pg.Pool, manner: Manner, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const result = await work(sqlOf(client, manner));
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

export function sqlOf(client: pg.Pool | pg.PoolClient, { isTuned }: Manner): Sql {
  return async (text, values = []) => {
    const query = { text, values: [...values] };
    const { rows } = await client.query(isTuned ? { ...query, name: nameOf(text) } : query);
    return rows;
  };
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) {
    return known;
  }
  const name = `usual_${createHash("sha1").update(text).digest("hex")}`;
  names.set(text, name);
  return name;
}

/** The row that must be there, or the call is refused. */
export function only(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) {
    throw new Error("There is no such row.");
  }
  return row;
}

export function insist(holds: boolean): void {
  if (!holds) {
    throw new Error("That is not allowed.");
  }
}
