import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { isTenancyError, type MemId, type UsrId } from "@tenantry/core";
import type { InMemoryTenancyStore } from "@tenantry/store-memory";
import express from "express";
import fastify from "fastify";
import { type Context, Hono } from "hono";
import type { ActiveTenant, Actor } from "../src/active-tenant.ts";
import { createTenantScope } from "../src/als.ts";
import type { ResolvedConfig } from "../src/config.ts";
import type { TenantDirectory } from "../src/directory.ts";
import * as onExpress from "../src/express.ts";
import * as onFastify from "../src/fastify.ts";
import { tenantOf, withTenant } from "../src/fetch.ts";
import * as onHono from "../src/hono.ts";
import { answerFor } from "../src/http.ts";
import * as onNext from "../src/next.ts";
import type { Requirement } from "../src/requirement.ts";
import { TenantContext } from "../src/tenant-context.ts";
import { inTenant } from "../src/tenant-store.ts";
import { serveNext } from "./next-server.ts";
import type { Running } from "./running.ts";
import { idNo } from "./world.ts";

/** The same application on every framework. Who sends a request stands in the header `x-user`: a login is not its part. */
export interface Setting {
  readonly store: InMemoryTenancyStore;
  readonly directory: TenantDirectory;
  readonly config: ResolvedConfig;
}

// Its own kinds of requests and responses stay its own: Next.js runs in the same process.
const OPTIONS = { port: 0, hostname: "127.0.0.1", overrideGlobalObjects: false } as const;

export const SECRET = "postgres://u:hunter2@db";

const scope = createTenantScope();

function signedIn(usrId: string | null | undefined): Actor | null {
  return usrId ? { kind: "user", id: usrId as UsrId } : null;
}

/** What the routes behind a guard answer. */
function shown({ org, actor, membership, source, trust }: ActiveTenant): object {
  return { org: org.id, actor, role: membership?.role ?? null, source, trust };
}

/** The route of each path, what it requires (`null`: no guard), and what it does. */
export const routes: Readonly<
  Record<
    string,
    {
      readonly requirement: Requirement | null;
      readonly act: (tenant: () => ActiveTenant, setting: Setting) => unknown;
    }
  >
> = {
  "/tenant": { requirement: {}, act: (tenant) => shown(tenant()) },
  "/tenants/:id/home": { requirement: {}, act: (tenant) => shown(tenant()) },
  "/admin": { requirement: { role: "admin" }, act: (tenant) => shown(tenant()) },
  "/public": { requirement: { user: "optional" }, act: (tenant) => shown(tenant()) },
  "/current": { requirement: {}, act: () => shown(scope.current()) },
  "/unguarded": { requirement: null, act: (tenant) => shown(tenant()) },
  "/unguarded-current": { requirement: null, act: () => shown(scope.current()) },
  "/absent": {
    requirement: {},
    act: (tenant, { store }) => inTenant(store, tenant()).getMembership(idNo("mem", 999) as MemId),
  },
  "/broken": {
    requirement: {},
    act: () => {
      throw new Error(SECRET);
    },
  },
};

