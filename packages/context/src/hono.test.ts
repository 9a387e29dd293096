import { TenantError } from "@tenantry/core";
import { type Context, Hono } from "hono";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { bob, openWorld, user } from "../test/world.ts";
import { requireTenant, type TenantEnv, tenant, tenantOf } from "./hono.ts";
import { answerFor } from "./http.ts";
import { TenantContext } from "./tenant-context.ts";

const headers = { "x-tenant-id": "acme" };

/** An application whose routes fail behind the guard. */
async function open(): Promise<Hono<TenantEnv>> {
  const { directory } = await openWorld();
  const app = new Hono<TenantEnv>();
  app.use(tenant(new TenantContext<Context>({ directory, identify: () => user(bob) })));
  app.get("/ours", requireTenant(), () => {
    throw new TenantError("tenant.inactive", {});
  });
  app.get("/other", requireTenant(), () => {
    throw new Error("secret");
  });
  return app;
}

async function answer(app: Hono<TenantEnv>, path: string): Promise<readonly [number, string, boolean]> {
  const response = await app.request(path, { headers });
  return [response.status, await response.text(), response.headers.has("x-tenant-id")];
}

describe("an error behind the guard", () => {
  // Hono writes there what nobody answered.
  beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
  afterEach(() => void vi.restoreAllMocks());

  test("of ours becomes a response where the application makes none", async () => {
    const [status, body, isMarked] = await answer(await open(), "/ours");
    expect([status, JSON.parse(body), isMarked]).toMatchObject([403, { code: "tenant.inactive" }, true]);
    expect(await answer(await open(), "/other")).toEqual([500, "Internal Server Error", true]);
  });

  test.each([
    [418, "mine"],
    [500, "mine"],
    [503, "Internal Server Error"],
  ] as const)("is answered by the application's own handler where it has one: %i %s", async (status, body) => {
    const app = await open();
    const seen: unknown[] = [];
    app.onError((error) => {
      seen.push(error);
      return new Response(body, { status });
    });
    expect(await answer(app, "/ours")).toEqual([status, body, true]);
    expect(await answer(app, "/other")).toEqual([status, body, true]);
    expect(seen).toMatchObject([{ code: "tenant.inactive" }, expect.any(Error)]);
  });

  test("is answered by the handler of the part that it happened in", async () => {
    const app = await open();
    const part = new Hono<TenantEnv>();
    part.get("/", requireTenant(), () => {
      throw new TenantError("tenant.inactive", {});
    });
    part.onError((_, c) => c.json({ part: true }, 409));
    app.route("/part", part);
    expect(await answer(app, "/part")).toEqual([409, '{"part":true}', true]);
  });

  test("can be given to our answer by that handler", async () => {
    const app = await open();
    app.onError((error, c) => {
      const known = answerFor(error);
      return known === null ? c.text("broken", 500) : Response.json(known.body, { status: known.status });
    });
    const [status, body] = await answer(app, "/ours");
    expect([status, JSON.parse(body)]).toMatchObject([403, { code: "tenant.inactive" }]);
    expect(await answer(app, "/other")).toEqual([500, "broken", true]);
  });
});

test("each route behind the guard knows the type of its tenant, whatever the application's is", async () => {
  const { acme, directory } = await openWorld();
  const app = new Hono();
  app.use(tenant(new TenantContext<Context>({ directory, identify: () => user(bob) })));
  app.get("/", requireTenant({ role: "member" }), (c) => c.text(c.get("tenant").org.id));
  app.get("/of", requireTenant(), (c) => c.text(tenantOf(c).org.id));
  for (const path of ["/", "/of"]) {
    expect(await (await app.request(path, { headers })).text()).toBe(acme);
  }
});
