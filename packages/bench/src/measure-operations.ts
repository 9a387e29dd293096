import { PostgresTenancyStore } from "@tenantry/store-pg";
import { openBetterAuth } from "./contenders/better-auth.ts";
import type { Contender } from "./contenders/contender.ts";
import { openNeonHttp, openPg, openPgPipelined, openPostgresJs } from "./contenders/drivers.ts";
import { floorOf } from "./contenders/floor.ts";
import { tenantryInMemory, tenantryOnNeon, tenantryOnPg, tenantryOnPostgresJs } from "./contenders/tenantry.ts";
import { usual } from "./contenders/usual.ts";
import { ownWorlds } from "./contenders/worlds.ts";
import { hold } from "./contest.ts";
import { type BenchDatabase, openDatabase } from "./database.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { populateOrganizations } from "./population.ts";
import { callsOf, type Network, type Profile, roundsOf } from "./profile.ts";
import type { Progress } from "./progress.ts";
import { quantile } from "./statistics.ts";
import { type Result, summarize } from "./summary.ts";

/** One operation, so many callers, so far away. */
export interface Cell {
  readonly network: string;
  readonly callers: number;
  readonly operation: string;
  /** Round trips that the store promises. */
  readonly trips: number;
  readonly results: readonly Result[];
}

/** How long a statement that does nothing takes, on each network. */
export type Distances = Readonly<Record<string, number>>;

export interface OperationsReport {
  readonly distances: Distances;
  readonly cells: readonly Cell[];
}

export function operationsOf({ operations }: Profile): readonly Operation[] {
  return OPERATIONS.filter(({ name }) => operations?.includes(name) ?? true);
}

/** What was measured before, with what was measured again in its place. */
export function measuredAgain(before: OperationsReport, again: OperationsReport): OperationsReport {
  const placeOf = ({ network, callers, operation }: Cell): string => `${network}, ${callers}, ${operation}`;
  const newer = new Map(again.cells.map((cell) => [placeOf(cell), cell]));
  return { distances: again.distances, cells: before.cells.map((cell) => newer.get(placeOf(cell)) ?? cell) };
}

/** So many organizations are there before anything is measured, so that no plan is one for empty tables. */
const POPULATION = 20_000;

export async function measureOperations(profile: Profile, progress: Progress): Promise<OperationsReport> {
  const { networks, callers } = profile;
  const operations = operationsOf(profile);
  const database = await openDatabase(networks.map(({ delayMs }) => delayMs));
  await populateOrganizations(database.pool, POPULATION);
  await database.pool.query("vacuum analyze");
  const distances: Record<string, number> = {};
  const cells: Cell[] = [];
  for (const network of networks) {
    distances[network.name] = await distanceOf(database, network);
    for (const count of callers) {
      const { contenders, close } = await open(database, network, count);
      for (const operation of operations) {
        progress.begin(`${network.name}, ${count} callers, ${operation.name}`);
        const contest = { operation, callers: count, rounds: roundsOf(profile, network) };
        const calls = callsOf(profile, network, count);
        const score = await hold({ ...contest, calls }, contenders, database.clock);
        const results = summarize(score);
        cells.push({
          network: network.name,
          callers: count,
          operation: operation.name,
          trips: operation.trips,
          results,
        });
        progress.end();
      }
      await close();
    }
  }
  await database.close();
  return { distances, cells };
}

interface Opened {
  readonly contenders: readonly Contender[];
  close(): Promise<void>;
}

async function open(database: BenchDatabase, { delayMs }: Network, callers: number): Promise<Opened> {
  const { pool } = database;
  const way = database.way(delayMs);
  const [worlds, near] = [ownWorlds(pool), new PostgresTenancyStore(pool)];
  const pgs = [0, 1, 2, 3].map(() => openPg(way, callers));
  const [own, floor, plain, tuned] = pgs as [PgDriver, PgDriver, PgDriver, PgDriver];
  const postgresJs = [openPostgresJs(way, callers), openPostgresJs(way, callers)] as const;
  const neon = openNeonHttp(way);
  const pipelined = openPgPipelined(way);
  const contenders = [
    tenantryOnPg(own, worlds, near),
    floorOf(floor, pool, worlds),
    ...(callers > 1 ? [tenantryOnPg(pipelined, worlds, near)] : []),
    tenantryOnPostgresJs(postgresJs[0], worlds, near),
    floorOf(postgresJs[1], pool, worlds),
    tenantryOnNeon(neon, worlds, near),
    floorOf(neon, pool, worlds),
    tenantryInMemory(),
    usual(plain, worlds, { isTuned: false }),
    usual(tuned, worlds, { isTuned: true }),
    await openBetterAuth(way, callers, pool),
  ];
  return {
    contenders,
    async close() {
      await Promise.all(contenders.map((contender) => contender.close()));
      await Promise.all([...pgs, ...postgresJs, neon, pipelined].map((driver) => driver.close()));
    },
  };
}
type PgDriver = ReturnType<typeof openPg>;

async function distanceOf(database: BenchDatabase, { delayMs }: Network): Promise<number> {
  const driver = openPg(database.way(delayMs), 1);
  const times: number[] = [];
  for (let time = 0; time < 30; time += 1) {
    const start = performance.now();
    await driver.pool.query("select 1");
    times.push(performance.now() - start);
  }
  await driver.close();
  return quantile(times, 0.5);
}
