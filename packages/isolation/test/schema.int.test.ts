import { type OrgId, uuidOf } from "@tenantry/core";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doctor } from "../src/doctor.ts";
import { tenantName } from "../src/names.ts";
import { pgDriver, pgQuery } from "../src/pg.ts";
import type { PlacementStore } from "../src/placement.ts";
import { TenantProvisioner } from "../src/provisioner.ts";
import { rowIsolation } from "../src/row.ts";
import { type SchemaOptions, schemaIsolation } from "../src/schema.ts";
import { StrategyRegistry } from "../src/strategy-registry.ts";
import { codeOf, declare, openTenants, openWorld, type Tenants, type World } from "./world.ts";

let world: World;
let tenants: Tenants;
let pool: ReturnType<World["pool"]>;
let provisioner: TenantProvisioner;
let placements: PlacementStore;

function isolationWith(options: Partial<SchemaOptions<never>> = {}) {
  const query = pgQuery(world.root);
  return schemaIsolation(pgDriver(pool), {
    provisioning: query,
    appRole: world.roles.app,
    async migrate({ schema }) {
      await query(`create table if not exists "${schema}".notes (id int primary key, text text)`, []);
      return "0001.sql";
    },
    ...(options as object),
  });
}

beforeAll(async () => {
  world = await openWorld();
  await world.root.query(`alter role ${world.roles.app} noinherit`);
  await world.root.query("create table public.notes (id int, text text); grant all on public.notes to public");
  await world.root.query("create table public.elsewhere (id int); grant all on public.elsewhere to public");
  tenants = await openTenants(() => ({ strategy: "schema", state: "ready", migratedTo: "0001.sql" }), "schema");
  placements = tenants.placements;
  pool = world.pool(world.roles.app);
  const strategies = StrategyRegistry.withDefaults(rowIsolation(pgDriver(pool))).register(isolationWith());
  provisioner = new TenantProvisioner({ placements, strategies });
  for (const { org } of [tenants.a, tenants.b]) {
    await provisioner.place(org.id, "schema");
    expect(await provisioner.provision(org.id)).toMatchObject({ state: "ready", migratedTo: "0001.sql" });
  }
});
afterAll(async () => {
  for (const { org } of [tenants.a, tenants.b]) {
    await world.root.query(`drop schema if exists ${tenantName(org.id)} cascade`);
    await world.root.query(`drop role if exists ${tenantName(org.id)}`);
  }
  await world.close();
});

const made = async (): Promise<OrgId> => {
  const [tenant] = await tenants.more(1);
  const orgId = tenant?.org.id ?? tenants.a.org.id;
  await provisioner.place(orgId, "schema");
  await provisioner.provision(orgId);
  return orgId;
};
const gone = async (orgId: OrgId): Promise<void> => {
  await provisioner.deprovision(orgId, { policy: "drop", confirm: orgId });
};

