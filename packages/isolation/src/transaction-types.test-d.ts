import type { ActiveTenant } from "@tenantry/context";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { Kysely, Transaction } from "kysely";
import type pg from "pg";
import type postgres from "postgres";
import { expectTypeOf, test } from "vitest";
import { drizzleDriver } from "./drizzle.ts";
import { kyselyDriver } from "./kysely.ts";
import type { NeonBatches } from "./neon-http.ts";
import { pgDriver } from "./pg.ts";
import { postgresJsDriver } from "./postgres-js.ts";
import { rowIsolation } from "./row.ts";

declare const tenant: ActiveTenant;

test("a function is handed what its driver hands out", () => {
  const pool = {} as pg.Pool;
  rowIsolation(pgDriver(pool)).run(tenant, async (tx) => expectTypeOf(tx).toEqualTypeOf<pg.PoolClient>());
  const sql = {} as postgres.Sql;
  rowIsolation(postgresJsDriver(sql)).run(tenant, async (tx) =>
    expectTypeOf(tx).toEqualTypeOf<postgres.TransactionSql>(),
  );
  const db = {} as NodePgDatabase<Record<string, never>>;
  rowIsolation(drizzleDriver(db)).run(tenant, async (tx) =>
    expectTypeOf(tx).toEqualTypeOf<Parameters<Parameters<typeof db.transaction>[0]>[0]>(),
  );
  const kysely = {} as Kysely<{ a: { b: number } }>;
  rowIsolation(kyselyDriver(kysely)).run(tenant, async (tx) =>
    expectTypeOf(tx).toEqualTypeOf<Transaction<{ a: { b: number } }>>(),
  );
});

test("a tenant is what a guard made, and Neon's HTTP has no function to run inside", () => {
  const isolation = rowIsolation(pgDriver({} as pg.Pool));
  // @ts-expect-error: an id proves nothing
  isolation.run("org_0190f2a8000070008000000000000001", async () => {});
  expectTypeOf<NeonBatches>().not.toHaveProperty("run");
});
