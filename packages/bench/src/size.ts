import { generate, type Membership, type OrgId } from "@tenantry/core";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import type pg from "pg";
import type { Contender } from "./contenders/contender.ts";
import { openPg } from "./contenders/drivers.ts";
import { ofStore } from "./contenders/tenantry.ts";
import { ownWorlds, sharedByReads, type WorldSource } from "./contenders/worlds.ts";
import { hold } from "./contest.ts";
import { type BenchDatabase, openDatabase } from "./database.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { populateMembers, populateOrganizations } from "./population.ts";
import type { Profile } from "./profile.ts";
import type { Progress } from "./progress.ts";
import type { ServerClock } from "./server-clock.ts";
import { quantile, ratio, type Spread } from "./statistics.ts";
import { makeWorld } from "./world.ts";

/** What something costs at each size. */
export interface Curve {
  readonly name: string;
  /** Whether it touches everything there is: then it is not supposed to be flat. */
  readonly isBulk: boolean;
  /** Milliseconds until it is answered. */
  readonly p50: readonly number[];
  /** Microseconds of processors, here and on the server: what others do on the machine hardly shows in them. */
  readonly cpu: readonly number[];
  /** How many times the processor time of the smallest the largest needs, in the same rounds. */
  readonly growth: Spread;
}

export interface SizeReport {
  readonly members: Curves;
  readonly organizations: Curves;
}

export interface Curves {
  readonly sizes: readonly number[];
  readonly curves: readonly Curve[];
}

/** One caller, and turns of few calls: what is measured is one call, not how many there can be. */
const CONTEST = { callers: 1, calls: 8, rounds: 12 };

/** These answer or end everything that an organization has. */
const BULK = ["listTuplesForObject"];
/** After these the organization would not be there for the next one, or be another. */
const FINAL = ["suspendOrg", "reinstateOrg", "revokeOrg", "transferOwnership"];
/** In place of these there are pages, with and without filters. */
const PAGED = ["listMembers"];

const ofMembers = [
  ...OPERATIONS.filter(({ name }) => ![...FINAL, ...PAGED, ...BULK].includes(name)),
  ...pages(() => null),
];
const ofOrganizations = OPERATIONS;

export function sizeSteps({ sizes }: Profile): number {
  return ofMembers.length + ofOrganizations.length + sizes.members.length + sizes.organizations.length;
}

export async function measureSize({ sizes }: Profile, progress: Progress): Promise<SizeReport> {
  return {
    members: { sizes: sizes.members, curves: await ofMemberCounts(sizes, progress) },
    organizations: { sizes: sizes.organizations, curves: await ofOrganizationCounts(sizes.organizations, progress) },
  };
}

/** Organizations of all sizes in one database, among as many others as there are at most. */
async function ofMemberCounts(
  { members: sizes, organizations }: Profile["sizes"],
  progress: Progress,
): Promise<readonly Curve[]> {
  const database = await openDatabase([0]);
  await populateOrganizations(database.pool, Math.max(...organizations));
  const near = new PostgresTenancyStore(database.pool);
  const driver = openPg(database.way(0), 1);
  const middles = new Map<OrgId, string>();
  const contenders: Contender[] = [];
  for (const size of sizes) {
    progress.begin(`an organization of ${size} members`);
    const populated = await populateMembers(database.pool, size);
    middles.set(populated.orgId, await middleOf(database.pool, populated.orgId, size));
    const worlds = sharedByReads(within(near, populated));
    contenders.push(ofStore(String(size), new PostgresTenancyStore(driver.pool), worlds, near));
    progress.end();
  }
  await database.pool.query("vacuum analyze");
  const operations = ofMembers.map(
    (operation) =>
      pages((orgId) => middles.get(orgId) ?? null).find(({ name }) => name === operation.name) ?? operation,
  );
  const curves = await curvesOf(operations, contenders, database.clock, progress);
  await driver.close();
  await database.close();
  return curves;
}

