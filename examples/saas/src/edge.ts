import { neon } from "@neondatabase/serverless";
import { answerFor, loadConfig, storeDirectory, TenantContext } from "@tenantry/context";
import { requireTenant, type TenantEnv, tenant } from "@tenantry/context/hono";
import { emailIdentifiers, uuidOf } from "@tenantry/core";
import { neonHttpIsolation } from "@tenantry/isolation/neon-http";
import { NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { tokens } from "./tokens.ts";

/** What the worker is given. Both addresses lead to the database that the application has prepared, with the strategy `row`. */
export interface EdgeBindings {
  /** As the role that owns tenancy's tables. */
  readonly OWNER_DATABASE_URL: string;
  /** As the role of the application's own queries. */
  readonly APP_DATABASE_URL: string;
  /** At least 32 bytes in base64: what signs the application's tokens. */
  readonly SECRET: string;
}

const PROJECTS = `select p.id, p.title, count(d.id)::int as documents
  from app.projects p left join app.documents d on d.project_id = p.id
 group by p.org_id, p.id order by p.created_at desc limit 100`;
const TEMPLATES = "select id, title from app.templates order by title";
const newProject = z.object({ title: z.string().trim().min(1).max(100) });

/** The application's API at the edge. A request to the database is a whole transaction: there is no function to run inside. */
export async function edgeApp(env: EdgeBindings): Promise<Hono<TenantEnv>> {
  const store = new NeonHttpTenancyStore(neon(env.OWNER_DATABASE_URL), { identifierPolicy: emailIdentifiers });
  const isolation = neonHttpIsolation(neon(env.APP_DATABASE_URL));
  const keys = await tokens(Uint8Array.from(atob(env.SECRET), (letter) => letter.charCodeAt(0)));
  const tenancy = new TenantContext<Context<TenantEnv>>({
    directory: storeDirectory(store),
    config: loadConfig({ resolution: { resolvers: ["jwt", "header"] } }),
    claims: (c) => keys.claims(c.req.raw),
    async identify(c) {
      const usrId = await keys.holder(c.req.raw);
      return usrId === null ? null : { kind: "user", id: usrId };
    },
  });
  const app = new Hono<TenantEnv>();
  app.use(tenant(tenancy), requireTenant({ tokenMustName: true }));
  app.get("/api/projects", async (c) => {
    const batch = await isolation.runBatch(c.get("tenant"), (sql) => [sql.query(PROJECTS), sql.query(TEMPLATES)], {
      readOnly: true,
    });
    const [projects, templates] = batch;
    return c.json({ projects, templates });
  });
  app.post("/api/projects", async (c) => {
    const asked = newProject.safeParse(await c.req.json().catch(() => null));
    const usrId = await keys.holder(c.req.raw);
    if (!asked.success || usrId === null) {
      return c.json({ code: "precondition.invalid_input", message: "A title of 1 to 100 characters." }, 400);
    }
    const insert = "insert into app.projects (title, created_by) values ($1, $2) returning id, title";
    const values = [asked.data.title, uuidOf(usrId)];
    const [made] = await isolation.runBatch(c.get("tenant"), (sql) => [sql.query(insert, values)]);
    return c.json((made as readonly object[])[0] ?? null, 201);
  });
  app.onError((error, c) => {
    const answer = answerFor(error);
    return answer === null
      ? c.json({ code: "internal", message: "Something went wrong." }, 500)
      : Response.json(answer.body, { status: answer.status });
  });
  return app;
}

let made: Promise<Hono<TenantEnv>> | null = null;

/** What a runtime of workers calls. */
export const worker = {
  async fetch(request: Request, env: EdgeBindings): Promise<Response> {
    made ??= edgeApp(env);
    return (await made).fetch(request, env);
  },
};
