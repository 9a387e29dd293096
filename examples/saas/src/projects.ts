import { type UsrId, uuidOf } from "@tenantry/core";
import { desc, eq } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import { union } from "drizzle-orm/pg-core";
import { documents, everybodysTemplates, plans, projects, templates } from "./tables.ts";

// Rows of one organization. None of these queries says of which: they run inside `isolation.run(tenant, …)`, and the
// database shows, writes and stamps rows of that tenant alone.

/** A transaction in which one tenant is set. */
export type Rows = Pick<NodePgDatabase, "select" | "insert" | "delete">;

export interface Project {
  readonly id: string;
  readonly title: string;
  readonly createdAt: Date;
}

const columns = { id: projects.id, title: projects.title, createdAt: projects.createdAt };

export function listProjects(rows: Rows): Promise<Project[]> {
  return rows.select(columns).from(projects).orderBy(desc(projects.createdAt)).limit(100);
}

export async function findProject(rows: Rows, id: string): Promise<Project | null> {
  const [project] = await rows.select(columns).from(projects).where(eq(projects.id, id));
  return project ?? null;
}

export async function createProject(rows: Rows, title: string, createdBy: UsrId): Promise<Project> {
  const values = { title, createdBy: uuidOf(createdBy) };
  const [project] = await rows
    .insert(projects)
    .values(values as typeof projects.$inferInsert)
    .returning(columns);
  return project as Project;
}

export async function deleteProject(rows: Rows, id: string): Promise<void> {
  await rows.delete(projects).where(eq(projects.id, id));
}

export interface Document {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

export function listDocuments(rows: Rows, projectId: string): Promise<Document[]> {
  return rows
    .select({ id: documents.id, title: documents.title, body: documents.body })
    .from(documents)
    .where(eq(documents.projectId, projectId))
    .orderBy(desc(documents.createdAt))
    .limit(100);
}

export async function writeDocument(
  rows: Rows,
  document: { readonly projectId: string; readonly title: string; readonly body: string },
): Promise<void> {
  await rows.insert(documents).values(document as typeof documents.$inferInsert);
}

/** Ours and the organization's own. */
export function listTemplates(rows: Rows): Promise<{ id: string; title: string }[]> {
  const own = rows.select({ id: templates.id, title: templates.title }).from(templates);
  const ours = rows.select({ id: everybodysTemplates.id, title: everybodysTemplates.title }).from(everybodysTemplates);
  return union(own, ours).orderBy(({ title }) => title);
}

/** What a plan includes; nothing, if nobody sells it. */
export async function findPlan(rows: Rows, id: string): Promise<{ name: string; projects: number }> {
  const [plan] = await rows.select({ name: plans.name, projects: plans.projects }).from(plans).where(eq(plans.id, id));
  return plan ?? { name: id, projects: 0 };
}
