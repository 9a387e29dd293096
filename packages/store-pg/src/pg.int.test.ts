import { describeStore } from "@tenantry/conformance";
import { pgExecutor, readTables } from "@tenantry/store-sql";
import { Worlds } from "@tenantry/testkit";
import { afterAll, beforeAll, describe, it } from "vitest";
import { storePlacements } from "../../isolation/src/placement-store.ts";
import { type OpenPostgres, openPostgres } from "../test/open-postgres.ts";
import { migratePostgres, PostgresTenancyStore } from "./pg.ts";

const groups = ["placement"] as const;

let database: OpenPostgres;
let worlds: Worlds;
let pool: ReturnType<OpenPostgres["pool"]>;
beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool();
  worlds = new Worlds(
    (schema) => migratePostgres(pool, { schema, groups }),
    (text) => pool.query(text),
    groups,
  );
});
afterAll(() => database.close());

describeStore({
  name: "pg",
  describe,
  it,
  placements: storePlacements,
  async open(options) {
    const { schema, close } = await worlds.open();
    const store = new PostgresTenancyStore(pool, { ...options, schema });
    return {
      store,
      tables: () => readTables(pgExecutor(pool), { schema, groups }),
      close,
      async transaction(work) {
        const client = await pool.connect();
        try {
          await client.query("begin");
          await work(new PostgresTenancyStore(client, { ...options, schema }));
          await client.query("commit");
        } catch (error) {
          await client.query("rollback");
          throw error;
        } finally {
          client.release();
        }
      },
    };
  },
});
