import { generate } from "@tenantry/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assertSafe, doctor, type PlacedTenant } from "../src/doctor.ts";
import { tenantName } from "../src/names.ts";
import { pgQuery } from "../src/pg.ts";
import type { TableDeclaration, TableInput } from "../src/table-declaration.ts";
import { codeOf, declare, idNo, makeTables, openWorld, type World } from "./world.ts";

/** A fault, how it comes about, and how it goes. `$app` and so on are the roles. */
type Fault = readonly [code: string, object: string, make: string, unmake: string];

const faults: readonly Fault[] = [
  ["isolation.unsafe_role", "$app", "alter role $app superuser", "alter role $app nosuperuser"],
  ["isolation.unsafe_role", "$app", "alter role $app bypassrls", "alter role $app nobypassrls"],
  ["isolation.unsafe_role", "$app", "alter role $app createrole", "alter role $app nocreaterole"],
  ["isolation.unsafe_role", "$owner", "grant $owner to $app", "revoke $owner from $app"],
  ["isolation.unsafe_role", "$admin", "grant $admin to $app", "revoke $admin from $app"],
  [
    "isolation.unsafe_role",
    "$owner",
    "grant $owner to $between; grant $between to $app",
    "revoke $between from $app; revoke $owner from $between",
  ],
  [
    "isolation.unsafe_role",
    "$between",
    "alter role $between bypassrls; grant $between to $app",
    "revoke $between from $app; alter role $between nobypassrls",
  ],
  [
    "isolation.unsafe_role",
    "$app",
    "grant all on schema app to $app; alter table app.lines owner to $app",
    "alter table app.lines owner to $owner; revoke create on schema app from $app",
  ],
  [
    "isolation.rls_not_forced",
    "app.invoices",
    "alter table app.invoices no force row level security",
    "alter table app.invoices force row level security",
  ],
  [
    "isolation.rls_not_forced",
    "app.invoices",
    "alter table app.invoices disable row level security",
    "alter table app.invoices enable row level security",
  ],
  [
    "isolation.rls_not_forced",
    "app.visits_2032_home",
    "alter table app.visits_2032_home no force row level security",
    "alter table app.visits_2032_home force row level security",
  ],
  ["isolation.policy_missing", "tenantry_access on app.invoices", "drop policy tenantry_access on app.invoices", ""],
  [
    "isolation.policy_missing",
    "tenantry_boundary on app.invoices",
    "drop policy tenantry_boundary on app.invoices",
    "",
  ],
  [
    "isolation.policy_missing",
    "tenantry_boundary on app.invoices",
    "alter policy tenantry_boundary on app.invoices with check (true)",
    "",
  ],
  [
    "isolation.policy_missing",
    "tenantry_boundary on app.invoices",
    "alter policy tenantry_boundary on app.invoices to $admin",
    "",
  ],
  [
    "isolation.policy_missing",
    "tenantry_boundary on app.invoices",
    "alter policy tenantry_boundary on app.invoices using (org_id is not null)",
    "",
  ],
  [
    "isolation.policy_missing",
    "tenantry_boundary_delete on app.templates",
    "drop policy tenantry_boundary_delete on app.templates",
    "",
  ],
  [
    "isolation.policy_missing",
    "tenantry_boundary on app.tours",
    "alter policy tenantry_boundary on app.tours using (true)",
    "",
  ],
  [
    "isolation.policy_missing",
    "tenantry_access on app.visits_2031",
    "drop policy tenantry_access on app.visits_2031",
    "",
  ],
  [
    "isolation.policy_missing",
    "mine on app.invoices",
    "create policy mine on app.invoices using (true)",
    "drop policy mine on app.invoices",
  ],
  [
    "isolation.policy_missing",
    "mine on app.invoices",
    "create policy mine on app.invoices for insert to $app with check (true)",
    "drop policy mine on app.invoices",
  ],
  ["isolation.policy_missing", "tenantry_list on app.tour_orgs", "drop policy tenantry_list on app.tour_orgs", ""],
  [
    "isolation.policy_missing",
    "tenantry_admin on app.invoices",
    "alter policy tenantry_admin on app.invoices to $app",
    "",
  ],
  [
    "isolation.policy_missing",
    "app.tenantry_sees_tours()",
    "create or replace function app.tenantry_sees_tours(of_row int) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as 'select true'",
    "",
  ],
  [
    "isolation.policy_missing",
    "app.tenantry_sees_tours()",
    "alter function app.tenantry_sees_tours(int) security invoker",
    "",
  ],
  [
    "isolation.cross_tenant_reference",
    "lines_id of app.lines",
    "alter table app.invoices add unique (id); alter table app.lines add constraint lines_id foreign key (invoice_id) references app.invoices (id)",
    "alter table app.lines drop constraint lines_id; alter table app.invoices drop constraint invoices_id_key",
  ],
  [
    "isolation.leaky_object",
    "app.report",
    "create view app.report as select * from app.invoices; grant select on app.report to $app",
    "drop view app.report",
  ],
  [
    "isolation.leaky_object",
    "app.outer_report",
    "create view app.report with (security_invoker) as select * from app.invoices; create view app.outer_report as select * from app.report; grant select on app.outer_report to $app",
    "drop view app.outer_report; drop view app.report",
  ],
  [
    "isolation.leaky_object",
    "app.stock",
    "create materialized view app.stock as select * from app.invoices; grant select on app.stock to $app",
    "drop materialized view app.stock",
  ],
  [
    "isolation.leaky_object",
    "app.total()",
    "create function app.total() returns bigint language sql security definer as 'select count(*) from app.invoices'",
    "drop function app.total()",
  ],
  [
    "isolation.leaky_object",
    "TRUNCATE on app.invoices",
    "grant truncate on app.invoices to $app",
    "revoke truncate on app.invoices from $app",
  ],
  [
    "isolation.leaky_object",
    "TRIGGER on app.invoices",
    "grant trigger on app.invoices to public",
    "revoke trigger on app.invoices from public",
  ],
  [
    "isolation.leaky_object",
    "REFERENCES on app.lines",
    "grant references on app.lines to $app",
    "revoke references on app.lines from $app",
  ],
  [
    "isolation.leaky_object",
    "app.visits_2031",
    "grant select on app.visits_2031 to $app",
    "revoke select on app.visits_2031 from $app",
  ],
  ["isolation.unclassified_table", "app.stray", "create table app.stray ()", "drop table app.stray"],
  ["isolation.unclassified_table", "app.old_log", "drop table app.old_log", "create table app.old_log ()"],
];

