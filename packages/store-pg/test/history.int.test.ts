import { PGlite } from "@electric-sql/pglite";
import { checkHistory, historySeed } from "@tenantry/testkit/history";
import postgres from "postgres";
import { afterAll, beforeAll, describe, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { migratePglite, PgliteTenancyStore } from "../src/pglite.ts";
import { PostgresJsTenancyStore } from "../src/postgres-js.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

let database: OpenPostgres;
let pool: ReturnType<OpenPostgres["pool"]>;
let sql: postgres.Sql;
let embedded: PGlite;
beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool();
  sql = postgres(database.url, { onnotice() {} });
  embedded = new PGlite();
  await migratePglite(embedded);
});
afterAll(async () => {
  await embedded.close();
  await sql.end();
  await database.close();
});

// Organizations know nothing of each other, so all runs share their tables.
describe(`after any sequence of operations the past is what the events tell (seed ${historySeed})`, () => {
  test("pg", { timeout: 120_000 }, () =>
    checkHistory(async (clock) => ({ store: new PostgresTenancyStore(pool, { clock }), close() {} }), 100),
  );

  test("postgres.js", { timeout: 120_000 }, () =>
    checkHistory(async (clock) => ({ store: new PostgresJsTenancyStore(sql, { clock }), close() {} }), 30),
  );

  test("PGlite", { timeout: 120_000 }, () =>
    checkHistory(async (clock) => ({ store: new PgliteTenancyStore(embedded, { clock }), close() {} }), 40),
  );
});
