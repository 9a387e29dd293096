import { afterAll, beforeAll, expect, test } from "vitest";
import type { Statement, TenantDriver } from "../src/driver.ts";
import { pgDriver } from "../src/pg.ts";
import { generatePolicies } from "../src/policies/generate-policies.ts";
import { rowIsolation } from "../src/row.ts";
import { defineTables, type TableDeclaration } from "../src/table-declaration.ts";
import { openTenants, openWorld, type Tenants, type World } from "./world.ts";

// Three levels, a tree, a circle, partitions, and a table of both.
const TABLES = `
create table app.accounts (org_id uuid not null, id int, primary key (org_id, id));
create table app.a_orders (org_id uuid not null, id int, account int not null, primary key (org_id, id),
  foreign key (org_id, account) references app.accounts (org_id, id));
create table app.z_items (org_id uuid not null, id int, ordered int not null, primary key (org_id, id),
  foreign key (org_id, ordered) references app.a_orders (org_id, id));
create table app.folders (org_id uuid not null, id int, inside int, primary key (org_id, id),
  foreign key (org_id, inside) references app.folders (org_id, id));
create table app.teams (org_id uuid not null, id int, lead int, primary key (org_id, id));
create table app.persons (org_id uuid not null, id int, team int not null, primary key (org_id, id),
  foreign key (org_id, team) references app.teams (org_id, id));
alter table app.teams add foreign key (org_id, lead) references app.persons (org_id, id);
create table app.visits (org_id uuid not null, at int not null) partition by list (at);
create table app.visits_0 partition of app.visits for values in (0);
create table app.visits_1 partition of app.visits for values in (1);
create table app.templates (org_id uuid, name text);`;

const FILL = `
insert into app.accounts select $1, n from generate_series(1, 3) n;
insert into app.a_orders select $1, n, 1 + n % 3 from generate_series(1, 2500) n;
insert into app.z_items select $1, n, n from generate_series(1, 2500) n;
insert into app.folders select $1, n, nullif(n - 1, 0) from generate_series(1, 1500) n;
insert into app.teams select $1, 1, null;
insert into app.persons select $1, n, 1 from generate_series(1, 10) n;
update app.teams set lead = 1 where org_id = $1;
insert into app.visits select $1, $2 from generate_series(1, 200) n;
insert into app.templates values ($1, 'own')`;

const COUNTS = {
  accounts: 3,
  a_orders: 2_500,
  z_items: 2_500,
  folders: 1_500,
  teams: 1,
  persons: 10,
  visits: 200,
  templates: 1,
};

let world: World;
let tables: TableDeclaration;
let tenants: Tenants;
beforeAll(async () => {
  world = await openWorld();
  const owner = world.pool(world.roles.owner);
  await owner.query(TABLES);
  tables = defineTables({
    schema: "app",
    appRole: world.roles.app,
    adminRole: world.roles.admin,
    tables: {
      ...Object.fromEntries(Object.keys(COUNTS).map((name) => [name, "tenant" as const])),
      templates: "both",
    },
  });
  await owner.query(generatePolicies(tables));
  tenants = await openTenants();
  await world.root.query("insert into app.templates values (null, 'everybody''s')");
  // Each in a partition of its own, so that their rows are at the same places there.
  for (const [partition, orgId] of [tenants.ofA, tenants.ofB].entries()) {
    for (const text of FILL.split(";")) {
      await world.root.query(text.replaceAll("$1", `'${orgId}'::uuid`).replaceAll("$2", String(partition)));
    }
  }
});
afterAll(() => world.close());

const counted = async (orgId: string): Promise<Record<string, number>> => {
  const counts = Object.keys(COUNTS).map(
    (name) => `(select count(*)::int from app.${name} where org_id = $1) as ${name}`,
  );
  return (await world.root.query(`select ${counts.join(", ")}`, [orgId])).rows[0];
};
const context = { isResumed: false, sealedDsn: null, confirm: null, now: new Date(), signal: null };
const nothing = { ...context, keepDsn: async () => {}, keepVersion: async () => {} };

/** The admin's driver, which dies at a statement. */
function dying(atStatement: number): { readonly driver: TenantDriver<unknown>; readonly sent: Statement[] } {
  const driver = pgDriver(world.pool(world.roles.admin)) as TenantDriver<unknown>;
  const sent: Statement[] = [];
  return {
    sent,
    driver: {
      ...driver,
      async send(tx, statement) {
        sent.push(statement);
        if (sent.length === atStatement) {
          throw new RangeError("killed");
        }
        return driver.send(tx, statement);
      },
    },
  };
}

test("a purge that dies goes on where it was, children first, and leaves everybody else's rows", async () => {
  const { a, ofA, ofB } = tenants;
  const purgeWith = (driver: TenantDriver<unknown>) =>
    rowIsolation(pgDriver(world.pool(world.roles.app)) as TenantDriver<unknown>, {
      tables,
      admin: { driver, audit() {} },
    }).deprovision({ id: a.org.id }, "purge", nothing);
  const left = async () => Object.values(await counted(ofA)).reduce((sum, count) => sum + count, 0);
  let before = await left();
  // After the keys and two batches.
  for (const at of [4, 5]) {
    await expect(purgeWith(dying(at).driver)).rejects.toThrow(RangeError);
    const now = await left();
    expect(now).toBeLessThan(before);
    before = now;
  }
  const remaining = await counted(ofA);
  const whole = dying(0);
  const { policy, rows } = await purgeWith(whole.driver);
  expect(policy).toBe("purge");
  expect(rows).toEqual(remaining);
  expect(await left()).toBe(0);
  expect(await counted(ofB)).toEqual(COUNTS);
  expect((await world.root.query("select name from app.templates where org_id is null")).rowCount).toBe(1);
  // No more than a thousand at once, where the keys allow it.
  expect(whole.sent.filter(({ text }) => text.includes("limit 1000")).length).toBeGreaterThanOrEqual(5);
});

test("run again it finds nothing, and the other organization goes as a whole", async () => {
  const isolation = rowIsolation(pgDriver(world.pool(world.roles.app)), {
    tables,
    admin: { driver: pgDriver(world.pool(world.roles.admin)), audit() {} },
  });
  const { rows: none } = await isolation.deprovision({ id: tenants.a.org.id }, "purge", nothing);
  expect(Object.values(none ?? {})).toEqual(Object.keys(COUNTS).map(() => 0));
  const { rows } = await isolation.deprovision({ id: tenants.b.org.id }, "purge", nothing);
  expect(rows).toEqual(COUNTS);
});
