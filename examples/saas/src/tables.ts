import { sql } from "drizzle-orm";
import { foreignKey, integer, pgSchema, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

// The application's own tables. What a tenant owns is named without a schema: it is found by the path of the connection, in
// one schema for all tenants, or by that of the run, in one for each. It carries `org_id`, which the database fills in and
// guards; no query below names it. Keys begin with it, so that a document can only belong to a project of the same
// organization.

const app = pgSchema("app");

/** What can be bought: the same for everybody. */
export const plans = app.table("plans", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  projects: integer("projects").notNull(),
});

const template = {
  id: uuid("id").primaryKey().default(sql`gen_random_uuid()`),
  orgId: uuid("org_id"),
  title: text("title").notNull(),
};

/** Ours for everybody; where all tenants share the table, theirs are in it too. */
export const everybodysTemplates = app.table("templates", template);

/** An organization's own. */
export const templates = pgTable("templates", template);

export const projects = pgTable(
  "projects",
  {
    orgId: uuid("org_id").notNull(),
    id: uuid("id").notNull().default(sql`gen_random_uuid()`),
    title: text("title").notNull(),
    createdBy: uuid("created_by").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.orgId, table.id] })],
);

export const documents = pgTable(
  "documents",
  {
    orgId: uuid("org_id").notNull(),
    id: uuid("id").notNull().default(sql`gen_random_uuid()`),
    projectId: uuid("project_id").notNull(),
    title: text("title").notNull(),
    body: text("body").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    foreignKey({ columns: [table.orgId, table.projectId], foreignColumns: [projects.orgId, projects.id] }),
  ],
);

/** What is everybody's, made once as the role that owns it. */
export const CREATE_SHARED = `
create schema if not exists app;
create table if not exists app.people (id uuid primary key, email text not null unique);
create table if not exists app.plans (id text primary key, name text not null, projects int not null);
insert into app.plans values ('free', 'Free', 3), ('team', 'Team', 100) on conflict do nothing;
create table if not exists app.templates (id uuid primary key default gen_random_uuid(), org_id uuid, title text not null);
insert into app.templates (title)
select t from unnest(array['Meeting notes', 'Decision record', 'Post-mortem']) t where not exists (select from app.templates);
`;

/** What is a tenant's: once in the schema of all of them, or in the schema of each. */
export function createOwned(schema: string): string {
  const own = "org_id uuid not null default nullif(current_setting('tenantry.org_id', true), '')::uuid";
  return `
create table if not exists ${schema}.templates (id uuid primary key default gen_random_uuid(), org_id uuid, title text not null);
create index if not exists templates_by_org on ${schema}.templates (org_id);
create table if not exists ${schema}.projects (
  ${own}, id uuid not null default gen_random_uuid(), title text not null, created_by uuid not null,
  created_at timestamptz not null default now(), primary key (org_id, id));
create table if not exists ${schema}.documents (
  ${own}, id uuid not null default gen_random_uuid(), project_id uuid not null, title text not null,
  body text not null, created_at timestamptz not null default now(), primary key (org_id, id),
  foreign key (org_id, project_id) references ${schema}.projects (org_id, id) on delete cascade);
create index if not exists documents_by_project on ${schema}.documents (org_id, project_id);
`;
}
