import { inspect } from "node:util";
import { createSealer, type SealKey } from "@tenantry/core/seal";
import { type Cluster, startCluster } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DatabaseIsolation, type DatabaseOptions, databaseIsolation } from "../src/database.ts";
import { doctor } from "../src/doctor.ts";
import { tenantLogin, tenantName } from "../src/names.ts";
import { listened, pgDriver, pgPools, pgQuery } from "../src/pg.ts";
import type { PlacementStore } from "../src/placement.ts";
import { TenantProvisioner } from "../src/provisioner.ts";
import { StrategyRegistry } from "../src/strategy-registry.ts";
import { defineTables } from "../src/table-declaration.ts";
import { codeOf, openTenants, type Tenants } from "./world.ts";

// A server of its own: roles and databases are the server's, and its log is looked through.
const key: SealKey = { id: "2031-a", secret: new Uint8Array(32).fill(4) };
const sealer = createSealer([key]);
let placements: PlacementStore;
let cluster: Cluster;
let root: pg.Pool;
let sharedPool: pg.Pool;
let tenants: Tenants;
let databaseOptions: DatabaseOptions<pg.PoolClient>;
let isolation: DatabaseIsolation<pg.PoolClient>;
let provisioner: TenantProvisioner;
const logged: unknown[] = [];

beforeAll(async () => {
  cluster = await startCluster({
    settings: { log_statement: "all", shared_preload_libraries: "pg_stat_statements" },
  });
  root = listened(new pg.Pool({ connectionString: cluster.url, max: 2 }));
  root.on("error", () => {});
  await root.query("create extension pg_stat_statements");
  await root.query("create table plans (id text); insert into plans values ('free'); create role app login");
  await root.query("grant select on plans to app; grant connect on database postgres to app");
  tenants = await openTenants(() => ({ strategy: "database", state: "ready" }), "database");
  placements = tenants.placements;
  const url = new URL(cluster.url);
  url.username = "app";
  sharedPool = listened(new pg.Pool({ connectionString: url.href, max: 1 }));
  databaseOptions = {
    placements,
    sealer,
    open: pgPools<pg.Pool>(pg.Pool),
    server: `postgres://127.0.0.1:${cluster.port}`,
    provisioning: pgQuery(root),
    async connect(database) {
      const url = new URL(cluster.url);
      url.pathname = `/${database}`;
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      return { query: pgQuery(client), close: () => client.end() };
    },
    async migrate({ query }) {
      await query("create table if not exists notes (id int primary key, text text)", []);
      return "0001.sql";
    },
  };
  isolation = databaseIsolation({ ...databaseOptions, shared: pgDriver(sharedPool) });
  provisioner = new TenantProvisioner({
    placements,
    strategies: new StrategyRegistry().register(isolation),
    wait: async () => {},
    log: (...told) => logged.push(told),
  });
  await root.query("revoke connect on database postgres from public");
  for (const { org } of [tenants.a, tenants.b]) {
    await provisioner.place(org.id, "database");
    await provisioner.provision(org.id);
  }
});
afterAll(async () => {
  await isolation.close();
  await Promise.all([root.end(), sharedPool.end()]);
  await cluster.stop();
});

const dsn = async (tenant: Tenants["a"]): Promise<URL> => {
  const sealed = (await placements.get(tenant.org.id))?.sealedDsn ?? "";
  return new URL((await sealer.open(sealed, { purpose: "placement.dsn", orgId: tenant.org.id })).reveal());
};

test("each tenant has rows of its own, in a database of its own", async () => {
  const { a, b } = tenants;
  await isolation.run(a, (tx) => tx.query("insert into notes values (1, 'of a')"));
  expect((await isolation.run(a, (tx) => tx.query("select text from notes"))).rows).toEqual([{ text: "of a" }]);
  expect((await isolation.run(b, (tx) => tx.query("select text from notes"))).rows).toEqual([]);
  const { rows } = await isolation.run(b, (tx) => tx.query("select current_user as who, current_database() as place"));
  expect(rows).toEqual([{ who: tenantLogin(b.org.id), place: tenantName(b.org.id) }]);
  expect(isolation.openPools).toBe(2);
  await isolation.run(a, async (tx) => {
    await isolation.run(a, (inner) => inner.query("insert into notes values (2, 'inside')"));
    await tx.query("delete from notes where id = 2");
    expect(await codeOf(() => isolation.run(b, async () => {}))).toBe("tenant.mismatch");
  });
  expect(await codeOf(() => isolation.run(a, (tx) => tx.query("create table mine ()")))).toBe("42501");
});

