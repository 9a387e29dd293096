import { neon, Pool } from "@neondatabase/serverless";
import { checkHistory, historySeed } from "@tenantry/testkit/history";
import { afterAll, beforeAll, describe, test } from "vitest";
import { migrateNeonHttp, NeonHttpTenancyStore } from "../src/http.ts";
import { NeonTenancyStore } from "../src/websocket.ts";
import { type OpenNeon, openNeon } from "./open-neon.ts";

let database: OpenNeon;
let pool: Pool;
beforeAll(async () => {
  database = await openNeon();
  await migrateNeonHttp(neon(database.url));
  pool = new Pool({ connectionString: database.url });
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

// Organizations know nothing of each other, so all runs share their tables.
describe(`after any sequence of operations the past is what the events tell (seed ${historySeed})`, () => {
  test("over HTTP", { timeout: 120_000 }, () => {
    const sql = neon(database.url);
    return checkHistory(async (clock) => ({ store: new NeonHttpTenancyStore(sql, { clock }), close() {} }), 10);
  });

  test("over WebSockets", { timeout: 120_000 }, () =>
    checkHistory(async (clock) => ({ store: new NeonTenancyStore(pool, { clock }), close() {} }), 10),
  );
});
