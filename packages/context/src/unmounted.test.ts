import type { AddressInfo } from "node:net";
import express from "express";
import fastify from "fastify";
import { type Context, Hono } from "hono";
import { expect, test } from "vitest";
import { send } from "../test/http-client.ts";
import { alice, openWorld, user } from "../test/world.ts";
import * as onExpress from "./express.ts";
import * as onFastify from "./fastify.ts";
import * as onHono from "./hono.ts";
import { TenantContext } from "./tenant-context.ts";

// A guard that nobody put the middleware in front of: whatever the request says, nothing behind it is reached.

const headers = { "x-tenant-id": "acme" };

test.each([false, true])(
  "on Hono a guard alone opens nothing, though it is mounted elsewhere: %s",
  async (elsewhere) => {
    const { directory, asked } = await openWorld();
    const app = new Hono();
    if (elsewhere) {
      app.use("/other/*", onHono.tenant(new TenantContext<Context>({ directory, identify: () => user(alice) })));
    }
    app.get("/", onHono.requireTenant(), (c) => c.text("reached"));
    const answer = await app.request("/", { headers });
    expect([answer.status, await answer.json()]).toMatchObject([500, { code: "tenant.context_missing" }]);
    expect(answer.headers.has("x-tenant-id")).toBe(false);
    expect(asked).toEqual({ find: 0, standing: 0 });
  },
);

test("on Express a guard alone opens nothing", async () => {
  const app = express();
  app.get("/", onExpress.requireTenant(), (_req, res) => void res.send("reached"));
  app.use(onExpress.tenantErrors());
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const answer = await send((server.address() as AddressInfo).port, "/", Object.entries(headers));
  server.close();
  expect([answer.status, answer.json()]).toMatchObject([500, { code: "tenant.context_missing" }]);
});

test("on Fastify a guard alone opens nothing", async () => {
  const app = fastify();
  app.get("/", { preHandler: onFastify.requireTenant() }, async () => "reached");
  const answer = await app.inject({ url: "/", headers });
  await app.close();
  expect([answer.statusCode, answer.json()]).toMatchObject([500, { code: "tenant.context_missing" }]);
});
