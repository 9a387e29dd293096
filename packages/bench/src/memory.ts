import { InMemoryTenancyStore } from "@tenantry/store-memory";
import type { Contender } from "./contenders/contender.ts";
import { ofStore } from "./contenders/tenantry.ts";
import { sharedByReads } from "./contenders/worlds.ts";
import { hold } from "./contest.ts";
import { operationsOf } from "./measure-operations.ts";
import type { Operation } from "./operations.ts";
import type { Profile } from "./profile.ts";
import type { Progress } from "./progress.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import { makeWorld } from "./world.ts";

/** Calls per second of the store in memory, one after another, in organizations of some sizes. */
export interface MemoryReport {
  readonly sizes: readonly number[];
  readonly rates: readonly {
    readonly operation: string;
    readonly throughput: readonly Spread[];
    /** Calls per second of a processor: what there would be if nobody else used the machine. */
    readonly undisturbed: readonly Spread[];
  }[];
}

/** These end what the next ones need, or have everything as their answer. */
const LEFT_OUT = ["suspendOrg", "reinstateOrg", "revokeOrg", "transferOwnership", "listTuplesForObject"];

function operationsInMemory(profile: Profile): readonly Operation[] {
  return operationsOf(profile).filter(({ name }) => !LEFT_OUT.includes(name));
}

export function memorySteps(profile: Profile): number {
  return operationsInMemory(profile).length;
}

export async function measureMemory(profile: Profile, progress: Progress): Promise<MemoryReport> {
  const large = Math.min(100_000, Math.max(...profile.sizes.members));
  const rates = [];
  for (const operation of operationsInMemory(profile)) {
    progress.begin(`in memory, ${operation.name}`);
    // Anew for each: what is left of all calls would fill the memory.
    const contenders = await Promise.all([SMALL, large].map(inOrganizationOf));
    const contest = { operation, callers: 1, calls: CALLS, rounds: ROUNDS };
    const score = await hold(contest, contenders, { microseconds: () => null });
    const turns = [...score.values()];
    rates.push({
      operation: operation.name,
      throughput: turns.map((those) => spreadOf(those.map((turn) => turn.throughput))),
      undisturbed: turns.map((those) => spreadOf(those.map((turn) => 1_000_000 / turn.clientCpu))),
    });
    progress.end();
  }
  return { sizes: [SMALL, large], rates };
}

const SMALL = 100;
const CALLS = 1_000;
const ROUNDS = 9;

async function inOrganizationOf(members: number): Promise<Contender> {
  const store = new InMemoryTenancyStore();
  const host = await makeWorld(store, { crowd: members });
  const worlds = sharedByReads(async ({ kind }, count) => {
    const made = [];
    for (let place = 0; place < count; place += 1) {
      made.push(await makeWorld(store, kind.grants === undefined ? {} : { grants: kind.grants }, host));
    }
    return made;
  });
  return ofStore(String(members), store, worlds, store, false);
}
