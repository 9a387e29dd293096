import { inTenant } from "@tenantry/context";
import { requireTenant, type TenantEnv } from "@tenantry/context/hono";
import type { MutationOptions, OrgId, UsrId } from "@tenantry/core";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import type { Backend } from "../backend.ts";
import { body, email, formOf, invitationId, memberId, role, title } from "../form.ts";
import type { Markup } from "../pages/layout.ts";
import { auditPage, membersPage, organization, type Place, projectPage, projectsPage } from "../pages/organization.ts";
import { settingsPage } from "../pages/settings.ts";
import {
  createProject,
  deleteProject,
  findPlan,
  findProject,
  listDocuments,
  listProjects,
  listTemplates,
  type Project,
  type Rows,
  writeDocument,
} from "../projects.ts";
import type { Person } from "../session.ts";
import { render, type Visit } from "../visit.ts";
import { webhookRoutes } from "./webhooks.ts";

const WEEK = 7 * 86_400_000;

// Any active member reads; who may change what is said where it is changed.
const member = requireTenant();
const writer = requireTenant({ anyRole: ["owner", "admin", "editor", "member"] });
const manager = requireTenant({ role: "admin" });
const owner = requireTenant({ role: "owner" });
// No role stands for this one: it is granted with an invitation. It names the organization, since tuples are asked for by their
// object alone: one on "projects" would hold in every organization that its holder is in.
const exporterOf = (orgId: OrgId) => ({ relation: "exporter", objectType: "org", objectId: orgId });
const exporter: MiddlewareHandler<TenantEnv> = (c, next) =>
  requireTenant({ relation: exporterOf(c.get("tenant").org.id) })(c, next);

