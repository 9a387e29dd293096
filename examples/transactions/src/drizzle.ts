import { type SqlOptions, TransactionTenancyStore } from "@tenantry/store-sql";
import { DrizzleQueryError, type SQL, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";

/** Tenancy inside a transaction of Drizzle's on `pg`. */
export function tenancyIn(
  transaction: Pick<NodePgDatabase, "execute">,
  options: SqlOptions = {},
): TransactionTenancyStore {
  const query = async (text: string, values: (string | null)[]): Promise<readonly unknown[]> => {
    try {
      const { rows } = await transaction.execute(statement(text, values));
      return rows;
    } catch (error) {
      // Drizzle wraps what the server said.
      throw error instanceof DrizzleQueryError ? error.cause : error;
    }
  };
  return new TransactionTenancyStore(transaction, query, options);
}

/** Drizzle numbers values itself, in the order in which they stand in the text. */
function statement(text: string, values: readonly (string | null)[]): SQL {
  const parts = text.split(/\$(\d+)/);
  return sql.join(
    parts.map((part, place) => (place % 2 === 0 ? sql.raw(part) : sql`${sql.param(values[Number(part) - 1])}`)),
  );
}
