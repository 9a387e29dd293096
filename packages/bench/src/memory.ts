import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { ofStore } from "./contenders/tenantry.ts";
import { hold } from "./contest.ts";
import { isOffered, OPERATIONS } from "./operations.ts";
import type { Profile } from "./profile.ts";
import type { Progress } from "./progress.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import { makeWorld } from "./world.ts";

/** Calls per second of the store in memory, one after another, in organizations of some sizes. */
export interface MemoryReport {
  readonly sizes: readonly number[];
  readonly rates: readonly { readonly operation: string; readonly throughput: readonly Spread[] }[];
}

/** These end what the next ones need, or have everything as their answer. */
const LEFT_OUT = ["suspendOrg", "reinstateOrg", "revokeOrg", "transferOwnership", "listTuplesForObject"];

const operations = OPERATIONS.filter((operation) => isOffered(operation) && !LEFT_OUT.includes(operation.name));

export const MEMORY_STEPS: number = operations.length;

export async function measureMemory({ sizes }: Profile, progress: Progress): Promise<MemoryReport> {
  const large = Math.min(100_000, Math.max(...sizes.members));
  const contenders = await Promise.all([100, large].map(inOrganizationOf));
  const rates = [];
  for (const operation of operations) {
    progress.begin(`in memory, ${operation.name}`);
    const contest = { operation, callers: 1, calls: 2_000, rounds: 9 };
    const score = await hold(contest, contenders, { microseconds: () => null });
    const throughput = [...score.values()].map((turns) => spreadOf(turns.map((turn) => turn.throughput)));
    rates.push({ operation: operation.name, throughput });
    progress.end();
  }
  return { sizes: [100, large], rates };
}

async function inOrganizationOf(members: number): Promise<ReturnType<typeof ofStore>> {
  const store = new InMemoryTenancyStore();
  const host = await makeWorld(store, { crowd: members });
  return ofStore(
    String(members),
    store,
    async ({ kind }, count) => {
      const worlds = [];
      for (let place = 0; place < count; place += 1) {
        worlds.push(await makeWorld(store, kind.grants === undefined ? {} : { grants: kind.grants }, host));
      }
      return worlds;
    },
    store,
    false,
  );
}