/** The pages of one organization: below its path, or on its host. */
export function organizationRoutes(backend: Backend, base: (slug: string) => string): Hono<Visit> {
  const { store, isolation, people, lifecycle, settings, audit, tokens, addresses } = backend;
  const routes = new Hono<Visit>();

  const baseOf = (c: Context<Visit>): string => base(c.get("tenant").org.slug ?? c.get("tenant").org.id);
  const roleIn = (c: Context<Visit>): string => c.get("tenant").membership?.role ?? "";
  const isOneOf = (c: Context<Visit>, ...roles: string[]): boolean => roles.includes(roleIn(c));
  /** Also while an organization is moved, when writes are refused. */
  const reading = <T>(c: Context<Visit>, fn: (rows: Rows) => Promise<T>): Promise<T> =>
    isolation.run(c.get("tenant"), fn, { readOnly: true });
  const page = async (c: Context<Visit>, tab: Place["tab"], markup: Markup): Promise<Response> => {
    const { id, name: known } = c.get("tenant").org;
    const name = known ?? "";
    c.set("accent", await settings.get(id, "accent"));
    return render(c, {
      title: `${name}, ${tab}`,
      body: organization({ base: baseOf(c), name, role: roleIn(c), tab }, markup),
    });
  };

  routes.get("/", member, async (c) => {
    const chosen = await settings.get(c.get("tenant").org.id, "plan");
    const shown = await reading(c, async (rows) => ({
      projects: await listProjects(rows),
      templates: await listTemplates(rows),
      plan: await findPlan(rows, chosen),
    }));
    return page(c, "projects", projectsPage({ base: baseOf(c), mayWrite: !isOneOf(c, "viewer", "guest"), ...shown }));
  });

  routes.post("/projects", writer, async (c) => {
    const form = await formOf(c, { title });
    const { usrId } = personIn(c);
    const chosen = await settings.get(c.get("tenant").org.id, "plan");
    const { id } = await isolation.run(c.get("tenant"), async (rows) => {
      const [existing, plan] = [await listProjects(rows), await findPlan(rows, chosen)];
      if (existing.length >= plan.projects) {
        throw new HTTPException(409, { message: "The plan has no room for another project." });
      }
      return createProject(rows, form.title, usrId);
    });
    return c.redirect(`${baseOf(c)}/projects/${id}`, 303);
  });

  routes.get("/projects/:id", member, async (c) => {
    const shown = await reading(c, async (rows) => {
      const project = await projectIn(rows, c);
      return { project, documents: await listDocuments(rows, project.id) };
    });
    const mayWrite = !isOneOf(c, "viewer", "guest");
    return page(c, "projects", projectPage(baseOf(c), shown.project, shown.documents, mayWrite));
  });

  routes.post("/projects/:id/delete", writer, async (c) => {
    await isolation.run(c.get("tenant"), (rows) => deleteProject(rows, rowId(c)));
    return c.redirect(`${baseOf(c)}/`, 303);
  });

  routes.post("/projects/:id/documents", writer, async (c) => {
    const form = await formOf(c, { title, body });
    const { id } = await isolation.run(c.get("tenant"), async (rows) => {
      const project = await projectIn(rows, c);
      await writeDocument(rows, { projectId: project.id, ...form });
      return project;
    });
    return c.redirect(`${baseOf(c)}/projects/${id}`, 303);
  });

  routes.get("/export", member, exporter, async (c) => {
    const projects = await reading(c, async (rows) => {
      const all = [];
      for (const project of await listProjects(rows)) {
        all.push({ ...project, documents: await listDocuments(rows, project.id) });
      }
      return all;
    });
    return c.json({ organization: c.get("tenant").org.id, projects });
  });

  routes.get("/members", member, async (c) => {
    const own = inTenant(store, c.get("tenant"));
    const mayManage = isOneOf(c, "owner", "admin");
    const [members, invitations] = await Promise.all([
      own.listMembers({ limit: 100 }),
      mayManage ? own.listInvitations({ status: "pending", limit: 100 }) : { data: [] },
    ]);
    const emails = await people.emails(members.data.map(({ usrId }) => usrId));
    const self = personIn(c).usrId;
    const linkTo = ({ id }: { readonly id: string }): string => `${addresses.home}invitations/${id}`;
    const shown = {
      base: baseOf(c),
      members: members.data,
      invitations: invitations.data,
      emails,
      self,
      mayManage,
      linkTo,
    };
    return page(c, "members", membersPage(shown));
  });

  routes.post("/invitations", manager, async (c) => {
    const form = await formOf(c, { email, role, export: z.literal("on").optional() });
    const offer = { identifier: form.email, role: form.role, expiresAt: new Date(Date.now() + WEEK) };
    const preTuples = form.export === "on" ? [exporterOf(c.get("tenant").org.id)] : [];
    await inTenant(store, c.get("tenant")).createInvitation({ ...offer, preTuples });
    return c.redirect(`${baseOf(c)}/members`, 303);
  });

  routes.post("/invitations/:id/revoke", manager, async (c) => {
    await inTenant(store, c.get("tenant")).revokeInvitation({ invId: idIn(c, invitationId) });
    return c.redirect(`${baseOf(c)}/members`, 303);
  });

  // Rank is a rule of the store's, which asks on behalf of whoever acts: an admin changes nothing of an owner.
  const acting = (c: Context<Visit>): ReturnType<typeof store.as> => store.as(personIn(c).usrId);

  routes.post("/members/:id/role", manager, async (c) => {
    const form = await formOf(c, { role });
    // Which organization a member is of never changes: one of another is as unknown here as one that never was.
    const { id } = await inTenant(store, c.get("tenant")).getMembership(idIn(c, memberId));
    await acting(c).changeRole({ memId: id, newRole: form.role });
    return c.redirect(`${baseOf(c)}/members`, 303);
  });

  routes.post("/members/:id/remove", manager, async (c) => {
    await inTenant(store, c.get("tenant")).adminRemove({ memId: idIn(c, memberId) });
    return c.redirect(`${baseOf(c)}/members`, 303);
  });

  routes.post("/leave", member, async (c) => {
    await inTenant(store, c.get("tenant")).selfLeave();
    return c.redirect(addresses.home, 303);
  });

  routes.get("/settings", manager, async (c) => {
    const { accent, plan } = (await settings.effective(c.get("tenant").org.id)).values;
    return page(c, "settings", settingsPage({ base: baseOf(c), accent, plan, isOwner: isOneOf(c, "owner") }));
  });

  routes.post("/settings", manager, async (c) => {
    const form = await formOf(c, { accent: z.string(), plan: z.enum(["free", "team"]) });
    await settings.setMany(c.get("tenant").org.id, form, by(c));
    return c.redirect(`${baseOf(c)}/settings`, 303);
  });

  routes.get("/audit", manager, async (c) => {
    const { data } = await audit.list({ org: c.get("tenant").org.id, newestFirst: true, limit: 100 });
    const actors = data.flatMap(({ actor }): UsrId[] => (actor === null ? [] : [actor]));
    return page(c, "audit", auditPage(data, await people.emails(actors)));
  });

  routes.post("/suspend", owner, async (c) => {
    await lifecycle.suspendTenant(c.get("tenant").org.id, { reason: "by its owner" }, by(c));
    return c.redirect(addresses.home, 303);
  });

  routes.post("/delete", owner, async (c) => {
    await lifecycle.deleteTenant(c.get("tenant").org.id, { reason: "by its owner", graceDays: 30 }, by(c));
    return c.redirect(addresses.home, 303);
  });

  routes.post("/token", member, async (c) => {
    return c.json({ token: await tokens.mint(c.get("tenant"), personIn(c).usrId) });
  });

  routes.route("/webhooks", webhookRoutes(backend, { page, baseOf }));

  return routes;
}

/** Somebody is signed in wherever a guard has let them through. */
const personIn = (c: Context<Visit>): Person => c.get("person") as Person;
const by = (c: Context<Visit>): MutationOptions => ({ actor: personIn(c).usrId });

/** The key of a row, as it stands in an address. */
function rowId(c: Context<Visit>): string {
  const id = c.req.param("id") ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
    throw new HTTPException(404, { message: "There is no such project." });
  }
  return id;
}

/** The project of an address. One of another tenant is as unknown to the database as one that never was. */
async function projectIn(rows: Rows, c: Context<Visit>): Promise<Project> {
  const project = await findProject(rows, rowId(c));
  if (project === null) {
    throw new HTTPException(404, { message: "There is no such project." });
  }
  return project;
}

function idIn<T>(
  c: Context<Visit>,
  schema: { safeParse(value: unknown): { readonly success: boolean; readonly data?: T } },
): T {
  const { success, data } = schema.safeParse(c.req.param("id"));
  if (!success || data === undefined) {
    throw new HTTPException(404, { message: "There is no such entry." });
  }
  return data;
}
