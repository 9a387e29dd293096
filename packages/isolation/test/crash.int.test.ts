import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ActiveTenant, loadConfig, storeDirectory, TenantContext } from "@tenantry/context";
import { type OrgId, uuidOf } from "@tenantry/core";
import { createSealer } from "@tenantry/core/seal";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { type Cluster, startCluster } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseIsolation } from "../src/database.ts";
import type { SqlQuery } from "../src/doctor/finding.ts";
import { listened, pgDriver, pgPools, pgQuery } from "../src/pg.ts";
import { type PlacementStore, placementOf } from "../src/placement.ts";
import { storePlacements } from "../src/placement-store.ts";
import { TenantProvisioner } from "../src/provisioner.ts";
import { schemaIsolation } from "../src/schema.ts";
import type { Isolation, IsolationStrategy } from "../src/strategy.ts";
import { StrategyRegistry } from "../src/strategy-registry.ts";
import { codeOf, idNo } from "./world.ts";

const alice = idNo("usr", 1);
const TABLE = "create table if not exists notes (id int primary key)";

/** A process that dies before the effect with this number: nothing that it does later has one. */
class Process {
  effects = 0;
  readonly #dies: number;

  constructor(dies: number) {
    this.#dies = dies;
  }

  get isDead(): boolean {
    return this.effects > this.#dies;
  }

  async effect<T>(work: () => Promise<T>): Promise<T> {
    this.effects += 1;
    if (this.isDead) {
      throw new RangeError("killed");
    }
    return await work();
  }
}

// A server of its own: roles and databases are the server's. Of tenants it asks their passwords, which other servers of tests do not.
const HBA = `host all postgres,app 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
`;
let folder: string;
let cluster: Cluster;
let root: pg.Pool;
let app: pg.Pool;
let store: PostgresTenancyStore;
let placements: PlacementStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenantry-hba-"));
  // The server may run as somebody else.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "hba.conf"), HBA);
  cluster = await startCluster({ settings: { hba_file: join(folder, "hba.conf") } });
  root = listened(new pg.Pool({ connectionString: cluster.url, max: 2 }));
  await migratePostgres(root, { groups: ["placement"] });
  await root.query("create role app login noinherit");
  app = listened(new pg.Pool({ host: "127.0.0.1", port: cluster.port, user: "app", database: "postgres", max: 1 }));
  store = new PostgresTenancyStore(root, { groups: ["placement"] });
  placements = storePlacements(store);
});
afterAll(async () => {
  await Promise.all([root.end(), app.end()]);
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Strategy = Isolation<pg.PoolClient> & IsolationStrategy<pg.PoolClient>;

const asked =
  (process: Process, query: SqlQuery): SqlQuery =>
  (text, values) =>
    process.effect(() => query(text, values));

const strategies: Readonly<Record<string, (process: Process) => Strategy>> = {
  schema(process) {
    const query = asked(process, pgQuery(root));
    return schemaIsolation(pgDriver(app), {
      provisioning: query,
      appRole: "app",
      async migrate({ schema }) {
        await query(TABLE.replace("notes", `"${schema}".notes`), []);
        return "1";
      },
    });
  },
  database(process) {
    return databaseIsolation({
      placements,
      sealer: createSealer([{ id: "k", secret: new Uint8Array(32).fill(6) }]),
      open: pgPools<pg.Pool>(pg.Pool),
      server: `postgres://127.0.0.1:${cluster.port}`,
      provisioning: asked(process, pgQuery(root)),
      async connect(database) {
        const client = new pg.Client({ host: "127.0.0.1", port: cluster.port, user: "postgres", database });
        await process.effect(() => client.connect());
        return { query: asked(process, pgQuery(client)), close: () => client.end() };
      },
      async migrate({ query }) {
        await query(TABLE, []);
        return "1";
      },
    });
  },
};

function provisionerIn(process: Process, strategy: Strategy): TenantProvisioner {
  const { lease, patch, provisioned, failed } = placements;
  return new TenantProvisioner({
    placements: {
      ...placements,
      lease: (...args) => process.effect(() => lease(...args)),
      patch: (...args) => process.effect(() => patch(...args)),
      provisioned: (...args) => process.effect(() => provisioned(...args)),
      failed: (...args) => process.effect(() => failed(...args)),
      // Given back by the dead too: it stands for the end of the lease, which nobody waits for here.
    },
    strategies: new StrategyRegistry().register(strategy),
    wait: async () => {
      throw new RangeError("killed");
    },
  });
}

/** What the guard says to the founder, in a process that has looked at nothing before. */
async function asFounder(orgId: OrgId): Promise<ActiveTenant> {
  const tenancy = new TenantContext<null>({
    directory: storeDirectory(store, { placementOf: placementOf(placements) }),
    config: loadConfig({ resolution: { resolvers: ["header"] } }),
    identify: () => ({ kind: "user", id: alice }),
  });
  const header = (name: string): readonly string[] => (name === "x-tenant-id" ? [orgId] : []);
  const request = await tenancy.open(null, { host: null, path: "/", header });
  const isValid = (await tenancy.validator.validate(orgId)) !== null;
  expect(request.resolution.status).toBe(isValid ? "resolved" : "failed");
  return tenancy.guard.require(request);
}

const OBJECTS = `select (select count(*)::int from pg_roles where rolname like $1) as roles,
  (select count(*)::int from pg_namespace where nspname like $1) as schemas,
  (select count(*)::int from pg_database where datname like $1) as databases`;

describe.each(Object.entries(strategies))("a place of the strategy %s", (name, open) => {
  test("is made whole after a crash before any effect at all, and until then it is nobody's", async () => {
    const healthy = open(new Process(Number.POSITIVE_INFINITY));
    let dies = 0;
    for (; ; dies += 1) {
      const { org } = await store.createOrg({ creator: alice, placement: { strategy: name, state: "pending" } });
      const process = new Process(dies);
      const died = await provisionerIn(process, open(process))
        .provision(org.id)
        .then(
          () => null,
          (error: unknown) => error,
        );
      if (!process.isDead) {
        expect(died).toBe(null);
        break;
      }
      expect(died).toBeInstanceOf(RangeError);
      expect([dies, await codeOf(() => asFounder(org.id))]).toEqual([dies, "isolation.not_provisioned"]);
      const provisioner = provisionerIn(new Process(Number.POSITIVE_INFINITY), healthy);
      expect([dies, await provisioner.provision(org.id)]).toMatchObject([dies, { state: "ready", migratedTo: "1" }]);
      const tenant = await asFounder(org.id);
      await healthy.run(tenant, (tx) => tx.query("insert into notes values (1)"));
      const { rows } = await root.query(OBJECTS, [`%${uuidOf(org.id).replaceAll("-", "")}%`]);
      expect(rows).toEqual([
        name === "schema" ? { roles: 1, schemas: 1, databases: 0 } : { roles: 1, schemas: 0, databases: 1 },
      ]);
      await provisioner.deprovision(org.id, { policy: "drop", confirm: org.id });
    }
    // Each step has its record and effects of its own.
    expect(dies).toBeGreaterThan(healthy.steps.length * 2);
    // A database is made for each effect.
  }, 120_000);
});