test("no transaction of the host's is in a tenant's database, so none is attached to", async () => {
  const { a } = tenants;
  const called: unknown[] = [];
  const attach = (tx: pg.PoolClient, tenant: unknown = a): Promise<string | null> =>
    codeOf(() => isolation.attach(tx, tenant as Tenants["a"], async (inner) => called.push(inner)));
  // Whatever it is: the host's own, that of the shared tables, or the tenant's from a run. Nothing is sent on it.
  const watched = { query: (...args: readonly unknown[]) => called.push(args) } as unknown as pg.PoolClient;
  expect(await attach(watched)).toBe("isolation.unsupported");
  expect(await isolation.shared.run((tx) => attach(tx))).toBe("isolation.unsupported");
  const { rows } = await isolation.run(a, async (tx) => {
    expect(await attach(tx)).toBe("isolation.unsupported");
    return isolation.run(a, (inner) => inner.query("select 1 as goes_on"));
  });
  expect(rows).toEqual([{ goes_on: 1 }]);
  // What is wrong with the tenant is said first, as in a run.
  expect(await attach(watched, { org: a.org })).toBe("tenant.context_missing");
  const elsewhere = (await openTenants()).a;
  expect(await attach(watched, elsewhere)).toBe("isolation.wrong_strategy");
  expect(called).toEqual([]);
});

test("tables of all tenants are in the shared database, in a transaction of their own", async () => {
  const { a } = tenants;
  const plans = () => isolation.shared.run((tx) => tx.query("select id from plans"));
  expect((await plans()).rows).toEqual([{ id: "free" }]);
  // A run for a tenant that fails takes nothing of it along, and neither the other way round.
  await isolation.run(a, async (tx) => {
    await tx.query("insert into notes values (3, 'kept')");
    expect((await plans()).rows).toEqual([{ id: "free" }]);
    const write = isolation.shared.run((other) => other.query("insert into plans values ('mine')"));
    expect(await codeOf(() => write)).toBe("42501");
  });
  const kept = await isolation.run(a, (tx) => tx.query("delete from notes where id = 3"));
  expect(kept.rowCount).toBe(1);
  let late: pg.PoolClient | null = null;
  await isolation.shared.run(async (tx) => {
    late = tx;
  });
  expect(await codeOf(async () => (late as pg.PoolClient | null)?.query("select 1"))).toBe("isolation.no_transaction");
  const without = databaseIsolation(databaseOptions);
  expect(await codeOf(() => without.shared.run(async () => {}))).toBe("config.invalid");
});

test("for what no guard made no pool is opened", async () => {
  const untouched = databaseIsolation({ ...databaseOptions, open: () => expect.unreachable() });
  const { a } = tenants;
  expect(await codeOf(() => untouched.run({ ...a }, async () => {}))).toBe("tenant.context_missing");
  expect(await codeOf(async () => untouched.run((await openTenants()).a, async () => {}))).toBe(
    "isolation.wrong_strategy",
  );
  expect(untouched.openPools).toBe(0);
});

test("a tenant's role enters its own database and no other", async () => {
  const { a, b } = tenants;
  const url = await dsn(a);
  const enter = async (database: string): Promise<string | null> => {
    const there = new URL(url);
    there.pathname = `/${database}`;
    const client = new pg.Client({ connectionString: there.href });
    return codeOf(async () => {
      await client.connect();
      await client.end();
    });
  };
  expect(await enter(tenantName(a.org.id))).toBe(null);
  expect(await enter(tenantName(b.org.id))).toBe("42501");
  expect(await enter("postgres")).toBe("42501");
});

