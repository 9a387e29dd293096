import { type ActiveTenant, loadConfig, storeDirectory, TenantContext } from "@tenantry/context";
import { type EventType, type OrgId, uuidOf } from "@tenantry/core";
import { createSealer } from "@tenantry/core/seal";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { killedAt } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DatabaseIsolation, databaseIsolation } from "../src/database.ts";
import type { MovedPlace, MoveOptions, MoveStage } from "../src/moving.ts";
import { tenantLogin, tenantName } from "../src/names.ts";
import { pgDriver, pgPools, pgQuery } from "../src/pg.ts";
import { type PlacementStore, placementOf } from "../src/placement.ts";
import { storePlacements } from "../src/placement-store.ts";
import { generatePolicies } from "../src/policies/generate-policies.ts";
import { type ProvisionerOptions, TenantProvisioner } from "../src/provisioner.ts";
import { rowIsolation } from "../src/row.ts";
import { schemaIsolation } from "../src/schema.ts";
import type { DeprovisionPolicy, IsolationStrategy } from "../src/strategy.ts";
import { StrategyRegistry } from "../src/strategy-registry.ts";
import { defineTables } from "../src/table-declaration.ts";
import { codeOf, idNo, openWorld, type World } from "./world.ts";

// Notes of tenants: rows among others', in a schema, in a database; on one server.
const alice = idNo("usr", 1);
let world: World;
let store: PostgresTenancyStore;
let placements: PlacementStore;
let database: DatabaseIsolation<pg.PoolClient>;
let own: Readonly<Record<string, IsolationStrategy<pg.PoolClient>>>;
let tenancy: TenantContext<null>;
let now = new Date("2031-01-01T00:00:00.000Z");

beforeAll(async () => {
  world = await openWorld();
  const { root, roles } = world;
  await migratePostgres(root, { groups: ["placement"] });
  await root.query(`alter role ${roles.app} noinherit`);
  const owner = world.pool(roles.owner);
  await owner.query("create table app.notes (org_id uuid not null, id int not null, primary key (org_id, id))");
  const tables = defineTables({
    ...{ schema: "app", appRole: roles.app, adminRole: roles.admin },
    tables: { notes: "tenant" },
  });
  await root.query(generatePolicies(tables));
  const clock = (): Date => now;
  store = new PostgresTenancyStore(root, { groups: ["placement"], clock });
  placements = storePlacements(store);
  const query = pgQuery(root);
  const driver = pgDriver(world.pool(roles.app, { max: 3 }));
  const admin = { driver: pgDriver(world.pool(roles.admin)), audit: () => {} };
  const url = new URL(world.url);
  database = databaseIsolation({
    placements,
    sealer: createSealer([{ id: "k1", secret: new Uint8Array(32).fill(7) }]),
    open: pgPools<pg.Pool>(pg.Pool),
    server: `postgres://${url.host}`,
    provisioning: query,
    connect: (name) => inDatabase(name),
    async migrate(target) {
      await target.query("create table if not exists notes (id int primary key)", []);
      return "0001.sql";
    },
    clock,
  });
  const schema = schemaIsolation(driver, {
    provisioning: query,
    appRole: roles.app,
    async migrate(target) {
      await query(`create table if not exists ${target.schema}.notes (id int primary key)`, []);
      return "0001.sql";
    },
    clock,
  });
  own = { row: rowIsolation(driver, { admin, tables, clock }), schema, database };
  tenancy = new TenantContext<null>({
    directory: storeDirectory(store, { placementOf: placementOf(placements) }),
    config: loadConfig({ resolution: { resolvers: ["header"], validatorTtlSeconds: 0, negativeTtlSeconds: 0 } }),
    identify: () => ({ kind: "user", id: alice }),
  });
});
afterAll(async () => {
  for (const { orgId, strategy } of await placements.list()) {
    if (strategy === "schema" || strategy === "database") {
      await own[strategy]?.deprovision({ id: orgId }, "drop", {
        ...{ isResumed: true, sealedDsn: null, confirm: orgId, now, signal: null },
        ...{ keepDsn: async () => {}, keepVersion: async () => {} },
      });
    }
  }
  await database.close();
  await world.close();
});

async function inDatabase(name: string) {
  const url = new URL(world.url);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  return { query: pgQuery(client), close: () => client.end() };
}

/** A tenant with some notes. */
async function founded(strategy: "row" | "schema" = "row"): Promise<OrgId> {
  const provisioner = provisionerOf();
  const { org } = await store.createOrg({ creator: alice, placement: provisioner.newPlacement(strategy) });
  await provisioner.provision(org.id);
  await write(org.id, 1);
  await write(org.id, 2);
  return org.id;
}

