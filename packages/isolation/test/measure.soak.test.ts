import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate, type OrgId, uuidOf } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrateTenants } from "../src/migrate.ts";
import { tenantName } from "../src/names.ts";
import { pgDriver, pgQuery } from "../src/pg.ts";
import { storePlacements } from "../src/placement-store.ts";
import { generatePolicies } from "../src/policies/generate-policies.ts";
import { TenantProvisioner } from "../src/provisioner.ts";
import { schemaIsolation } from "../src/schema.ts";
import { StrategyRegistry } from "../src/strategy-registry.ts";
import { defineTables } from "../src/table-declaration.ts";
import { openWorld, placedIn, type World } from "./world.ts";

// What the figures of docs/isolation.md were measured with. They are printed, not asserted.

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test("policies beside the same query with a condition of its own", { timeout: 600_000 }, async () => {
  const tenants = Array.from({ length: 200 }, () => uuidOf(generate("org")));
  const owner = world.pool(world.roles.owner);
  await owner.query(`create table app.guarded (id bigint generated always as identity primary key, org_id uuid not null, number int not null, note text);
    create index on app.guarded (org_id, number); create table app.plain (like app.guarded including all)`);
  await world.root.query(
    `insert into app.guarded (org_id, number, note)
     select ($1::uuid[])[1 + n % 200], n, repeat('x', 80) from generate_series(1, 400000) n`,
    [tenants],
  );
  await world.root.query(
    "insert into app.plain (org_id, number, note) select org_id, number, note from app.guarded; grant select on app.plain to public;",
  );
  const tables = defineTables({
    schema: "app",
    appRole: world.roles.app,
    adminRole: world.roles.admin,
    tables: { guarded: "tenant", plain: "ignored" },
  });
  await owner.query(generatePolicies(tables));
  // Both alike: what an index alone can answer depends on it.
  await world.root.query("vacuum analyze app.guarded");
  await world.root.query("vacuum analyze app.plain");
  const client = await world.pool(world.roles.app).connect();
  const shapes = {
    "one row": ["number = $1", "limit 1"],
    "a page of 50": ["number > $1", "order by number limit 50"],
    "a count of 2,000": ["number > $1", ""],
  } as const;
  for (const [shape, [condition, end]] of Object.entries(shapes)) {
    // Of a column that no index has, so that both go to the rows.
    const what = end === "" ? "count(note)" : "*";
    const guarded = { name: `guarded ${shape}`, text: `select ${what} from app.guarded where ${condition} ${end}` };
    const plain = {
      name: `plain ${shape}`,
      text: `select ${what} from app.plain where org_id = $2 and ${condition} ${end}`,
    };
    const times: { guarded: number[]; plain: number[] } = { guarded: [], plain: [] };
    for (let round = 0; round < 3_000; round += 1) {
      const org = tenants[round % 200] ?? "";
      const from = end === "" ? 0 : round;
      await client.query("begin");
      await client.query("select set_config('tenantry.org_id', $1, true)", [org]);
      const measure = async (kind: "guarded" | "plain"): Promise<void> => {
        const start = performance.now();
        await client.query(kind === "guarded" ? { ...guarded, values: [from] } : { ...plain, values: [from, org] });
        if (round >= 500) {
          times[kind].push(performance.now() - start);
        }
      };
      // In turn first, so that neither has the warmer cache.
      const order = round % 2 === 0 ? (["guarded", "plain"] as const) : (["plain", "guarded"] as const);
      await measure(order[0]);
      await measure(order[1]);
      await client.query("commit");
    }
    const [a, b] = [median(times.guarded), median(times.plain)];
    console.log(`${shape}: policies ${a.toFixed(3)} ms, condition ${b.toFixed(3)} ms, ratio ${(a / b).toFixed(2)}`);
  }
  await client.query("begin");
  await client.query("select set_config('tenantry.org_id', $1, true)", [tenants[0]]);
  for (const text of [
    "select * from app.guarded where number > 100 order by number limit 50",
    `select * from app.plain where org_id = '${tenants[0]}' and number > 100 order by number limit 50`,
    "select count(note) from app.guarded where number > 0",
    `select count(note) from app.plain where org_id = '${tenants[0]}' and number > 0`,
  ]) {
    console.log((await client.query(`explain (costs off) ${text}`)).rows.map((row) => row["QUERY PLAN"]).join("\n"));
  }
  await client.query("rollback");
  client.release();
});

test("1,000 schemas: made, migrated, one failing, finished", { timeout: 1_200_000 }, async () => {
  const count = 1_000;
  const store = new InMemoryTenancyStore({ groups: ["placement"] });
  const placements = storePlacements(store);
  const query = pgQuery(world.root);
  const strategy = schemaIsolation(pgDriver(world.pool(world.roles.app)), {
    provisioning: query,
    appRole: world.roles.app,
    async migrate({ schema }) {
      await query(`create table ${schema}.notes (id bigint primary key, text text)`, []);
      return "0000.sql";
    },
  });
  const provisioner = new TenantProvisioner({ placements, strategies: new StrategyRegistry().register(strategy) });
  const orgs: OrgId[] = [];
  for (let number = 0; number < count; number += 1) {
    orgs.push(await placedIn(store, "schema", "pending"));
  }
  let start = performance.now();
  for (const orgId of orgs) {
    await provisioner.provision(orgId);
  }
  console.log(`made: ${((performance.now() - start) / count).toFixed(1)} ms each`);
  const directory = await mkdtemp(join(tmpdir(), "tenantry-measure-"));
  await writeFile(
    join(directory, "0001.sql"),
    "alter table notes add column at timestamptz; create index on notes (at);",
  );
  const [broken] = orgs;
  await world.root.query(`alter table ${tenantName(broken ?? "org_")}.notes add column at int`);
  const migrate = () =>
    migrateTenants({
      source: { directory },
      tenants: "all",
      placements,
      async connect({ orgId }) {
        const client = new pg.Client({ connectionString: world.url });
        await client.connect();
        return { schema: tenantName(orgId), query: pgQuery(client), close: () => client.end() };
      },
    });
  const first = await migrate();
  console.log("migrated", { ...first, tenants: undefined });
  expect([first.applied, first.failed]).toEqual([count - 1, 1]);
  await world.root.query(`alter table ${tenantName(broken ?? "org_")}.notes drop column at`);
  const second = await migrate();
  console.log("again", { ...second, tenants: undefined });
  expect([second.applied, second.upToDate]).toEqual([1, count - 1]);
  await rm(directory, { recursive: true });
  start = performance.now();
  for (const orgId of orgs) {
    await provisioner.deprovision(orgId, { policy: "drop", confirm: orgId });
  }
  console.log(`dropped: ${((performance.now() - start) / count).toFixed(1)} ms each`);
});
