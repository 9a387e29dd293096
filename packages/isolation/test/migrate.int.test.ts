import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OrgId } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type MigrateTenantsOptions, migrateTenants } from "../src/migrate.ts";
import { tenantName } from "../src/names.ts";
import { pgQuery } from "../src/pg.ts";
import type { PlacementStore } from "../src/placement.ts";
import { storePlacements } from "../src/placement-store.ts";
import { codeOf, openWorld, placedIn, type World } from "./world.ts";

let world: World;
let directory: string;
let store: InMemoryTenancyStore;
let placements: PlacementStore;
let orgs: readonly OrgId[];
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tenantry-migrations-"));
  store = new InMemoryTenancyStore({ groups: ["placement"] });
  placements = storePlacements(store);
  orgs = await placed(4);
  await file("0001.sql", "create table notes (id int primary key);\ncreate table lines (id int);");
  return () => rm(directory, { recursive: true });
});

async function placed(count: number): Promise<readonly OrgId[]> {
  const made: OrgId[] = [];
  for (let number = 0; number < count; number += 1) {
    const orgId = await placedIn(store, "schema", "ready");
    made.push(orgId);
    await world.root.query(`create schema ${tenantName(orgId)}`);
  }
  return made;
}

const file = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
const migrate = (options: Partial<MigrateTenantsOptions> = {}) =>
  migrateTenants({
    source: { directory },
    tenants: "all",
    placements,
    async connect({ orgId }) {
      const client = new pg.Client({ connectionString: world.url });
      await client.connect();
      return { schema: tenantName(orgId), query: pgQuery(client), close: () => client.end() };
    },
    ...options,
  });
const counts = ({ applied, upToDate, failed, skipped }: Awaited<ReturnType<typeof migrate>>) => [
  applied,
  upToDate,
  failed,
  skipped,
];
const journal = async (orgId: OrgId): Promise<string[]> =>
  (await world.root.query(`select name from ${tenantName(orgId)}.tenantry_migrations order by name`)).rows.map(
    ({ name }) => name,
  );

test("every tenant is migrated once, and is up to date then", async () => {
  expect(counts(await migrate())).toEqual([4, 0, 0, 0]);
  expect(counts(await migrate())).toEqual([0, 4, 0, 0]);
  await file("0002.sql", "-- tenantry: no transaction\ncreate index concurrently on notes (id)");
  expect(counts(await migrate())).toEqual([4, 0, 0, 0]);
  for (const orgId of orgs) {
    expect(await journal(orgId)).toEqual(["0001.sql", "0002.sql"]);
    expect((await placements.get(orgId))?.migratedTo).toBe("0002.sql");
  }
});

test("one that fails is reported, and the others go on; run again it does what is left", async () => {
  const [broken] = orgs;
  await world.root.query(`create table ${tenantName(broken ?? ("" as OrgId))}.lines ()`);
  const report = await migrate();
  expect(counts(report)).toEqual([3, 0, 1, 0]);
  expect(report.tenants.find(({ outcome }) => outcome === "failed")).toMatchObject({
    orgId: broken,
    code: "isolation.migration_failed",
    file: "0001.sql",
    sqlState: "42P07",
  });
  // The file failed as a whole.
  const notes = await world.root.query("select to_regclass($1) as there", [`${tenantName(broken as OrgId)}.notes`]);
  expect(notes.rows[0].there).toBe(null);
  await world.root.query(`drop table ${tenantName(broken as OrgId)}.lines`);
  expect(counts(await migrate())).toEqual([1, 3, 0, 0]);
});

