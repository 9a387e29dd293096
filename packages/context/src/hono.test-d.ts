import { Hono } from "hono";
import { test } from "vitest";
import { requireTenant, type TenantEnv } from "./hono.ts";

test("a handler knows the tenant's type behind a guard, or by the application's", () => {
  const app = new Hono();
  app.get("/guarded", requireTenant(), (c) => c.text(c.get("tenant").org.id));
  // @ts-expect-error
  app.get("/unguarded", (c) => c.text(c.get("tenant").org.id));
  new Hono<TenantEnv>().get("/typed", (c) => c.text(c.get("tenant").org.id));
});