describe("inside a tenant", () => {
  test("its own tables are found by their plain names, and nothing of another's", async () => {
    const { a, b } = tenants;
    const isolation = isolationWith();
    await isolation.run(a, (tx) => tx.query("insert into notes values (1, 'of a')"));
    expect((await isolation.run(b, (tx) => tx.query("select * from notes"))).rows).toEqual([]);
    expect((await isolation.run(a, (tx) => tx.query("select text from notes"))).rows).toEqual([{ text: "of a" }]);
    const qualified = `select from ${tenantName(b.org.id)}.notes`;
    expect(await codeOf(() => isolation.run(a, (tx) => tx.query(qualified)))).toBe("42501");
    // What it lacks is not looked for in `public`.
    expect(await codeOf(() => isolation.run(a, (tx) => tx.query("select from elsewhere")))).toBe("42P01");
  });

  test("temporary tables do not shadow its tables, and tables of its own no built-ins", async () => {
    const { a } = tenants;
    const isolation = isolationWith();
    // It stays on the connection, which all tenants share.
    await isolation.run(a, (tx) => tx.query("create temporary table notes (id int, text text)"));
    expect((await isolation.run(a, (tx) => tx.query("select text from notes"))).rows).toEqual([{ text: "of a" }]);
    const unqualified = await isolation.run(a, (tx) =>
      tx.query("select 'notes'::regclass::oid = 'pg_temp.notes'::regclass as is_own"),
    );
    expect(unqualified.rows).toEqual([{ is_own: false }]);
    await isolation.run(a, (tx) => tx.query("drop table pg_temp.notes"));
    await world.root.query(`create table ${tenantName(a.org.id)}.pg_class (relname text)`);
    const { rows } = await isolation.run(a, (tx) => tx.query("select count(*)::int as n from pg_class"));
    expect(rows[0].n).toBeGreaterThan(100);
    await world.root.query(`drop table ${tenantName(a.org.id)}.pg_class`);
  });

  test("the connection is afterwards what it was before", async () => {
    const { a } = tenants;
    await isolationWith().run(a, (tx) => tx.query("select 1"));
    const text = "select current_user as who, current_setting('search_path') as path";
    expect((await pool.query(text)).rows).toEqual([{ who: world.roles.app, path: '"$user", public' }]);
    expect(await codeOf(() => pool.query(`select from ${tenantName(a.org.id)}.notes`))).toBe("42501");
  });

  test.each<[string, (tx: pg.PoolClient, controller: AbortController) => Promise<unknown>]>([
    ["throws", () => Promise.reject(new RangeError("no"))],
    ["has an error", (tx) => tx.query("select 1/0")],
    ["hides an error", (tx) => tx.query("select 1/0").catch(() => {})],
    ["is cancelled", (tx) => tx.query("select pg_sleep(60)")],
    [
      "is given up",
      (_, controller) => {
        controller.abort(new RangeError("enough"));
        return new Promise(() => {});
      },
    ],
    ["loses its session", (tx) => tx.query("select pg_terminate_backend(pg_backend_pid())")],
    ["ends its transaction", (tx) => tx.query("commit")],
  ])("a run that %s leaves neither path nor role, and the next tenant finds its own", async (_, end) => {
    const { a, b } = tenants;
    const isolation = isolationWith();
    const mine = "select current_user::text as role, current_schemas(false)::text as path";
    for (const tenant of [a, b, a]) {
      const controller = new AbortController();
      const ended = isolation.run(tenant, (tx) => end(tx, controller), {
        statementTimeoutMs: 50,
        signal: controller.signal,
      });
      await expect(ended).rejects.toThrow();
      const left = `select current_user::text as role, current_setting('search_path') as path,
        coalesce(current_setting('tenantry.org_id', true), '') as org, current_setting('statement_timeout') as timeout`;
      const { rows } = await pool.query(left).catch(() => pool.query(left));
      expect(rows).toEqual([{ role: world.roles.app, path: '"$user", public', org: "", timeout: "0" }]);
      const name = tenantName(tenant.org.id);
      const next = tenant === a ? b : a;
      expect((await isolation.run(next, (tx) => tx.query(mine))).rows).toEqual([
        { role: tenantName(next.org.id), path: `{${tenantName(next.org.id)}}` },
      ]);
      expect(await codeOf(() => pool.query(`select from ${name}.notes`))).toBe("42501");
    }
  });

  test("code of a tenant that sets things itself reaches the tenant that it names, and never two", async () => {
    const { a, b } = tenants;
    const isolation = isolationWith();
    const [ofA, ofB] = [tenantName(a.org.id), tenantName(b.org.id)];
    const inB = (...texts: readonly string[]): Promise<string | null> =>
      codeOf(() =>
        isolation.run(b, async (tx) => {
          for (const text of texts) {
            await tx.query(text);
          }
        }),
      );
    const both = `select from ${ofA}.notes, ${ofB}.notes`;
    for (const set of [
      `set local search_path = ${ofA}, ${ofB}`,
      `select set_config('tenantry.org_id', '${uuidOf(a.org.id)}', true)`,
      "reset role",
      "set local role none",
    ]) {
      expect([set, await inB(set, `select from ${ofA}.notes`)]).toEqual([set, "42501"]);
    }
    // The session's own role may become any tenant's, and has no right by itself.
    expect(await inB(`set local role ${ofA}`, `select from ${ofA}.notes`)).toBe(null);
    expect(await inB(`set local role ${ofA}`, both)).toBe("42501");
    expect(await inB("reset role", both)).toBe("42501");
    for (const role of [world.roles.admin, world.roles.owner, "postgres"]) {
      expect([role, await inB(`set role ${role}`)]).toEqual([role, "42501"]);
    }
    expect(await inB(`create table ${ofB}.mine ()`)).toBe("42501");
  });

  test("a transaction of the host's is attached to, and leaves again", async () => {
    const { a } = tenants;
    const isolation = isolationWith();
    await pgDriver(pool).transaction({ readOnly: false, entry: [], signal: null }, async (tx) => {
      const { rows } = await isolation.attach(tx, a, (inner) => inner.query("select text from notes"));
      expect(rows).toEqual([{ text: "of a" }]);
      const now = await tx.query("select current_user as who, current_setting('search_path') as path");
      expect(now.rows).toEqual([{ who: world.roles.app, path: '"$user", public' }]);
    });
  });

  test("a schema that is not there, or no more, is no place", async () => {
    const [c] = await tenants.more(1);
    if (c === undefined) {
      throw new Error("no tenant");
    }
    const isolation = isolationWith();
    const select = (): Promise<unknown> => isolation.run(c, (tx) => tx.query("select from notes"));
    expect(await codeOf(select)).toBe("isolation.not_provisioned");
    await provisioner.place(c.org.id, "schema");
    await provisioner.provision(c.org.id);
    expect(await codeOf(select)).toBe(null);
    await world.root.query(`drop schema ${tenantName(c.org.id)} cascade`);
    expect(await codeOf(select)).toBe("isolation.not_provisioned");
    await gone(c.org.id);
  });

  test("without a role for each tenant the path alone is left", async () => {
    const { a } = tenants;
    await world.root.query(`grant usage on schema ${tenantName(a.org.id)} to ${world.roles.app}`);
    await world.root.query(`grant select on ${tenantName(a.org.id)}.notes to ${world.roles.app}`);
    const { rows } = await isolationWith({ rolePerTenant: false }).run(a, (tx) =>
      tx.query("select text, current_user as who from notes"),
    );
    expect(rows).toEqual([{ text: "of a", who: world.roles.app }]);
    await world.root.query(`revoke all on ${tenantName(a.org.id)}.notes from ${world.roles.app}`);
    await world.root.query(`revoke usage on schema ${tenantName(a.org.id)} from ${world.roles.app}`);
  });
});

