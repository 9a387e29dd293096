import { sql } from "drizzle-orm";
import { foreignKey, integer, pgSchema, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

// The application's own tables. What a tenant owns carries `org_id`, which the database fills in and guards; no query below
// names it. Keys begin with it, so that a document can only belong to a project of the same organization.

const app = pgSchema("app");

/** What can be bought: the same for everybody. */
export const plans = app.table("plans", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  projects: integer("projects").notNull(),
});

/** Ours for everybody, and each organization's own. */
export const templates = app.table("templates", {
  id: uuid("id").primaryKey().default(sql`gen_random_uuid()`),
  orgId: uuid("org_id"),
  title: text("title").notNull(),
});

export const projects = app.table(
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

export const documents = app.table(
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

/** What makes them, once, as the role that owns them. */
export const CREATE_TABLES = `
create schema if not exists app;
create table if not exists app.people (id uuid primary key, email text not null unique);
create table if not exists app.plans (id text primary key, name text not null, projects int not null);
create table if not exists app.templates (id uuid primary key default gen_random_uuid(), org_id uuid, title text not null);
create index if not exists templates_by_org on app.templates (org_id);
create table if not exists app.projects (
  org_id uuid not null, id uuid not null default gen_random_uuid(), title text not null, created_by uuid not null,
  created_at timestamptz not null default now(), primary key (org_id, id));
create table if not exists app.documents (
  org_id uuid not null, id uuid not null default gen_random_uuid(), project_id uuid not null, title text not null,
  body text not null, created_at timestamptz not null default now(), primary key (org_id, id),
  foreign key (org_id, project_id) references app.projects (org_id, id) on delete cascade);
create index if not exists documents_by_project on app.documents (org_id, project_id);
insert into app.plans values ('free', 'Free', 3), ('team', 'Team', 100) on conflict do nothing;
insert into app.templates (title)
select t from unnest(array['Meeting notes', 'Decision record', 'Post-mortem']) t where not exists (select from app.templates);
`;
