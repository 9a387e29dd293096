import { generate, type Membership, type OrgId, type TenancyStore, type UsrId } from "@tenantry/core";
import { NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import { PostgresJsTenancyStore } from "@tenantry/store-pg/postgres-js";
import { openNeonHttp, openPg, openPostgresJs } from "./contenders/drivers.ts";
import { openDatabase } from "./database.ts";
import type { Profile } from "./profile.ts";
import type { Progress } from "./progress.ts";
import { ratio, type Spread, spreadOf } from "./statistics.ts";
import { type Call, takeTurn } from "./turn.ts";
import { weekFrom } from "./world.ts";

// Many rows in one call, beside one call for each of as many rows: by turns, in organizations of their own.

export interface BulkCell {
  readonly store: string;
  readonly operation: string;
  readonly rows: number;
  /** Whether every commit waits until it is on the disk. */
  readonly fsync: boolean;
  /** Of one row, in microseconds. */
  readonly bulk: Spread;
  readonly loop: Spread;
  /** Of one row in the call of many, of this process and of the server. */
  readonly clientCpu: number;
  readonly serverCpu: number | null;
  /** How many times as long a row of the loop takes. */
  readonly faster: Spread;
}

const CHARGES = [false, true];

export function bulkSteps(profile: Profile): number {
  return CHARGES.length * STORES.length * operationsOf(profile).length * profile.sizes.bulk.length;
}

export async function measureBulk(profile: Profile, progress: Progress): Promise<readonly BulkCell[]> {
  const cells: BulkCell[] = [];
  for (const fsync of CHARGES) {
    const database = await openDatabase([0], { isDurable: fsync });
    const near = new PostgresTenancyStore(database.pool);
    const way = database.way(0);
    const drivers = [openPg(way, 1), openPostgresJs(way, 1), openNeonHttp(way)] as const;
    const [pg, postgresJs, neon] = drivers;
    const stores = [
      new PostgresTenancyStore(pg.pool),
      new PostgresJsTenancyStore(postgresJs.sql),
      new NeonHttpTenancyStore(neon.sql),
    ];
    for (const [place, store] of stores.entries()) {
      for (const operation of operationsOf(profile)) {
        for (const rows of profile.sizes.bulk) {
          const name = STORES[place] ?? "";
          progress.begin(`${operation.name}, ${rows} rows, ${name}, fsync ${fsync ? "on" : "off"}`);
          const turn = async (calls: number, call: (world: World) => readonly Call[]) =>
            takeTurn(call(await worldOf(near, operation, calls)), 1, database.clock);
          const [bulk, loop] = [[] as Row[], [] as Row[]];
          // The first round is the one in which PostgreSQL settles on its plans, so it does not count.
          for (let round = 0; round <= profile.rounds; round += 1) {
            const many = perRow(await turn(rows, (world) => [() => operation.many(store, world)]), rows);
            const single = perRow(await turn(LOOP, (world) => operation.single(store, world)), 1);
            if (round > 0) {
              bulk.push(many);
              loop.push(single);
            }
          }
          cells.push({
            store: name,
            operation: operation.name,
            rows,
            fsync,
            bulk: spreadOf(bulk.map(({ micros }) => micros)),
            loop: spreadOf(loop.map(({ micros }) => micros)),
            clientCpu: spreadOf(bulk.map(({ clientCpu }) => clientCpu)).median,
            serverCpu:
              database.clock.microseconds() === null ? null : spreadOf(bulk.map((row) => row.serverCpu)).median,
            faster: ratio(
              loop.map(({ micros }) => micros),
              bulk.map(({ micros }) => micros),
            ),
          });
          progress.end();
        }
      }
    }
    await Promise.all(drivers.map((driver) => driver.close()));
    await database.close();
  }
  return cells;
}

const STORES = ["pg", "postgres.js", "Neon HTTP"];
/** Calls of a loop: enough to be timed, and each as long as any other. */
const LOOP = 200;

/** Of one row, in microseconds. */
interface Row {
  readonly micros: number;
  readonly clientCpu: number;
  readonly serverCpu: number;
}

function perRow({ throughput, clientCpu, serverCpu }: Awaited<ReturnType<typeof takeTurn>>, rows: number): Row {
  return {
    micros: 1_000_000 / throughput / rows,
    clientCpu: clientCpu / rows,
    serverCpu: (serverCpu ?? Number.NaN) / rows,
  };
}

interface World {
  readonly orgId: OrgId;
  readonly owner: UsrId;
  readonly people: readonly UsrId[];
  /** Those of them who are members already, where the operation is about members. */
  readonly members: readonly Membership[];
}

interface Operation {
  readonly name: string;
  readonly isOfMembers: boolean;
  readonly many: (store: TenancyStore, world: World) => Promise<unknown>;
  readonly single: (store: TenancyStore, world: World) => readonly Call[];
}

const OPERATIONS: readonly Operation[] = [
  {
    name: "addMembers",
    isOfMembers: false,
    many: (store, { orgId, people }) =>
      store.addMembers({ orgId, rows: people.map((usrId) => ({ usrId, role: "member" })) }),
    single: (store, { orgId, people }) =>
      people.map((usrId) => () => store.addMember({ orgId, usrId, role: "member" })),
  },
  {
    name: "createInvitations",
    isOfMembers: false,
    many: (store, world) => store.createInvitations({ orgId: world.orgId, rows: world.people.map(offer(world)) }),
    single: (store, world) =>
      world.people.map(offer(world)).map((row) => () => store.createInvitation({ orgId: world.orgId, ...row })),
  },
  {
    name: "changeRoles",
    isOfMembers: true,
    many: (store, { orgId, members }) =>
      store.changeRoles({ orgId, rows: members.map(({ id: memId }) => ({ memId, newRole: "guest" })) }),
    single: (store, { members }) =>
      members.map(
        ({ id: memId }) =>
          () =>
            store.changeRole({ memId, newRole: "guest" }),
      ),
  },
  {
    name: "removeMembers",
    isOfMembers: true,
    many: (store, { orgId, owner, members }) =>
      store.removeMembers({ orgId, rows: members.map(({ id: memId }) => ({ memId, adminUsrId: owner })) }),
    single: (store, { owner, members }) =>
      members.map(
        ({ id: memId }) =>
          () =>
            store.adminRemove({ memId, adminUsrId: owner }),
      ),
  },
];

function operationsOf({ operations }: Profile): readonly Operation[] {
  const chosen = OPERATIONS.filter(({ name }) => operations?.includes(name) ?? true);
  return chosen.length === 0 ? OPERATIONS : chosen;
}

function offer({ owner }: World) {
  const expiresAt = weekFrom(new Date());
  return (usrId: UsrId) =>
    ({ identifier: `${usrId}@example.com`, role: "member", invitedBy: owner, expiresAt }) as const;
}

async function worldOf(near: TenancyStore, { isOfMembers }: Operation, count: number): Promise<World> {
  const owner = generate("usr");
  const { org } = await near.createOrg(owner);
  const people = Array.from({ length: count }, () => generate("usr"));
  const rows = people.map((usrId) => ({ usrId, role: "member" }) as const);
  const added = isOfMembers ? await near.addMembers({ orgId: org.id, rows }) : { rows: [] };
  const members = added.rows.flatMap((row) => (row.outcome === "done" ? [row.entity] : []));
  return { orgId: org.id, owner, people, members };
}
