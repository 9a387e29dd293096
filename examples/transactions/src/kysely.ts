import { type SqlOptions, TransactionTenancyStore } from "@tenantry/store-sql";
import { CompiledQuery, type Transaction } from "kysely";

/** Tenancy inside a transaction of Kysely's. */
export function tenancyIn<DB>(transaction: Transaction<DB>, options: SqlOptions = {}): TransactionTenancyStore {
  const query = async (text: string, values: (string | null)[]): Promise<readonly unknown[]> => {
    const { rows } = await transaction.executeQuery(CompiledQuery.raw(text, values));
    return rows;
  };
  return new TransactionTenancyStore(transaction, query, options);
}