describe.each<[string, Partial<TableInput>]>([
  ["with plain contexts", {}],
  ["with proofs", { proof: "hmac" }],
])("a declared database %s", (_, extra) => {
  let world: World;
  let tables: TableDeclaration;
  let between: string;
  beforeAll(async () => {
    world = await openWorld();
    between = `${world.roles.app}_between`;
    await world.root.query(`create role ${between}`);
    tables = await makeTables(world, extra);
  });
  afterAll(async () => {
    await world.root.query(`drop role ${between}`);
    await world.close();
  });

  const named = (text: string): string =>
    text
      .replaceAll("$between", between)
      .replaceAll(/\$(app|admin|owner)\b/g, (_whole, role: keyof World["roles"]) => world.roles[role]);
  const look = () => doctor({ tables, query: pgQuery(world.root) });

  test("has no errors", async () => {
    expect((await look()).filter(({ severity }) => severity === "error")).toEqual([]);
    await assertSafe({ tables, query: pgQuery(world.root) });
    // The application's role may ask as well.
    await assertSafe({ tables, query: pgQuery(world.pool(world.roles.app)) });
  });

  test.each(faults)("%s: %s by %s", async (code, object, make, unmake) => {
    await world.root.query(named(make));
    try {
      const errors = (await look()).filter(({ severity }) => severity === "error");
      expect(errors.map((finding) => [finding.code, finding.object])).toContainEqual([code, named(object)]);
      expect(await codeOf(() => assertSafe({ tables, query: pgQuery(world.root) }))).toBe(code);
    } finally {
      await world.root.query(named(unmake));
      if (unmake === "") {
        const { generatePolicies } = await import("../src/policies/generate-policies.ts");
        await world.pool(world.roles.owner).query(generatePolicies(tables));
      }
    }
    expect((await look()).filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

test("what is there besides the script, and what of it is missing and opens nothing", async () => {
  const world = await openWorld();
  const tables = await makeTables(world);
  const look = async () =>
    (await doctor({ tables, query: pgQuery(world.root) }))
      .filter(({ code }) => code.startsWith("isolation.policy_"))
      .map(({ severity, code, object }) => `${severity} ${code} ${object}`);
  expect(await look()).toEqual([]);
  await world.root.query(`
    create policy mine on app.invoices for select to ${world.roles.app} using (number > 3);
    drop policy tenantry_admin on app.lines;
    alter table app.lines alter column org_id drop default`);
  expect(await look()).toEqual([
    "warning isolation.policy_extra mine on app.invoices",
    "warning isolation.policy_missing tenantry_admin on app.lines",
    "warning isolation.policy_missing default of org_id on app.lines",
  ]);
  await assertSafe({ tables, query: pgQuery(world.root) });
  await world.close();
});

test("a function that believes any context", async () => {
  const world = await openWorld();
  const tables = await makeTables(world, { proof: "hmac", ownSchema: "ours" });
  await world.root.query(
    "create or replace function ours.current_org() returns uuid language sql stable security definer set search_path = pg_catalog, pg_temp as $$select current_setting('tenantry.org_id')::uuid$$",
  );
  expect(await codeOf(() => assertSafe({ tables, query: pgQuery(world.root) }))).toBe("isolation.policy_missing");
  await world.close();
});

describe("what else is found", () => {
  let world: World;
  let tables: TableDeclaration;
  beforeAll(async () => {
    world = await openWorld();
    tables = await makeTables(world);
  });
  afterAll(() => world.close());

  const codes = async (options: Partial<Parameters<typeof doctor>[0]> = {}): Promise<string[]> =>
    (await doctor({ tables, query: pgQuery(world.root), ...options })).map(
      ({ code, severity }) => `${severity} ${code}`,
    );

  test("a clock that is off, an old server, a role for all tenants", async () => {
    expect(await codes({ clock: () => new Date(Date.now() + 60_000) })).toContain("warning isolation.clock_skew");
    expect(await codes({ rolePerTenant: false })).toContain("warning isolation.shared_role");
    const query = pgQuery(world.root);
    const old = async (text: string, values: readonly (string | null)[]) =>
      (await query(text, values)).map((row) => ("version" in row ? { ...row, version: "170002" } : row));
    expect(await codes({ query: old })).toContain("warning isolation.server_version");
    expect(await codes()).not.toContain("warning isolation.server_version");
  });

  test("an index that tells of other tenants, and one that is missing", async () => {
    await world.root.query("create unique index on app.invoices (number); drop index app.templates_org_id_id_idx");
    expect(await codes()).toEqual(
      expect.arrayContaining(["warning isolation.cross_tenant_reference", "warning isolation.missing_index"]),
    );
  });

  test("a database that everybody may enter: an error once tenants log in", async () => {
    expect(await codes()).toContain("warning isolation.public_connect");
    const placed: PlacedTenant[] = [{ orgId: idNo("org", 1), strategy: "database", state: "pending", name: "t_x" }];
    expect(await codes({ placed })).toContain("error isolation.public_connect");
  });

  test("a placement without its schema, and a schema without placement", async () => {
    const [orgId, other] = [idNo("org", 1), idNo("org", 2)];
    const placed: PlacedTenant[] = [{ orgId, strategy: "schema", state: "ready", name: tenantName(orgId) }];
    expect(await codeOf(() => assertSafe({ tables, query: pgQuery(world.root), placed }))).toBe(
      "isolation.not_provisioned",
    );
    await world.root.query(`create schema ${tenantName(orgId)}`);
    expect(await codeOf(() => assertSafe({ tables, query: pgQuery(world.root), placed }))).toBe(null);
    await world.root.query(`create schema ${tenantName(other)}`);
    expect(await codeOf(() => assertSafe({ tables, query: pgQuery(world.root), placed }))).toBe(
      "isolation.not_provisioned",
    );
    await world.root.query(`drop schema ${tenantName(orgId)}; drop schema ${tenantName(other)}`);
  });

  test("a placement without its database, and a database without placement", async () => {
    const [own, other] = [generate("org"), generate("org")];
    const placed: PlacedTenant[] = [{ orgId: own, strategy: "database", state: "ready", name: tenantName(own) }];
    // The server has databases of others' tests as well.
    const missed = async (): Promise<readonly string[]> =>
      (await doctor({ tables, query: pgQuery(world.root), placed }))
        .filter(({ code, severity }) => code === "isolation.not_provisioned" && severity === "error")
        .flatMap(({ object }) => [own, other].filter((id) => object.includes(tenantName(id))));
    expect(await missed()).toEqual([own]);
    for (const id of [own, other]) {
      await world.root.query(`create database ${tenantName(id)} allow_connections false`);
    }
    expect(await missed()).toEqual([other]);
    // To an application without databases of tenants they are somebody else's.
    placed.length = 0;
    expect(await missed()).toEqual([]);
    for (const id of [own, other]) {
      await world.root.query(`drop database ${tenantName(id)}`);
    }
  });

  test("a role that does not exist", async () => {
    const nobody = declare(world, { appRole: "nobody_at_all" });
    // Other checks need the role; it is said first.
    const query = pgQuery(world.root);
    const found = await doctor({ tables: nobody, query }).catch((error: unknown) => error);
    expect(found).toMatchObject([{ code: "isolation.unsafe_role", object: "nobody_at_all" }]);
  });
});