/** The proof that a request would have. */
async function proof(orgId: OrgId): Promise<ActiveTenant> {
  const header = (name: string): readonly string[] => (name === "x-tenant-id" ? [orgId] : []);
  return tenancy.guard.require(await tenancy.open(null, { host: null, path: "/", header }));
}

async function run<T>(orgId: OrgId, work: (tx: pg.PoolClient) => Promise<T>, readOnly = false): Promise<T> {
  const tenant = await proof(orgId);
  const strategy = own[tenant.org.placement.strategy];
  if (strategy === undefined) {
    throw new Error("no strategy");
  }
  return strategy.run(tenant, work, { readOnly });
}
const tableOf = async (orgId: OrgId): Promise<string> =>
  (await proof(orgId)).org.placement.strategy === "row" ? "app.notes" : "notes";
async function write(orgId: OrgId, id: number): Promise<void> {
  const table = await tableOf(orgId);
  await run(orgId, (tx) => tx.query(`insert into ${table} (id) values ($1)`, [id]));
}
async function notes(orgId: OrgId): Promise<readonly number[]> {
  const table = await tableOf(orgId);
  const { rows } = await run(orgId, (tx) => tx.query(`select id from ${table} order by id`), true);
  return rows.map(({ id }) => id);
}

/** A query on a place, as a host would make one. */
async function at<T>(
  { orgId, strategy }: MovedPlace,
  work: (query: ReturnType<typeof pgQuery>) => Promise<T>,
): Promise<T> {
  if (strategy !== "database") {
    return work(pgQuery(world.root));
  }
  const { query, close } = await inDatabase(tenantName(orgId));
  try {
    return await work(query);
  } finally {
    await close();
  }
}
async function idsAt(place: MovedPlace): Promise<readonly number[]> {
  const from =
    place.strategy === "row" ? "app.notes where org_id = $1" : `${tableAt(place)} where $1::text is not null`;
  const rows = await at(place, (query) => query(`select id from ${from} order by id`, [uuidOf(place.orgId)]));
  return rows.map(({ id }) => Number(id));
}
const tableAt = ({ orgId, strategy }: MovedPlace): string =>
  strategy === "schema" ? `${tenantName(orgId)}.notes` : "notes";

const copying: Pick<MoveOptions, "copy" | "verify"> = {
  async copy(source, target) {
    const ids = await idsAt(source);
    // One that was copied already would be refused: the target must be empty.
    for (const id of ids) {
      await at(target, (query) =>
        target.strategy === "row"
          ? query("insert into app.notes (org_id, id) values ($1, $2)", [uuidOf(target.orgId), String(id)])
          : query(`insert into ${tableAt(target)} (id) values ($1)`, [String(id)]),
      );
    }
  },
  verify: async (source, target) => (await idsAt(source)).join() === (await idsAt(target)).join(),
};

const moving = (drop: DeprovisionPolicy, options: Partial<MoveOptions> = {}): MoveOptions => ({
  ...copying,
  ...{ drop, drainMs: 0 },
  ...options,
});

function provisionerOf(
  options: Partial<ProvisionerOptions> = {},
  changed: Partial<typeof own> = {},
): TenantProvisioner {
  const strategies = new StrategyRegistry();
  for (const strategy of Object.values({ ...own, ...changed })) {
    strategies.register(strategy as IsolationStrategy);
  }
  const clock = (): Date => now;
  return new TenantProvisioner({ placements, strategies, clock, wait: async () => {}, ...options });
}

/** What there is in the database of a tenant's places. */
async function places(orgId: OrgId): Promise<readonly string[]> {
  const name = tenantName(orgId);
  const has = async (text: string, value: string): Promise<boolean> =>
    (await world.root.query(text, [value])).rowCount !== 0;
  const found = {
    rows: await has("select from app.notes where org_id = $1", uuidOf(orgId)),
    schema: await has("select from pg_namespace where nspname = $1", name),
    role: await has("select from pg_roles where rolname = $1", name),
    database: await has("select from pg_database where datname = $1", name),
    "database's role": await has("select from pg_roles where rolname = $1", tenantLogin(orgId)),
  };
  return Object.entries(found).flatMap(([what, isThere]) => (isThere ? [what] : []));
}
const ROW = ["rows"];
const SCHEMA = ["schema", "role"];
const DATABASE = ["database", "database's role"];

const eventsOf = async (orgId: OrgId): Promise<readonly EventType[]> =>
  (await store.listEvents(orgId)).data.map(({ type }) => type).filter((type) => type.startsWith("tenant."));

/** As if the time of a lease had passed. */
async function lapsed(orgId: OrgId): Promise<void> {
  const text =
    "update tenancy.placement set leased_until = clock_timestamp() where org_id = $1 and leased_by is not null";
  await world.root.query(text, [uuidOf(orgId)]);
}

