import { answerFor } from "@tenantry/context";
import { tenant } from "@tenantry/context/hono";
import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import type { Backend } from "./backend.ts";
import { accountRoutes } from "./routes/account.ts";
import { apiRoutes } from "./routes/api.ts";
import { organizationRoutes } from "./routes/organization.ts";
import { asPage, type Visit } from "./visit.ts";

/** No path of a browser's begins like this. */
const ON_HOST = "/@host";

/** The whole application: who somebody is comes first, which organization is meant second, what they may do third. */
export function createApp(backend: Backend): Hono<Visit> {
  const { addresses, sessions, tenancy } = backend;
  // An organization's pages stand below its path, and at the root of its own host.
  const app = new Hono<Visit>({
    getPath(request) {
      const { hostname, pathname } = new URL(request.url);
      const isOnHost = addresses.isOrganizationHost(hostname) && !pathname.startsWith("/api/");
      // With or without a slash at its end it is the same page.
      return `${isOnHost ? ON_HOST : ""}${pathname}`.replace(/(?<=.)\/$/, "");
    },
  });

  app.use(secureHeaders());
  app.use(csrf({ origin: addresses.isOurs }));
  app.use(async (c, next) => {
    c.set("person", await sessions.of(c));
    c.set("home", addresses.home);
    c.set("accent", null);
    await next();
    await asPage(c);
  });
  app.use(tenant(tenancy));

  app.route(
    ON_HOST,
    organizationRoutes(backend, () => ""),
  );
  app.route(
    "/tenants/:tenant",
    organizationRoutes(backend, (slug) => `/tenants/${slug}`),
  );
  app.route("/api", apiRoutes(backend));
  app.route("/receiver", backend.receiver.routes);
  app.route("/", accountRoutes(backend));

  app.onError((error) => {
    const answer = answerFor(error);
    if (answer !== null) {
      return Response.json(answer.body, { status: answer.status });
    }
    if (error instanceof HTTPException) {
      return Response.json({ code: "refused", message: error.message }, { status: error.status });
    }
    console.error(error);
    return Response.json({ code: "internal", message: "Something went wrong." }, { status: 500 });
  });
  return app;
}
