import { Pool } from "@neondatabase/serverless";
import { describeStore } from "@tenantry/conformance";
import { pgExecutor, readTables } from "@tenantry/store-sql";
import { Worlds } from "@tenantry/testkit";
import { afterAll, beforeAll, describe, it } from "vitest";
import { storePlacements } from "../../isolation/src/placement-store.ts";
import { type OpenNeon, openNeon } from "../test/open-neon.ts";
import { migrateNeon, NeonTenancyStore } from "./websocket.ts";

const groups = ["placement"] as const;

let database: OpenNeon;
let pool: Pool;
let worlds: Worlds;
beforeAll(async () => {
  database = await openNeon();
  pool = new Pool({ connectionString: database.url });
  worlds = new Worlds(
    (schema) => migrateNeon(pool, { schema, groups }),
    (text) => pool.query(text),
    groups,
  );
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

describeStore({
  name: "Neon over WebSockets",
  describe,
  it,
  placements: storePlacements,
  async open(options) {
    const { schema, close } = await worlds.open();
    const store = new NeonTenancyStore(pool, { ...options, schema });
    return {
      store,
      tables: () => readTables(pgExecutor(pool), { schema, groups }),
      close,
      async transaction(work) {
        const client = await pool.connect();
        try {
          await client.query("begin");
          await work(new NeonTenancyStore(client, { ...options, schema }));
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