test("a tenant is moved from rows to a schema, to a database, and all the way back", async () => {
  const orgId = await founded();
  const provisioner = provisionerOf();
  const seen: string[] = [];
  const watched: Partial<MoveOptions> = {
    async copy(source, target, context) {
      expect(context.until.getTime()).toBeGreaterThan(now.getTime());
      expect(await codeOf(() => write(orgId, 99))).toBe("isolation.paused");
      expect((await notes(orgId)).length).toBeGreaterThan(0);
      expect(await codeOf(() => provisioner.resumeWrites(orgId))).toBe("isolation.busy");
      expect(await codeOf(() => provisioner.moveTenant(orgId, "schema", moving("purge")))).toBe("isolation.busy");
      await copying.copy(source, target, context);
    },
    onProgress: ({ stage, state }) => seen.push(`${stage} ${state}`),
    actor: alice,
  };
  const way = [
    ["schema", "purge", SCHEMA],
    ["database", "drop", DATABASE],
    ["schema", "drop", SCHEMA],
    ["row", "drop", ROW],
  ] as const;
  let next = 3;
  for (const [target, drop, left] of way) {
    seen.splice(0);
    const placement = await provisioner.moveTenant(orgId, target, moving(drop, watched));
    expect(placement).toMatchObject({ strategy: target, state: "ready", pausedUntil: null, move: null });
    expect(placement.hasConnectionString).toBe(target === "database");
    const stages: readonly MoveStage[] = ["provision", "pause", "copy", "verify", "switch", "drop"];
    expect(seen).toEqual(stages.flatMap((stage) => [`${stage} begun`, `${stage} done`]));
    expect(await places(orgId)).toEqual(left);
    await write(orgId, next);
    next += 1;
    expect(await notes(orgId)).toEqual(Array.from({ length: next - 1 }, (_, index) => index + 1));
    // Once more is none.
    expect(await provisioner.moveTenant(orgId, target, moving(drop))).toEqual(placement);
  }
  const moves = way.flatMap(() => ["tenant.paused", "tenant.moved", "tenant.resumed"]);
  expect(await eventsOf(orgId)).toEqual(moves);
  const { data } = await store.listEvents(orgId, { types: ["tenant.moved"] });
  expect(data.map((event) => event.data)).toEqual([
    { from: "row", to: "schema" },
    { from: "schema", to: "database" },
    { from: "database", to: "schema" },
    { from: "schema", to: "row" },
  ]);
  expect(data.every(({ actor }) => actor === alice)).toBe(true);
});

const broken = (): never => {
  throw new RangeError("of the stage");
};
/** How a move from a schema fails in each stage. */
const faults: Readonly<
  Record<Exclude<MoveStage, "drop">, (target: string) => readonly [Partial<MoveOptions>, TenantProvisioner]>
> = {
  provision: (target) => {
    const strategy = own[target] as IsolationStrategy<pg.PoolClient>;
    const provision: IsolationStrategy["provision"] = (org, step, context) =>
      step === "migrate" || strategy.steps.length === 0 ? broken() : strategy.provision(org, step, context);
    return [{}, provisionerOf({}, { [target]: { ...strategy, provision } })];
  },
  pause: () => [{}, provisionerOf({ placements: { ...placements, paused: async () => broken() } })],
  copy: () => [
    {
      async copy(source, target, context) {
        await copying.copy(source, target, context);
        broken();
      },
    },
    provisionerOf(),
  ],
  verify: () => [{ verify: async () => false }, provisionerOf()],
  switch: () => [{}, provisionerOf({ placements: { ...placements, moved: async () => broken() } })],
};
const stages = Object.keys(faults) as (keyof typeof faults)[];

// Of rows among others' there is nothing to provision.
const cases = stages.flatMap((stage) =>
  (stage === "provision" ? ["database"] : ["database", "row"]).map((target) => [stage, target] as const),
);

test.each(cases)(
  "what fails in the stage %s leaves the source as it was, and nothing of a %s",
  async (stage, target) => {
    const orgId = await founded("schema");
    const [options, failing] = faults[stage](target);
    const error = await failing.moveTenant(orgId, target, moving("rename", options)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "isolation.move_failed", details: { orgId, stage } });
    expect(await provisionerOf().status(orgId)).toMatchObject({ strategy: "schema", pausedUntil: null, move: null });
    expect(await places(orgId)).toEqual(SCHEMA);
    await write(orgId, 3);
    expect(await notes(orgId)).toEqual([1, 2, 3]);
    const isPaused = stage !== "provision" && stage !== "pause";
    expect((await eventsOf(orgId)).slice(1)).toEqual(isPaused ? ["tenant.paused", "tenant.resumed"] : []);
    await provisionerOf().moveTenant(orgId, target, moving("drop"));
    expect(await notes(orgId)).toEqual([1, 2, 3]);
    expect(await places(orgId)).toEqual(target === "row" ? ROW : DATABASE);
  },
);

