import { createSealer } from "@tenantry/core/seal";
import { type Cluster, startCluster } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseIsolation } from "../src/database.ts";
import { listened, pgPools, pgQuery } from "../src/pg.ts";
import { openTenants } from "./world.ts";

const TENANTS = 300;
const POOLS = 20;
const CONNECTIONS = 2;
/** PostgreSQL keeps three for superusers. */
const RESERVED = 3;
const IN_USE = "select count(distinct usesysid)::int as roles, count(*)::int as sessions from pg_stat_activity";

// The server is the judge: a pool too many has no connection left, and what it answers then is an error of a run.
let cluster: Cluster;
let root: pg.Pool;
beforeAll(async () => {
  cluster = await startCluster({ settings: { max_connections: String(POOLS * CONNECTIONS + RESERVED) } });
  root = listened(new pg.Pool({ connectionString: cluster.url, max: 1 }));
  root.on("error", () => {});
});
afterAll(async () => {
  await root.end();
  await cluster.stop();
});

/** Always the same chance. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

test("300 tenants at random on 20 pools of a server: never more sessions, each its own, none broken off, all ended", async () => {
  const { more } = await openTenants(() => ({ strategy: "database", state: "ready" }), "database");
  const tenants = await more(TENANTS);
  const sealer = createSealer([{ id: "k", secret: new Uint8Array(32).fill(3) }]);
  // What pools are told apart by is the role; 300 databases would only take their time.
  const roleOf = (index: number): string => `pooled_${index}`;
  for (const index of tenants.keys()) {
    await root.query(`create role ${roleOf(index)} login`);
  }
  const isolation = databaseIsolation({
    placements: {
      async get(orgId) {
        const index = tenants.findIndex(({ org }) => org.id === orgId);
        const url = `postgres://${roleOf(index)}@127.0.0.1:${cluster.port}/postgres`;
        const sealedDsn = await sealer.seal(url, { purpose: "placement.dsn", orgId });
        return { sealedDsn } as never;
      },
    },
    sealer,
    open: pgPools<pg.Pool>(pg.Pool),
    server: `postgres://127.0.0.1:${cluster.port}`,
    provisioning: pgQuery(root),
    connect: () => Promise.reject(new Error("nothing is made here")),
    migrate: () => Promise.reject(new Error("nothing is made here")),
    maxPools: POOLS,
    maxConnections: CONNECTIONS,
    waitMs: 60_000,
  });
  const below = chance(12);
  const seen = { roles: 0, sessions: 0, runs: 0 };
  const worker = async (): Promise<void> => {
    for (let round = 0; round < 50; round += 1) {
      const index = below(TENANTS);
      await isolation.run(tenants[index] as (typeof tenants)[number], async (tx) => {
        const { rows: who } = await tx.query("select current_user as role");
        expect(who).toEqual([{ role: roleOf(index) }]);
        if (below(4) === 0) {
          const { rows } = await tx.query(`${IN_USE} where usesysid <> 10`);
          seen.roles = Math.max(seen.roles, rows[0].roles);
          seen.sessions = Math.max(seen.sessions, rows[0].sessions);
        }
        seen.runs += 1;
      });
    }
  };
  await Promise.all(Array.from({ length: 40 }, worker));
  expect(seen.runs).toBe(2_000);
  // As many as may be were at work at some time, or nothing is shown.
  expect(seen.roles).toBe(POOLS);
  expect(seen.sessions).toBeLessThanOrEqual(POOLS * CONNECTIONS);
  expect(isolation.openPools).toBeLessThanOrEqual(POOLS);
  await isolation.close();
  expect(isolation.openPools).toBe(0);
  const { rows } = await root.query(`${IN_USE} where usesysid <> 10`);
  expect(rows).toEqual([{ roles: 0, sessions: 0 }]);
});