test("a tenant's role may do in its database what tenants do, and nothing besides", async () => {
  const { a } = tenants;
  const { rows } = await root.query(
    `select rolsuper or rolcreatedb or rolcreaterole or rolinherit or rolreplication or rolbypassrls as may, rolcanlogin as enters,
       rolconnlimit as sessions, (select count(*)::int from pg_auth_members where member = r.oid) as groups
       from pg_roles r where rolname = $1`,
    [tenantLogin(a.org.id)],
  );
  expect(rows).toEqual([{ may: false, enters: true, sessions: 20, groups: 0 }]);
  for (const text of [
    "create temporary table mine (id int)",
    "create schema mine",
    "create table public.mine (id int)",
    "drop table notes",
    "truncate notes",
    "create role mine",
    "set role postgres",
    "set session authorization app",
  ]) {
    expect([text, await codeOf(() => isolation.run(a, (tx) => tx.query(text)))]).toEqual([text, "42501"]);
  }
});

test("the password is in no log, statistics, placement or error, and the server keeps a verifier of it", async () => {
  const { a } = tenants;
  const { password } = await dsn(a);
  expect(password).toMatch(/^[0-9a-f]{64}$/);
  expect(cluster.log()).toContain("alter role");
  expect(cluster.log()).not.toContain(password);
  const { rows: statements } = await root.query("select query from pg_stat_statements");
  expect(statements.some(({ query }) => query.startsWith("alter role"))).toBe(true);
  expect(inspect(statements, { maxArrayLength: null, maxStringLength: null })).not.toContain(password);
  // What is thrown where the role is locked out, with everything that hangs on it.
  await root.query(`alter role ${tenantLogin(a.org.id)} nologin`);
  isolation.retire(a.org.id);
  const refused: unknown = await isolation.run(a, async () => {}).catch((error: unknown) => error);
  await root.query(`alter role ${tenantLogin(a.org.id)} login`);
  expect(refused).toBeInstanceOf(Error);
  expect(inspect(refused, { depth: 9, showHidden: true }) + JSON.stringify(refused)).not.toContain(password);
  const shown = inspect([await provisioner.status(a.org.id), await placements.list(), logged, isolation], { depth: 9 });
  expect(shown).not.toContain(password);
  const told = await tenants.told(a);
  expect(told).toContain("tenant.provisioned");
  expect(told).not.toContain(password);
  const { rows } = await root.query("select rolpassword from pg_authid where rolname = $1", [tenantLogin(a.org.id)]);
  expect(rows[0].rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/);
});

test("a connection string that was moved, cut, changed or sealed by another key opens no pool", async () => {
  const [a, b] = [tenants.a.org.id, tenants.b.org.id];
  const [ofA, ofB] = await Promise.all([a, b].map(async (id) => (await placements.get(id))?.sealedDsn ?? ""));
  const opened: string[] = [];
  const reading = (sealedDsn: string | undefined) =>
    databaseIsolation({
      ...databaseOptions,
      placements: { get: async () => ({ sealedDsn }) as never },
      open: (secret, options) => {
        opened.push(secret.reveal());
        return pgPools<pg.Pool>(pg.Pool)(secret, options);
      },
    });
  const stranger = createSealer([{ id: "2031-z", secret: new Uint8Array(32).fill(5) }]);
  const at = (ofB?.length ?? 0) - 20;
  const flipped = `${ofB?.slice(0, at)}${ofB?.at(at) === "A" ? "B" : "A"}${ofB?.slice(at + 1)}`;
  for (const [code, sealed] of [
    ["isolation.seal_broken", ofA],
    ["isolation.seal_broken", ofB?.slice(0, -8)],
    ["isolation.seal_broken", flipped],
    ["isolation.seal_broken", ""],
    ["isolation.key_unknown", await stranger.seal("postgres://x@127.0.0.1/x", { purpose: "placement.dsn", orgId: b })],
    ["isolation.not_provisioned", undefined],
  ]) {
    const broken = reading(sealed);
    expect([sealed, await codeOf(() => broken.run(tenants.b, async () => {}))]).toEqual([sealed, code]);
    expect(broken.openPools).toBe(0);
  }
  expect(opened).toEqual([]);
  const whole = reading(ofB);
  await whole.run(tenants.b, async () => {});
  expect(opened).toHaveLength(1);
  await whole.close();
});