/** Databases of all sizes, each on a server of its own. */
async function ofOrganizationCounts(sizes: readonly number[], progress: Progress): Promise<readonly Curve[]> {
  const databases: BenchDatabase[] = [];
  const drivers: ReturnType<typeof openPg>[] = [];
  const contenders: Contender[] = [];
  for (const size of sizes) {
    progress.begin(`${size} organizations`);
    const database = await openDatabase([0]);
    await populateOrganizations(database.pool, size);
    await database.pool.query("vacuum analyze");
    const driver = openPg(database.way(0), 1);
    const store = new PostgresTenancyStore(driver.pool);
    contenders.push(ofStore(String(size), store, ownWorlds(database.pool), new PostgresTenancyStore(database.pool)));
    databases.push(database);
    drivers.push(driver);
    progress.end();
  }
  const curves = await curvesOf(ofOrganizations, contenders, sumOf(databases), progress);
  await Promise.all(drivers.map((driver) => driver.close()));
  await Promise.all(databases.map((database) => database.close()));
  return curves;
}

async function curvesOf(
  operations: readonly Operation[],
  contenders: readonly Contender[],
  clock: ServerClock,
  progress: Progress,
): Promise<readonly Curve[]> {
  const curves: Curve[] = [];
  for (const operation of operations) {
    progress.begin(operation.name);
    // What touches everything takes seconds on the largest.
    const isBulk = BULK.includes(operation.name);
    const score = await hold({ operation, ...CONTEST, ...(isBulk ? { calls: 1, rounds: 3 } : {}) }, contenders, clock);
    const turns = [...score.values()];
    const latencies = turns.map((those) => those.flatMap((turn) => turn.latencies));
    const cpu = turns.map((those) => those.map((turn) => turn.clientCpu + (turn.serverCpu ?? 0)));
    curves.push({
      name: operation.name,
      isBulk,
      p50: latencies.map((those) => quantile(those, 0.5)),
      cpu: cpu.map((those) => quantile(those, 0.5)),
      growth: ratio(cpu.at(-1) ?? [], cpu[0] ?? []),
    });
    progress.end();
  }
  return curves;
}

/** A server at rest uses next to nothing: what all have used is what the one used that was asked. */
function sumOf(databases: readonly BenchDatabase[]): ServerClock {
  return {
    microseconds() {
      const used = databases.map(({ clock }) => clock.microseconds());
      return used.includes(null) ? null : used.reduce<number>((sum, one) => sum + (one ?? 0), 0);
    },
  };
}

/** Pages of members: where they begin, and what they leave out. */
function pages(middle: (orgId: OrgId) => string | null): readonly Operation[] {
  const page = (name: string, call: Operation["call"]): Operation => {
    return { name, method: "listMembers", kind: {}, trips: 1, isRead: true, call };
  };
  return [
    page("listMembers, first page", (store, { orgId }) => store.listMembers(orgId)),
    page("listMembers, in the middle", (store, { orgId }) => store.listMembers(orgId, { cursor: middle(orgId) })),
    page("listMembers, owners", (store, { orgId }) => store.listMembers(orgId, { role: "owner" })),
    page("listMembers, suspended", (store, { orgId }) => store.listMembers(orgId, { status: "suspended" })),
    page("listMembers with total", (store, { orgId }) => store.listMembers(orgId, { limit: 1, total: true })),
  ];
}

/** Worlds that lie in an organization that is there already. */
function within(
  near: PostgresTenancyStore,
  { orgId, owner }: Awaited<ReturnType<typeof populateMembers>>,
): WorldSource {
  let joined: Promise<Membership> | null = null;
  return async ({ kind }, count) => {
    joined ??= near.addMember({ orgId, usrId: generate("usr"), role: "admin" });
    const { id: memId, usrId } = await joined;
    const host = { orgId, owner, admin: { memId, usrId } };
    return Promise.all(Array.from({ length: count }, () => makeWorld(near, kind, host)));
  };
}

async function middleOf(pool: pg.Pool, orgId: OrgId, size: number): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    "select 'mem_' || replace(id::text, '-', '') as id from tenancy.mem where org_id = $1 order by id offset $2 limit 1",
    [orgId.slice(4), Math.floor(size / 2)],
  );
  return (rows[0] as { id: string }).id;
}
