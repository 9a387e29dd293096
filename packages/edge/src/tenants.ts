import { loadConfig, storeDirectory, TenantContext } from "@tenantry/context";
import { DomainDirectory } from "@tenantry/context/domains";
import { withTenant } from "@tenantry/context/fetch";
import { requireTenant, type TenantEnv, tenant } from "@tenantry/context/hono";
import { jwtClaims } from "@tenantry/context/jwt";
import { encode, type UsrId } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { type Context, Hono } from "hono";

/** Of tokens of this application: nobody else's secret. */
const SECRET = new TextEncoder().encode("a secret of thirty-two bytes, or");

type Handle = (request: Request) => Response | Promise<Response>;

/** An owner and an organization in memory, behind a handler, an application of Hono's and tokens. */
async function open(): Promise<Readonly<Record<string, Handle>>> {
  const store = new InMemoryTenancyStore({ groups: ["domains"] });
  const { org } = await store.createOrg({ creator: alice, slug: "acme" });
  const published: string[] = [];
  const domains = new DomainDirectory(store, { lookupTxt: async () => published });
  const directory = storeDirectory(store);
  // Of its own: elsewhere the host of a test would be asked for as a domain.
  const byDomain = storeDirectory(store, { orgOfDomain: (domain) => domains.orgOf(domain) });
  const config = loadConfig({ resolution: { claimAccept: ["id", "slug"] } });
  const claims = jwtClaims({ keys: SECRET, algorithms: ["HS256"], issuer: "edge", audience: "edge" });

  const byHeader = (usrId: string | null | undefined) =>
    usrId ? ({ kind: "user", id: usrId as UsrId } as const) : null;
  const identify = (request: Request) => byHeader(request.headers.get("x-user"));
  const onFetch = new TenantContext<Request>({ directory, config, claims, identify });
  const app = new Hono<TenantEnv>();
  app.use(tenant(new TenantContext<Context>({ directory, config, identify: (c) => byHeader(c.req.header("x-user")) })));
  app.get("/hono", requireTenant({ role: "owner" }), (c) => c.json({ role: c.get("tenant").membership?.role }));
  return {
    "/fetch": withTenant((_, { membership, trust }) => Response.json({ role: membership?.role, trust }), onFetch),
    "/hono": (request) => app.fetch(request),
    async "/domains"() {
      const { domain, record } = await domains.add(org.id, "München.example.org");
      published.push(record.value);
      const { state } = await domains.verify(org.id, domain);
      const { slug } = (await byDomain.find({ kind: "domain", value: domain })) ?? {};
      const refused = await domains.add(org.id, "co.uk").catch(({ code }) => code);
      return Response.json({ domain, state, slug, refused });
    },
  };
}

/** Whose organization it is. */
export const alice: UsrId = encode("usr", "0190f2a8-0000-7000-8000-000000000001");

let opened: ReturnType<typeof open> | undefined;

/** Answers a request. The world is made with the first one: before it a worker has no chance. */
export async function handle(request: Request): Promise<Response> {
  opened ??= open();
  const { pathname } = new URL(request.url);
  return (await opened)[pathname]?.(request) ?? new Response(null, { status: 404 });
}
