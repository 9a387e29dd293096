import { randomUUID } from "node:crypto";
import {
  type ActiveTenant,
  loadConfig,
  type Placement,
  ROW_PLACEMENT,
  storeDirectory,
  TenantContext,
} from "@tenantry/context";
import { encode, type Id, type IdType, isTenancyError, type OrgId, type Tenancy, uuidOf } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { openDatabase } from "@tenantry/testkit";
import pg from "pg";
import { inject } from "vitest";
import { serverError } from "../src/fault.ts";
import type { PlacementStore } from "../src/placement.ts";
import { storePlacements } from "../src/placement-store.ts";
import { generatePolicies } from "../src/policies/generate-policies.ts";
import { defineTables, type TableDeclaration, type TableInput } from "../src/table-declaration.ts";

/** An id that is always the same for the same number. */
export function idNo<T extends IdType>(type: T, number: number): Id<T> {
  return encode(type, `0190f2a8-0000-7000-8000-${number.toString(16).padStart(12, "0")}`);
}

/** The code with which something fails; a SQLSTATE where it was the server's; `null`: it does not. */
export async function codeOf(attempt: () => unknown): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    if (isTenancyError(error)) {
      return error.code;
    }
    const server = serverError(error);
    if (server !== null) {
      return server.code;
    }
    throw error;
  }
}

/** A new organization that is placed like this, in a store of its own. */
export async function placedIn(store: Tenancy, strategy: string, state: "pending" | "ready"): Promise<OrgId> {
  return (await store.createOrg({ creator: idNo("usr", 1), placement: { strategy, state } })).org.id;
}

/** Two organizations and their proofs. */
export interface Tenants {
  readonly a: ActiveTenant;
  readonly b: ActiveTenant;
  readonly ofA: string;
  readonly ofB: string;
  /** Those of the organizations' store. */
  readonly placements: PlacementStore;
  /** What was told of an organization, as JSON. */
  told(tenant: ActiveTenant): Promise<string>;
  /** As many others. */
  more(count: number): Promise<readonly ActiveTenant[]>;
  /** The proof made anew, with the placement of this moment. */
  again(tenant: ActiveTenant): Promise<ActiveTenant>;
}

/** Proofs made by the guard, of tenants that are placed as is said. */
export async function openTenants(
  placementOf: (orgId: OrgId) => Placement = () => ROW_PLACEMENT,
  strategy?: string,
): Promise<Tenants> {
  const store = new InMemoryTenancyStore({ groups: ["placement"] });
  const placement = strategy === undefined ? {} : ({ placement: { strategy, state: "pending" } } as const);
  const alice = idNo("usr", 1);
  const tenancy = new TenantContext<null>({
    directory: storeDirectory(store, { placementOf: ({ id }) => placementOf(id) }),
    config: loadConfig({ resolution: { resolvers: ["header"], validatorTtlSeconds: 0, negativeTtlSeconds: 0 } }),
    identify: () => ({ kind: "user", id: alice }),
  });
  const proof = async (orgId: OrgId): Promise<ActiveTenant> => {
    const header = (name: string): readonly string[] => (name === "x-tenant-id" ? [orgId] : []);
    return tenancy.guard.require(await tenancy.open(null, { host: null, path: "/", header }));
  };
  const open = async (): Promise<ActiveTenant> =>
    proof((await store.createOrg({ creator: alice, ...placement })).org.id);
  const more = async (count: number): Promise<readonly ActiveTenant[]> => {
    const opened: ActiveTenant[] = [];
    for (let number = 0; number < count; number += 1) {
      opened.push(await open());
    }
    return opened;
  };
  const [a, b] = [await open(), await open()];
  const again: Tenants["again"] = ({ org }) => proof(org.id);
  const told: Tenants["told"] = async ({ org }) => JSON.stringify(await store.listEvents(org.id));
  return { a, b, told, ofA: uuidOf(a.org.id), ofB: uuidOf(b.org.id), placements: storePlacements(store), more, again };
}

