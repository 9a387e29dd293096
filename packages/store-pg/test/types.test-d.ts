import type { PGlite, Transaction } from "@electric-sql/pglite";
import type pg from "pg";
import type postgres from "postgres";
import { expectTypeOf } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { PgliteTenancyStore } from "../src/pglite.ts";
import { PostgresJsTenancyStore } from "../src/postgres-js.ts";

// Each store takes what its driver hands out, and gives back the driver's own types.

declare const pool: pg.Pool;
declare const client: pg.Client;
declare const poolClient: pg.PoolClient;
declare const eitherPg: pg.Pool | pg.PoolClient;
declare const sql: postgres.Sql;
declare const sqlWithTypes: postgres.Sql<{ readonly bigint: bigint }>;
declare const transactionSql: postgres.TransactionSql;
declare const reservedSql: postgres.ReservedSql;
declare const pglite: PGlite;
declare const pgliteTransaction: Transaction;

// pg: a pool lends its clients; a client of one's own is what it is.
new PostgresTenancyStore(pool).withTransaction(async (transaction, store) => {
  expectTypeOf(transaction).toEqualTypeOf<pg.PoolClient>();
  expectTypeOf(store).toEqualTypeOf<PostgresTenancyStore<pg.PoolClient>>();
});
new PostgresTenancyStore(client).withTransaction(async (transaction) => {
  expectTypeOf(transaction).toEqualTypeOf<pg.Client>();
});
new PostgresTenancyStore(poolClient).withTransaction(async (transaction) => {
  expectTypeOf(transaction).toEqualTypeOf<pg.PoolClient>();
});
new PostgresTenancyStore(eitherPg).withTransaction(async (transaction) => {
  expectTypeOf(transaction).toEqualTypeOf<pg.PoolClient>();
});

// postgres.js: its transactions, with the types that the `sql` knows; a reserved connection stays what it is.
new PostgresJsTenancyStore(sql).withTransaction(async (transaction, store) => {
  expectTypeOf(transaction).toExtend<postgres.TransactionSql>();
  expectTypeOf(transaction.savepoint).toEqualTypeOf<postgres.TransactionSql["savepoint"]>();
  const rows = await transaction<{ id: number }[]>`select id from project`;
  expectTypeOf(rows[0]?.id).toEqualTypeOf<number | undefined>();
  expectTypeOf(store).toExtend<PostgresJsTenancyStore<postgres.TransactionSql>>();
});
new PostgresJsTenancyStore(sqlWithTypes).withTransaction(async (transaction) => {
  expectTypeOf(transaction).toExtend<postgres.TransactionSql<{ readonly bigint: bigint }>>();
});
new PostgresJsTenancyStore(reservedSql).withTransaction(async (transaction) => {
  expectTypeOf(transaction).toEqualTypeOf<postgres.ReservedSql>();
});
expectTypeOf(PostgresJsTenancyStore).toBeConstructibleWith(transactionSql);

// PGlite.
new PgliteTenancyStore(pglite).withTransaction(async (transaction, store) => {
  expectTypeOf(transaction).toEqualTypeOf<Transaction>();
  expectTypeOf(store).toEqualTypeOf<PgliteTenancyStore<Transaction>>();
});
expectTypeOf(PgliteTenancyStore).toBeConstructibleWith(pgliteTransaction);

// What the work answers is what the call answers.
expectTypeOf(new PostgresTenancyStore(pool).withTransaction(async () => 1)).toEqualTypeOf<Promise<number>>();
expectTypeOf(new PostgresJsTenancyStore(sql).withTransaction(async () => "a")).toEqualTypeOf<Promise<string>>();
expectTypeOf(new PgliteTenancyStore(pglite).withTransaction(async () => null)).toEqualTypeOf<Promise<null>>();

// A store of one driver takes nothing of another.
// @ts-expect-error
new PostgresTenancyStore(sql);
// @ts-expect-error
new PostgresTenancyStore(transactionSql);
// @ts-expect-error
new PostgresTenancyStore(pglite);
// @ts-expect-error
new PostgresTenancyStore("postgres://localhost/app");
// @ts-expect-error
new PostgresJsTenancyStore(pool);
// @ts-expect-error
new PostgresJsTenancyStore(client);
// @ts-expect-error
new PostgresJsTenancyStore(pglite);
// @ts-expect-error
new PgliteTenancyStore(pool);
// @ts-expect-error
new PgliteTenancyStore(sql);
// @ts-expect-error
new PgliteTenancyStore(pgliteTransaction).withTransaction(async (transaction: PGlite) => transaction);

// An option that is not there, and a work that answers at once.
// @ts-expect-error
new PostgresTenancyStore(pool, { schemas: "tenancy" });
// @ts-expect-error
new PostgresTenancyStore(pool).withTransaction(() => 1);
