import { CompiledQuery, type Kysely, type Transaction } from "kysely";
import { closing, type Row, type Statement, type TenantDriver } from "./driver.ts";
import { ormTransaction } from "./orm.ts";

/** Runs in transactions of Kysely's on PostgreSQL. It writes unqualified names, so the strategy `schema` works. */
export function kyselyDriver<DB>(database: Kysely<DB>): TenantDriver<Transaction<DB>> {
  return {
    name: "kysely",
    transaction(beginning, work) {
      const begin = <T>(inside: (tx: Transaction<DB>) => Promise<T>): Promise<T> =>
        database
          .transaction()
          .setAccessMode(beginning.readOnly ? "read only" : "read write")
          .execute(inside);
      return ormTransaction({ begin, send }, beginning, work);
    },
    send,
    guarded: closing,
  };
}

async function send<DB>(tx: Transaction<DB>, { text, values }: Statement): Promise<readonly Row[]> {
  return (await tx.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows;
}
