import type { StoredPlacement } from "@tenantry/core";
import { createSealer } from "@tenantry/core/seal";
import { type Cluster, type Major, startCluster } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseIsolation } from "../src/database.ts";
import { doctor } from "../src/doctor.ts";
import { tenantLogin, tenantName } from "../src/names.ts";
import { listened, pgDriver, pgPools, pgQuery } from "../src/pg.ts";
import { TenantProvisioner } from "../src/provisioner.ts";
import { schemaIsolation } from "../src/schema.ts";
import { StrategyRegistry } from "../src/strategy-registry.ts";
import { defineTables } from "../src/table-declaration.ts";
import { codeOf, openTenants, type Tenants } from "./world.ts";

// Nobody here is a superuser but who makes the three roles. What a role may do with those that it made changed in 16.
describe.each<Major>([15, 17])("on PostgreSQL %s, with a role that has CREATEROLE and CREATEDB alone", (major) => {
  let cluster: Cluster;
  const pools: pg.Pool[] = [];
  const poolOf = (user: string, database = "postgres"): pg.Pool => {
    const pool = listened(new pg.Pool({ host: "127.0.0.1", port: cluster.port, user, database, max: 1 }));
    pool.on("error", () => {});
    pools.push(pool);
    return pool;
  };
  let root: pg.Pool;
  let maker: pg.Pool;
  beforeAll(async () => {
    cluster = await startCluster({ major });
    root = poolOf("postgres");
    await root.query("create role maker login createrole createdb");
    await root.query("create role app login noinherit");
    await root.query("create role app_admin login");
    await root.query("grant create on database postgres to maker");
    await root.query("revoke connect on database postgres from public");
    await root.query("grant connect on database postgres to maker, app");
    maker = poolOf("maker");
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await cluster.stop();
  });

  const roleOf = async (name: string): Promise<boolean> =>
    (await root.query("select from pg_roles where rolname = $1", [name])).rowCount === 1;
  /** What the doctor says to an ordinary role. */
  const findings = async (placed: readonly StoredPlacement[]): Promise<readonly string[]> => {
    const tables = defineTables({ schema: "app", appRole: "app", adminRole: "app_admin", tables: {} });
    const known = placed.map(({ orgId, state, strategy }) => ({
      orgId,
      state,
      strategy: strategy as "schema" | "database",
      name: tenantName(orgId),
    }));
    const found = await doctor({ tables, query: pgQuery(poolOf("app")), placed: known });
    return found.filter(({ severity }) => severity === "error").map(({ code, object }) => `${code} ${object}`);
  };

  test("a schema is made, used, put away, dropped and retained", async () => {
    const tenants: Tenants = await openTenants(
      () => ({ strategy: "schema", state: "ready", migratedTo: "1" }),
      "schema",
    );
    const { placements } = tenants;
    const query = pgQuery(maker);
    const isolation = schemaIsolation(pgDriver(poolOf("app")), {
      provisioning: query,
      appRole: "app",
      async migrate({ schema }) {
        await query(`create table if not exists "${schema}".notes (id serial primary key, text text)`, []);
        return "1";
      },
    });
    const provisioner = new TenantProvisioner({ placements, strategies: new StrategyRegistry().register(isolation) });
    const all = [tenants.a, tenants.b, ...(await tenants.more(1))];
    for (const { org } of all) {
      await provisioner.place(org.id, "schema");
      await provisioner.provision(org.id);
    }
    expect(await findings(await placements.list())).toEqual([]);
    for (const tenant of all) {
      await isolation.run(tenant, (tx) => tx.query("insert into notes (text) values ('own')"));
      expect((await isolation.run(tenant, (tx) => tx.query("select text from notes"))).rows).toEqual([{ text: "own" }]);
    }
    const foreign = `select from ${tenantName(tenants.b.org.id)}.notes`;
    expect(await codeOf(() => isolation.run(tenants.a, (tx) => tx.query(foreign)))).toBe("42501");
    const [archived, dropped, retained] = all.map(({ org }) => org.id);
    for (const [orgId, policy] of [
      [archived, "rename"],
      [dropped, "drop"],
      [retained, "retain"],
    ] as const) {
      if (orgId !== undefined) {
        await provisioner.deprovision(orgId, { policy, confirm: orgId });
        expect([policy, await roleOf(tenantName(orgId))]).toEqual([policy, policy === "retain"]);
      }
    }
    // Without a right to its schema nothing is found there.
    expect(await codeOf(() => isolation.run(all[2] ?? tenants.a, (tx) => tx.query("select from notes")))).toBe("42P01");
    await maker.query(`drop schema ${tenantName(retained ?? tenants.a.org.id)} cascade`);
  });

  test("a database is made, used, put away and dropped, with sessions open", async () => {
    const tenants: Tenants = await openTenants(
      () => ({ strategy: "database", state: "ready", migratedTo: "1" }),
      "database",
    );
    const { placements } = tenants;
    const isolation = databaseIsolation({
      placements,
      sealer: createSealer([{ id: "k", secret: new Uint8Array(32).fill(1) }]),
      open: pgPools<pg.Pool>(pg.Pool),
      server: `postgres://127.0.0.1:${cluster.port}`,
      provisioning: pgQuery(maker),
      async connect(database) {
        const client = new pg.Client({ host: "127.0.0.1", port: cluster.port, user: "maker", database });
        await client.connect();
        return { query: pgQuery(client), close: () => client.end() };
      },
      async migrate({ query }) {
        await query("create table if not exists notes (id serial primary key, text text)", []);
        return "1";
      },
    });
    const provisioner = new TenantProvisioner({ placements, strategies: new StrategyRegistry().register(isolation) });
    const { a, b } = tenants;
    for (const { org } of [a, b]) {
      await provisioner.place(org.id, "database");
      await provisioner.provision(org.id);
    }
    expect(await findings(await placements.list())).toEqual([]);
    await isolation.run(a, (tx) => tx.query("insert into notes (text) values ('own')"));
    expect((await isolation.run(a, (tx) => tx.query("select text from notes"))).rows).toEqual([{ text: "own" }]);
    // Sessions of the tenants' roles, which are not the maker's.
    const held = [a, b].map(({ org }) => poolOf(tenantLogin(org.id), tenantName(org.id)));
    for (const pool of held) {
      await pool.query("select 1");
    }
    const { archivedAs } = await provisioner.deprovision(a.org.id, { policy: "rename" });
    expect((await root.query("select from pg_database where datname = $1", [archivedAs])).rowCount).toBe(1);
    await provisioner.deprovision(b.org.id, { policy: "drop", confirm: b.org.id });
    expect((await root.query("select from pg_database where datname = $1", [tenantName(b.org.id)])).rowCount).toBe(0);
    expect(await roleOf(tenantLogin(b.org.id))).toBe(false);
    await isolation.close();
  });
});
