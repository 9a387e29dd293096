import { requireTenant } from "@tenantry/context/hono";
import { Hono } from "hono";
import type { Backend } from "../backend.ts";
import { listProjects } from "../projects.ts";
import type { Visit } from "../visit.ts";

/** For programs: a token names its organization, and no header can name another one. */
export function apiRoutes({ isolation }: Backend): Hono<Visit> {
  const routes = new Hono<Visit>();
  routes.use(requireTenant({ tokenMustName: true }));
  routes.get("/projects", async (c) => {
    const { org, trust } = c.get("tenant");
    const projects = await isolation.run(c.get("tenant"), (rows) => listProjects(rows), { readOnly: true });
    return c.json({ organization: org.id, trust, projects });
  });
  return routes;
}
