import { describeStore } from "@tenantry/conformance";
import { readTables } from "@tenantry/store-sql";
import { Worlds } from "@tenantry/testkit";
import postgres from "postgres";
import { afterAll, beforeAll, describe, it } from "vitest";
import { storePlacements } from "../../isolation/src/placement-store.ts";
import { type OpenPostgres, openPostgres } from "../test/open-postgres.ts";
import { migratePostgresJs, PostgresJsTenancyStore, postgresJsExecutor } from "./postgres-js.ts";

const groups = ["placement"] as const;

let database: OpenPostgres;
let sql: postgres.Sql;
let worlds: Worlds;
beforeAll(async () => {
  database = await openPostgres();
  sql = postgres(database.url, { onnotice() {} });
  worlds = new Worlds(
    (schema) => migratePostgresJs(sql, { schema, groups }),
    (text) => sql.unsafe(text),
    groups,
  );
});
afterAll(async () => {
  await sql.end();
  await database.close();
});

describeStore({
  name: "postgres.js",
  describe,
  it,
  placements: storePlacements,
  async open(options) {
    const { schema, close } = await worlds.open();
    const store = new PostgresJsTenancyStore(sql, { ...options, schema });
    return {
      store,
      tables: () => readTables(postgresJsExecutor(sql), { schema, groups }),
      close,
      async transaction(work) {
        await sql.begin((transaction) => work(new PostgresJsTenancyStore(transaction, { ...options, schema })));
      },
    };
  },
});
