import { PostgresTenancyStore } from "@tenantry/store-pg";
import { openPg } from "./contenders/drivers.ts";
import { tenantryAlone, tenantryOnPg } from "./contenders/tenantry.ts";
import { usual } from "./contenders/usual.ts";
import type { WorldSource } from "./contenders/worlds.ts";
import { hold } from "./contest.ts";
import { openDatabase } from "./database.ts";
import { OPERATIONS } from "./operations.ts";
import { callsOf, NETWORKS, type Profile } from "./profile.ts";
import type { Progress } from "./progress.ts";
import { type Result, summarize } from "./summary.ts";
import { makeWorld, type World } from "./world.ts";

// Everybody writes to one organization: its row is the lock, so writers are serial however many there are.

const NAMES = ["addMember", "acceptInvitation", "changeRole"];
const CALLERS = [8, 32];
const CHARGES = [false, true];

export interface HotCell {
  readonly callers: number;
  readonly operation: string;
  /** Whether every commit waits until it is on the disk. */
  readonly fsync: boolean;
  readonly results: readonly Result[];
}

export const HOT_STEPS = NAMES.length * CALLERS.length * CHARGES.length;

export async function measureHotOrganization(profile: Profile, progress: Progress): Promise<readonly HotCell[]> {
  const cells: HotCell[] = [];
  for (const fsync of CHARGES) {
    const database = await openDatabase([0], { isDurable: fsync });
    const near = new PostgresTenancyStore(database.pool);
    for (const callers of CALLERS) {
      const drivers = [0, 1, 2, 3].map(() => openPg(database.way(0), callers));
      const [own, alone, plain, tuned] = drivers as [PgDriver, PgDriver, PgDriver, PgDriver];
      const contenders = [
        tenantryOnPg(own, inOne(near), near),
        tenantryAlone(alone, inOne(near), near),
        usual(plain, inOne(near), { isTuned: false }),
        usual(tuned, inOne(near), { isTuned: true }),
      ];
      for (const operation of OPERATIONS.filter(({ name }) => NAMES.includes(name))) {
        progress.begin(`one organization, ${callers} callers, ${operation.name}, fsync ${fsync ? "on" : "off"}`);
        const calls = 2 * callsOf(profile, NETWORKS[0], callers);
        const score = await hold({ operation, callers, calls, rounds: profile.rounds }, contenders, database.clock);
        cells.push({ callers, operation: operation.name, fsync, results: summarize(score) });
        progress.end();
      }
      await Promise.all(drivers.map((driver) => driver.close()));
    }
    await database.close();
  }
  return cells;
}
type PgDriver = ReturnType<typeof openPg>;

/** Worlds that lie in one organization: each contender has one, for all of its calls. */
function inOne(near: PostgresTenancyStore): WorldSource {
  let first: Promise<World> | null = null;
  return async (operation, count) => {
    first ??= makeWorld(near, operation.kind);
    const within = await first;
    return Promise.all(Array.from({ length: count }, () => makeWorld(near, operation.kind, within)));
  };
}
