import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { operationTrips, PROMISED_TRIPS, startNeonEndpoint, startWireProxy } from "@tenantry/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrateNeonHttp, NeonHttpTenancyStore } from "../src/http.ts";
import { migrateNeon, NeonTenancyStore } from "../src/websocket.ts";
import { type OpenLocalNeon, openLocalNeon } from "./open-neon.ts";

let neonDatabase: OpenLocalNeon;
beforeAll(async () => {
  neonDatabase = await openLocalNeon();
});
afterAll(() => neonDatabase.close());

test("over HTTP every round trip is one request: one for a read, one or two for a mutation", async () => {
  const { url, endpoint } = neonDatabase;
  const sql = neon(url);
  await migrateNeonHttp(sql, { schema: "over_http" });
  const store = new NeonHttpTenancyStore(sql, { schema: "over_http" });
  const trips = async (call: () => Promise<unknown>): Promise<number> => {
    endpoint.reset();
    await call();
    return endpoint.requests();
  };
  expect(await operationTrips(store, trips)).toEqual(PROMISED_TRIPS);
});

test("over WebSockets, counted on the wire behind the endpoint, it is the same", async () => {
  const { database } = neonDatabase;
  const proxy = await startWireProxy(database.url);
  const endpoint = await startNeonEndpoint(proxy.url);
  Object.assign(neonConfig, endpoint.neonConfig);
  const pool = new Pool({ connectionString: database.url, max: 1 });
  await migrateNeon(pool, { schema: "over_websockets" });
  const store = new NeonTenancyStore(pool, { schema: "over_websockets" });
  const trips = async (call: () => Promise<unknown>): Promise<number> => {
    await pool.query("select 1");
    proxy.reset();
    await call();
    return proxy.trips();
  };
  expect(await operationTrips(store, trips)).toEqual(PROMISED_TRIPS);
  await pool.end();
  await endpoint.stop();
  await proxy.close();
  Object.assign(neonConfig, neonDatabase.endpoint.neonConfig);
});

test("a migration over HTTP is one request for the look, and one for each batch", async () => {
  const { url, endpoint } = neonDatabase;
  endpoint.reset();
  const applied = await migrateNeonHttp(neon(url), { schema: "migrated" });
  // The schema and its list of migrations; then for each migration whether it was applied, and the migration itself.
  expect(endpoint.requests()).toBe(1 + 2 * applied.length);
  endpoint.reset();
  expect(await migrateNeonHttp(neon(url), { schema: "migrated" })).toEqual([]);
  expect(endpoint.requests()).toBe(1 + applied.length);
});