// Any answer about the first tenant may be the last that is given, and one in the middle of all.
test.each([...Array.from({ length: 13 }, (_, index) => index + 1), 150])(
  "of 40 tenants, one of them broken, killed after %i answers, 39 are migrated once and one is reported",
  async (answers) => {
    const many = [...orgs, ...(await placed(36))];
    const broken = many[20] as OrgId;
    await world.root.query(`create table ${tenantName(broken)}.lines ()`);
    // Run twice it would be there twice.
    await file("0002.sql", "insert into lines values (1)");
    let left = answers;
    const isDead = (): boolean => left <= 0;
    const die = (): never => {
      throw new RangeError("killed");
    };
    await migrate({
      concurrency: 1,
      placements: { ...placements, patch: (...args) => (isDead() ? die() : placements.patch(...args)) },
      async connect({ orgId }) {
        const client = new pg.Client({ connectionString: world.url });
        await client.connect();
        const query = pgQuery(client);
        return {
          schema: tenantName(orgId),
          async query(...args) {
            if (isDead()) {
              die();
            }
            const rows = await query(...args);
            left -= 1;
            // What was answered is heard by nobody.
            return isDead() ? die() : rows;
          },
          close: () => client.end(),
        };
      },
    });
    expect(isDead()).toBe(true);
    const again = await migrate();
    expect([again.failed, again.applied + again.upToDate, again.skipped]).toEqual([1, 39, 0]);
    expect(again.tenants.find(({ outcome }) => outcome === "failed")).toMatchObject({
      orgId: broken,
      file: "0001.sql",
    });
    expect(counts(await migrate())).toEqual([0, 39, 1, 0]);
    for (const orgId of many.filter((id) => id !== broken)) {
      expect(await journal(orgId)).toEqual(["0001.sql", "0002.sql"]);
      expect((await world.root.query(`select from ${tenantName(orgId)}.lines`)).rowCount).toBe(1);
      expect((await placements.get(orgId))?.migratedTo).toBe("0002.sql");
    }
    expect(await journal(broken)).toEqual([]);
  },
);

test("a file that has changed, is gone, or comes too late is refused", async () => {
  await file("0003.sql", "select 1");
  await migrate();
  const refused = async (): Promise<unknown[]> =>
    (await migrate()).tenants.map(({ code, file: name }) => `${code} ${name}`);
  await file("0002.sql", "select 2");
  expect(new Set(await refused())).toEqual(new Set(["isolation.migration_changed 0002.sql"]));
  await rm(join(directory, "0002.sql"));
  await file("0001.sql", "select 1");
  expect(new Set(await refused())).toEqual(new Set(["isolation.migration_changed 0001.sql"]));
  await rm(join(directory, "0001.sql"));
  expect(new Set(await refused())).toEqual(new Set(["isolation.migration_changed 0001.sql"]));
});

test("a tenant that somebody else works on is left to them", async () => {
  await placements.lease(orgs[0] as OrgId, "somebody", 60);
  const report = await migrate();
  expect(counts(report)).toEqual([3, 0, 0, 1]);
  expect(report.tenants.find(({ outcome }) => outcome === "skipped")?.code).toBe("isolation.busy");
});

test("two at a time do each tenant once", async () => {
  const reports = await Promise.all([migrate(), migrate()]);
  expect(reports[0]?.failed).toBe(0);
  expect(reports[1]?.failed).toBe(0);
  expect(reports.reduce((sum, { applied }) => sum + applied, 0)).toBe(4);
});

test("named tenants, notes without running, and a look at what would be run", async () => {
  const [first] = orgs;
  const named = await migrate({ tenants: [first as OrgId], dryRun: true });
  expect(named.tenants).toMatchObject([{ orgId: first, outcome: "applied", files: ["0001.sql"] }]);
  expect((await placements.get(first as OrgId))?.migratedTo).toBe(null);
  await migrate({ tenants: [first as OrgId], record: true });
  expect(await journal(first as OrgId)).toEqual(["0001.sql"]);
  const there = await world.root.query("select to_regclass($1) as there", [`${tenantName(first as OrgId)}.notes`]);
  expect(there.rows[0].there).toBe(null);
});

test("stopped at the first failure, and by a signal", async () => {
  for (const orgId of orgs) {
    await world.root.query(`create table ${tenantName(orgId)}.lines ()`);
  }
  expect(counts(await migrate({ onFailure: "stop", concurrency: 1 }))).toEqual([0, 0, 1, 3]);
  expect(counts(await migrate({ signal: AbortSignal.abort() }))).toEqual([0, 0, 0, 4]);
});

test("a migrator of the host's answers how far it has come", async () => {
  const seen: string[] = [];
  const report = await migrate({
    source: async ({ schema }) => {
      seen.push(String(schema));
      return "7";
    },
  });
  expect(counts(report)).toEqual([4, 0, 0, 0]);
  expect(seen.sort()).toEqual(orgs.map(tenantName).sort());
  expect((await placements.get(orgs[0] as OrgId))?.migratedTo).toBe("7");
});

test("what is no option is refused", async () => {
  expect(await codeOf(() => migrate({ concurrency: 0 }))).toBe("config.invalid");
});
