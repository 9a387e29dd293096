import { type NeonQueryFunction, neon } from "@neondatabase/serverless";
import { describeStore } from "@tenantry/conformance";
import { readTables } from "@tenantry/store-sql";
import { Worlds } from "@tenantry/testkit";
import { afterAll, beforeAll, describe, it } from "vitest";
import { storePlacements } from "../../isolation/src/placement-store.ts";
import { type OpenNeon, openNeon } from "../test/open-neon.ts";
import { migrateNeonHttp, NeonHttpTenancyStore, neonHttpExecutor } from "./http.ts";

const groups = ["placement"] as const;

let database: OpenNeon;
let sql: NeonQueryFunction<false, false>;
let worlds: Worlds;
beforeAll(async () => {
  database = await openNeon();
  sql = neon(database.url);
  worlds = new Worlds(
    (schema) => migrateNeonHttp(sql, { schema, groups }),
    async (text) => sql.query(text),
    groups,
  );
});
afterAll(() => database.close());

describeStore({
  name: "Neon over HTTP",
  describe,
  it,
  placements: storePlacements,
  async open(options) {
    const { schema, close } = await worlds.open();
    const store = new NeonHttpTenancyStore(sql, { ...options, schema });
    return { store, tables: () => readTables(neonHttpExecutor(sql), { schema, groups }), close };
  },
});