test("what takes longer than the pause is not moved", async () => {
  const orgId = await founded();
  const late: Partial<MoveOptions> = {
    pauseSeconds: 60,
    async verify() {
      now = new Date(now.getTime() + 60_000);
    },
  };
  const error = await provisionerOf()
    .moveTenant(orgId, "schema", moving("purge", late))
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: "isolation.move_failed", details: { stage: "switch" } });
  await write(orgId, 3);
  expect([await notes(orgId), await places(orgId)]).toEqual([[1, 2, 3], ROW]);
});

test("once the places are exchanged only taking down the old one is left", async () => {
  const orgId = await founded();
  const { deprovision } = own["row"] as IsolationStrategy;
  let isBroken = true;
  const failing = provisionerOf(
    {},
    {
      row: {
        ...own["row"],
        deprovision: (...args: Parameters<typeof deprovision>) => (isBroken ? broken() : deprovision(...args)),
      } as never,
    },
  );
  const error = await failing.moveTenant(orgId, "schema", moving("purge")).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: "isolation.move_failed", details: { stage: "drop" } });
  expect(await failing.status(orgId)).toMatchObject({ strategy: "schema", pausedUntil: null, move: { stage: "drop" } });
  await write(orgId, 3);
  expect(await notes(orgId)).toEqual([1, 2, 3]);
  isBroken = false;
  const again = moving("purge", { copy: broken, verify: broken });
  expect(await failing.moveTenant(orgId, "schema", again)).toMatchObject({ strategy: "schema", move: null });
  expect([await notes(orgId), await places(orgId)]).toEqual([[1, 2, 3], SCHEMA]);
});

test("one that is revoked meanwhile stays where it is, and is taken down from there", async () => {
  const orgId = await founded();
  const provisioner = provisionerOf();
  const options = moving("purge", {
    async verify() {
      await store.revokeOrg(orgId);
    },
  });
  const error = await provisioner.moveTenant(orgId, "schema", options).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: "isolation.move_failed", details: { stage: "switch" } });
  expect(await places(orgId)).toEqual(ROW);
  await provisioner.deprovision(orgId, { policy: "purge", confirm: orgId });
  expect(await places(orgId)).toEqual([]);
});

test.each([
  [{ copy: undefined as never }, "copy"],
  [{ verify: 7 as never }, "verify"],
  [{ pauseSeconds: 3_601 }, "pauseSeconds"],
  [{ drainMs: -1 }, "drainMs"],
  [{ drop: "rename" as const }, "drop"],
])("nothing is begun with %o", async (wrong, key) => {
  const orgId = await founded();
  const error = await provisionerOf()
    .moveTenant(orgId, "schema", moving("purge", wrong))
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: "precondition.invalid_input", details: { key } });
  expect(await codeOf(() => provisionerOf().moveTenant(orgId, "shards", moving("purge")))).toBe(
    "isolation.unknown_strategy",
  );
  expect([await eventsOf(orgId), await places(orgId)]).toEqual([[], ROW]);
});

test.each([false, true])(
  "a move that is killed anywhere is finished by the next one (call made: %s)",
  async (isMade) => {
    const whole = killedAt(placements, Number.POSITIVE_INFINITY, false);
    await provisionerOf({ placements: whole.port }).moveTenant(await founded(), "schema", moving("purge"));
    const ends = { source: 0, target: 0 };
    expect(whole.made()).toBeGreaterThan(20);
    for (let call = 1; call <= whole.made(); call += 1) {
      const orgId = await founded();
      const dying = provisionerOf({ placements: killedAt(placements, call, isMade).port });
      await dying.moveTenant(orgId, "schema", moving("purge")).catch((cause: unknown) => cause);
      const { strategy } = await provisionerOf().status(orgId);
      ends[strategy === "row" ? "source" : "target"] += 1;
      expect(await notes(orgId)).toEqual([1, 2]);
      await lapsed(orgId);
      // Whoever looks after it first takes writes again, in the source that is still in use.
      if (strategy === "row" && call % 2 === 0) {
        await provisionerOf().resumeWrites(orgId);
        await write(orgId, 3);
      }
      await provisionerOf().moveTenant(orgId, "schema", moving("purge"));
      expect(await notes(orgId)).toEqual(strategy === "row" && call % 2 === 0 ? [1, 2, 3] : [1, 2]);
      expect(await places(orgId)).toEqual(SCHEMA);
      await write(orgId, 4);
    }
    expect(Math.min(ends.source, ends.target)).toBeGreaterThan(0);
  },
);