describe("taken down", () => {
  test("by its default a schema is put away with its rows", async () => {
    const orgId = await made();
    const { archivedAs } = await provisioner.deprovision(orgId, { policy: "rename" });
    expect(archivedAs).toMatch(/^archived_[0-9a-f]{32}_\d+$/);
    expect((await world.root.query(`select from ${archivedAs}.notes`)).rowCount).toBe(0);
    expect(await provisioner.status(orgId)).toMatchObject({ state: "archived", name: archivedAs });
    expect(await codeOf(() => provisioner.provision(orgId))).toBe("isolation.not_provisioned");
    await world.root.query(`drop schema ${archivedAs} cascade`);
  });

  test("it is dropped with its organization named, and not while something outside depends on it", async () => {
    const orgId = await made();
    const drop = { policy: "drop", confirm: orgId } as const;
    expect(await codeOf(() => provisioner.deprovision(orgId, { policy: "drop" }))).toBe("precondition.invalid_input");
    expect(await provisioner.status(orgId)).toMatchObject({ state: "ready" });
    await world.root.query(`create view public.report as select * from ${tenantName(orgId)}.notes`);
    const refused: unknown = await provisioner.deprovision(orgId, drop).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "isolation.dependent_objects",
      details: { objects: [expect.stringContaining("report")] },
    });
    expect((await world.root.query("select from public.report")).rowCount).toBe(0);
    await world.root.query("drop view public.report");
    await provisioner.deprovision(orgId, drop);
    expect(await provisioner.status(orgId)).toMatchObject({ state: "removed" });
    const left = await world.root.query("select from pg_roles where rolname = $1", [tenantName(orgId)]);
    expect(left.rowCount).toBe(0);
  });

  test("retained, it is there and closed", async () => {
    const orgId = await made();
    await provisioner.deprovision(orgId, { policy: "retain" });
    await world.root.query(`select from ${tenantName(orgId)}.notes`);
    expect(await codeOf(() => provisioner.deprovision(orgId, { policy: "shred" as never }))).toBe("config.invalid");
    await world.root.query(
      `drop schema ${tenantName(orgId)} cascade; drop owned by ${tenantName(orgId)}; drop role ${tenantName(orgId)}`,
    );
  });
});

test("the doctor compares placements and schemas", async () => {
  await world.root.query("create table app.invoices (org_id uuid not null)");
  const tables = declare(world, { tables: { invoices: "tenant" } });
  const placed = (await placements.list()).map(({ orgId, state }) => ({
    orgId,
    state,
    strategy: "schema" as const,
    name: tenantName(orgId),
  }));
  const found = await doctor({ tables, query: pgQuery(world.root), placed });
  expect(found.filter(({ code }) => code === "isolation.not_provisioned")).toEqual([]);
  await world.root.query("drop table app.invoices");
});

test("what cannot be is refused at construction", async () => {
  expect(await codeOf(() => isolationWith({ appRole: 'a"b' }))).toBe("config.invalid");
  expect(await codeOf(() => isolationWith({ extensionsSchema: "public" }))).toBe("config.invalid");
  expect(await codeOf(() => isolationWith({ names: { [tenants.a.org.id]: "public" } }))).toBe("isolation.invalid_name");
});
