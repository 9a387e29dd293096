import type { Chance } from "../chance.ts";
import type { Interpose, SharedDatabase } from "../shared-database.ts";
import { after } from "../timing.ts";
import type { DriverErrors } from "./ways.ts";

/** How often a request fails. */
const ONE_IN = 12;
/** How late a commit arrives at most that was held back. */
const LATEST_MS = 40;

/** What the clients of a workload did not hear of. */
export interface Chaos {
  readonly connect: SharedDatabase["connect"];
  /** Resolves when nothing is on its way any more. */
  readonly calm: () => Promise<void>;
  /** How many requests failed, in all. */
  readonly failures: () => number;
}

/** Instances of which requests fail at random, in every way the driver knows; commits are held back and arrive late. */
export function chaotic(database: SharedDatabase, errors: DriverErrors, chance: Chance): Chaos {
  const late: Promise<unknown>[] = [];
  let failures = 0;

  function failing(own: Chance): Interpose {
    return async (request, send) => {
      const [failsOn, way, delay] = [own.below(ONE_IN), own.below(6), own.below(LATEST_MS)];
      if (failsOn !== 0) {
        return send();
      }
      failures += 1;
      const { lost, timeout, notSent, cancelled, contention = [] } = errors;
      const [kept] = contention;
      switch (way) {
        case 0:
          // Carried out, and the answer lost.
          await settled(send());
          throw thrown(lost);
        case 1:
          throw thrown(lost);
        case 2:
          if (request.kind === "commit") {
            late.push(after(delay).then(() => settled(send())));
          }
          throw thrown(timeout ?? lost);
        case 3:
          throw thrown(notSent ?? kept);
        case 4:
          throw thrown(cancelled ?? kept);
        default:
          throw thrown(kept ?? notSent);
      }
    };
  }

  return {
    connect: (options) => database.connect(options, failing(chance.fork())),
    calm: async () => {
      for (let next = late.pop(); next !== undefined; next = late.pop()) {
        await next;
      }
    },
    failures: () => failures,
  };
}

async function settled(work: Promise<unknown>): Promise<void> {
  await work.catch(() => {});
}

function thrown(error: (() => unknown) | undefined): unknown {
  if (error === undefined) {
    throw new Error("the store names no error for this");
  }
  return error();
}