test("a crash between any two steps leaves what the next attempt finishes", async () => {
  for (const lost of isolation.steps) {
    const [tenant] = await tenants.more(1);
    const orgId = tenant?.org.id ?? tenants.a.org.id;
    let isGone = true;
    const dying = new TenantProvisioner({
      placements,
      strategies: new StrategyRegistry().register({
        ...isolation,
        async provision(org, step, context) {
          await isolation.provision(org, step, context);
          if (step === lost && isGone) {
            isGone = false;
            throw new RangeError("killed");
          }
        },
      }),
      wait: async () => {
        throw new RangeError("killed");
      },
    });
    await dying.place(orgId, "database");
    await expect(dying.provision(orgId)).rejects.toThrow(RangeError);
    expect((await provisioner.status(orgId)).state).toBe("pending");
    expect(await provisioner.provision(orgId)).toMatchObject({ state: "ready", hasConnectionString: true });
    await provisioner.deprovision(orgId, { policy: "drop", confirm: orgId });
  }
});

test("a role or a database that no step explains is not taken over", async () => {
  const [tenant] = await tenants.more(1);
  const orgId = tenant?.org.id ?? tenants.a.org.id;
  await root.query(`create role ${tenantLogin(orgId)}`);
  await provisioner.place(orgId, "database");
  for (const _ of [1, 2]) {
    expect(await codeOf(() => provisioner.provision(orgId))).toBe("isolation.provisioning_failed");
  }
  await root.query(`drop role ${tenantLogin(orgId)}`);
  expect(await provisioner.provision(orgId)).toMatchObject({ state: "ready" });
  await provisioner.deprovision(orgId, { policy: "drop", confirm: orgId });
});

test("put away, and dropped with sessions open", async () => {
  const [c, d] = await tenants.more(2);
  if (c === undefined || d === undefined) {
    throw new Error("no tenants");
  }
  for (const { org } of [c, d]) {
    await provisioner.place(org.id, "database");
    await provisioner.provision(org.id);
  }
  const held = new pg.Client({ connectionString: (await dsn(c)).href });
  held.on("error", () => {});
  await held.connect();
  const { archivedAs } = await provisioner.deprovision(c.org.id, { policy: "rename" });
  const names = (await root.query("select datname from pg_database")).rows.map(({ datname }) => datname);
  expect(names).toContain(archivedAs);
  expect(await codeOf(() => isolation.run(c, async () => {}))).toMatch(/^(isolation|unavailable|internal)\./);

  const open = new pg.Client({ connectionString: (await dsn(d)).href });
  open.on("error", () => {});
  await open.connect();
  await provisioner.deprovision(d.org.id, { policy: "drop", confirm: d.org.id });
  expect(await provisioner.status(d.org.id)).toMatchObject({ state: "removed", hasConnectionString: false });
  expect((await root.query("select from pg_roles where rolname = $1", [tenantLogin(d.org.id)])).rowCount).toBe(0);
  await Promise.all([held.end().catch(() => {}), open.end().catch(() => {})]);
});

test("the doctor finds a database that everybody may enter", async () => {
  const tables = defineTables({ schema: "app", appRole: "postgres", adminRole: "nobody", tables: {} });
  const placed = (await placements.list())
    .filter(({ state }) => state === "ready")
    .map(({ orgId, state }) => ({ orgId, state, strategy: "database" as const, name: tenantName(orgId) }));
  const open = async (): Promise<string[]> =>
    (await doctor({ tables, query: pgQuery(root), placed }))
      .filter(({ code }) => code === "isolation.public_connect")
      .map(({ object }) => object);
  expect(await open()).toEqual([]);
  await root.query(`grant connect on database ${tenantName(tenants.a.org.id)} to public`);
  expect(await open()).toEqual([tenantName(tenants.a.org.id)]);
});