export const servers: Readonly<Record<string, (setting: Setting) => Promise<Running>>> = {
  async fetch(setting) {
    const identify = (request: Request) => signedIn(request.headers.get("x-user"));
    const tenancy = new TenantContext<Request>({ ...setting, identify, scope });
    return served(routed(setting, (handler, options) => withTenant(handler, tenancy, options)));
  },

  async hono(setting) {
    const app = new Hono<onHono.TenantEnv>();
    const identify = (c: Context) => signedIn(c.req.header("x-user"));
    app.use(onHono.tenant(new TenantContext<Context>({ ...setting, identify, scope })));
    for (const [path, { requirement, act }] of Object.entries(routes)) {
      const answer = async (c: Context<onHono.TenantEnv>) => {
        await c.req.text();
        return c.json((await act(() => c.get("tenant") ?? onHono.tenantOf(c), setting)) as object);
      };
      app.all(path, requirement === null ? (_, next) => next() : onHono.requireTenant(requirement), answer);
    }
    app.all("*", onHono.requireTenant(), (c) => c.json({}));
    app.onError((error, c) => {
      const answer = answerFor(error);
      return answer === null ? c.text("broken", 500) : Response.json(answer.body, { status: answer.status });
    });
    return served(app.fetch);
  },

  async express(setting) {
    const app = express();
    const identify = (req: express.Request) => signedIn(req.get("x-user"));
    app.use(onExpress.tenant(new TenantContext<express.Request>({ ...setting, identify, scope })));
    app.use(express.json());
    for (const [path, { requirement, act }] of Object.entries(routes)) {
      app.all(path, ...(requirement === null ? [] : [onExpress.requireTenant(requirement)]), async (req, res) => {
        res.json(await act(() => onExpress.tenantOf(req), setting));
      });
    }
    app.use(onExpress.requireTenant(), (_req, res) => void res.json({}));
    app.use(onExpress.tenantErrors());
    // Express refuses some paths by itself.
    const others: express.ErrorRequestHandler = (error, _req, res, _next) => {
      res.status(error.status ?? 500).send("broken");
    };
    app.use(others);
    const server = app.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    return {
      port: (server.address() as AddressInfo).port,
      close: () => new Promise((resolve) => server.close(resolve)),
    };
  },

  async fastify(setting) {
    const app = fastify({ exposeHeadRoutes: false });
    app.setErrorHandler(onFastify.tenantErrors((_error, _req, reply) => reply.code(500).send("broken")));
    const identify = (req: fastify.FastifyRequest) => signedIn(req.headers["x-user"] as string | undefined);
    await app.register(onFastify.tenant(new TenantContext<fastify.FastifyRequest>({ ...setting, identify, scope })));
    for (const [url, { requirement, act }] of Object.entries(routes)) {
      const preHandler = requirement === null ? [] : [onFastify.requireTenant(requirement)];
      const handler = (req: fastify.FastifyRequest) => act(() => req.tenant ?? onFastify.tenantOf(req), setting);
      app.route({ method: ["GET", "POST"], url, preHandler, handler: async (req) => handler(req) });
    }
    app.get("*", { preHandler: onFastify.requireTenant() }, async () => ({}));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
  },

  async next(setting) {
    const identify = ({ headers }: onNext.WithHeaders) => signedIn(headers.get("x-user"));
    const tenancy = new TenantContext<onNext.WithHeaders>({ ...setting, identify, scope });
    return serveNext({
      route: routed(setting, (handler, options) => onNext.withTenant(handler, tenancy, options)),
      async page(headers) {
        try {
          return (await onNext.tenantFromHeaders(headers, tenancy)).org.id;
        } catch (error) {
          return isTenancyError(error) ? error.code : "broken";
        }
      },
    });
  },
};

type Guarded = (
  handler: (request: Request) => Promise<Response>,
  options: { readonly require: Requirement | false },
) => (request: Request) => Promise<Response>;

/** The routes behind handlers that are guarded one by one. */
function routed(setting: Setting, guarded: Guarded): (request: Request) => Promise<Response> {
  const handlers = Object.entries(routes).map(([path, { requirement, act }]) => {
    const handler = async (request: Request) => {
      await request.text();
      return Response.json(await act(() => tenantOf(request), setting));
    };
    const pattern = new RegExp(`^${path.replace(":id", "[^/]+")}$`);
    return { pattern, handle: guarded(handler, { require: requirement ?? false }) };
  });
  // Whatever no route is for is still resolved.
  const others = guarded(async () => new Response(null, { status: 404 }), { require: {} });
  return async (request) => {
    const { pathname } = new URL(request.url);
    const handle = handlers.find(({ pattern }) => pattern.test(pathname))?.handle ?? others;
    try {
      return await handle(request);
    } catch {
      return new Response("broken", { status: 500 });
    }
  };
}

async function served(fetch: (request: Request) => Response | Promise<Response>): Promise<Running> {
  return new Promise((resolve) => {
    const server = serve({ ...OPTIONS, fetch }, ({ port }) =>
      resolve({ port, close: () => new Promise((closed) => server.close(closed)) }),
    );
  });
}
