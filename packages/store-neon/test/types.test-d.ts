import { type Client, neon, type Pool, type PoolClient } from "@neondatabase/serverless";
import { expectTypeOf, test } from "vitest";
import { NeonHttpTenancyStore } from "../src/http.ts";
import { NeonTenancyStore } from "../src/websocket.ts";

declare const pool: Pool;
declare const client: Client;
declare const poolClient: PoolClient;

test("over HTTP there is no transaction to take part in, and the types say so", () => {
  const store = new NeonHttpTenancyStore(neon("postgres://nowhere"));
  expectTypeOf(store).not.toHaveProperty("withTransaction");
  // @ts-expect-error a connection that can be inside a transaction is for the WebSocket store
  new NeonHttpTenancyStore(client);
  // @ts-expect-error so is one that a pool lends
  new NeonHttpTenancyStore(poolClient);
  // @ts-expect-error and a pool
  new NeonHttpTenancyStore(pool);
});

test("over WebSockets the driver's own client is handed to the work", () => {
  const store = new NeonTenancyStore(pool);
  expectTypeOf(store.withTransaction<void>)
    .parameter(0)
    .parameter(0)
    .toEqualTypeOf<PoolClient>();
  new NeonTenancyStore(client);
  new NeonTenancyStore(poolClient);
});