/** A database with an ordinary role for the application, one for the admin, and one that owns the tables. */
export interface World {
  readonly url: string;
  readonly roles: { readonly app: string; readonly admin: string; readonly owner: string };
  /** A superuser's. */
  readonly root: pg.Pool;
  urlAs(role: string): string;
  pool(role: string, config?: pg.PoolConfig): pg.Pool;
  close(): Promise<void>;
}

export async function openWorld(serverUrl: string = inject("databaseUrl")): Promise<World> {
  const database = await openDatabase(serverUrl);
  const suffix = randomUUID().slice(0, 8);
  const roles = { app: `app_${suffix}`, admin: `admin_${suffix}`, owner: `owner_${suffix}` };
  const root = database.pool({ max: 4 });
  for (const role of Object.values(roles)) {
    await root.query(`create role ${role} login`);
  }
  await root.query(`create schema app authorization ${roles.owner}`);
  await root.query(`grant create on database "${new URL(database.url).pathname.slice(1)}" to ${roles.owner}`);
  const urlAs = (role: string): string => {
    const url = new URL(database.url);
    url.username = role;
    return url.href;
  };
  const ends: (() => Promise<void>)[] = [];
  return {
    url: database.url,
    roles,
    root,
    urlAs,
    pool(role, config = {}) {
      const pool = new pg.Pool({ connectionString: urlAs(role), max: 1, ...config });
      pool.on("error", () => {});
      ends.push(() => pool.end());
      return pool;
    },
    async close() {
      await Promise.all(ends.map((end) => end()));
      for (const role of Object.values(roles)) {
        await root.query(`drop owned by ${role} cascade`);
        await root.query(`drop role ${role}`);
      }
      await database.close();
    },
  };
}

/** Tables of an application, of every kind. */
export const TABLES = `
create table app.invoices (id bigint generated always as identity primary key, org_id uuid not null, number int not null, unique (org_id, number), unique (org_id, id));
create index on app.invoices (org_id, id);
create table app.lines (id serial primary key, org_id uuid not null, invoice_id bigint not null, foreign key (org_id, invoice_id) references app.invoices (org_id, id));
create index on app.lines (org_id, id);
create table app.visits (org_id uuid not null, at date not null, page text not null) partition by range (at);
create table app.visits_2031 partition of app.visits for values from ('2031-01-01') to ('2032-01-01');
create table app.visits_2032 partition of app.visits for values from ('2032-01-01') to ('2033-01-01') partition by list (page);
create table app.visits_2032_home partition of app.visits_2032 default;
create index on app.visits (org_id, at);
create table app.plans (id int primary key, name text not null);
create table app.templates (id serial primary key, org_id uuid, name text not null);
create index on app.templates (org_id, id);
create table app.tours (id int primary key, name text not null);
create table app.tour_orgs (tour_id int not null references app.tours, org_id uuid not null, primary key (org_id, tour_id));
create table app.old_log (line text);
`;

export function declare(world: World, extra: Partial<TableInput> = {}): TableDeclaration {
  return defineTables({
    schema: "app",
    appRole: world.roles.app,
    adminRole: world.roles.admin,
    tables: {
      invoices: "tenant",
      lines: "tenant",
      visits: "tenant",
      plans: "shared",
      templates: "both",
      tours: { scope: "shared", visibleTo: { table: "tour_orgs", key: "tour_id" } },
      tour_orgs: "tenant",
      old_log: "ignored",
    },
    ...extra,
  });
}

/** The tables and their policies, made by the role that owns them. */
export async function makeTables(world: World, extra: Partial<TableInput> = {}): Promise<TableDeclaration> {
  const owner = world.pool(world.roles.owner);
  await owner.query(TABLES);
  const tables = declare(world, extra);
  await owner.query(generatePolicies(tables));
  return tables;
}
