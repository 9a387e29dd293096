import type { Access, CommitOutcome, OrgId } from "@tenantry/core";
import type { SqlExecutor } from "./executor.ts";
import { commitOutcome, faultOf } from "./faults.ts";
import type { Requests } from "./requests.ts";
import type { Request } from "./statement.ts";

/** Opens a transaction on a connection of its own, works on it, and commits. */
export type OpenTransaction = <T>(work: (inside: SqlExecutor) => Promise<T>) => Promise<T>;

/** A refused commit leaves its transaction failed: it is rolled back, and this is what came of it. */
class Undone extends Error {
  readonly outcome: CommitOutcome;

  constructor(outcome: CommitOutcome) {
    super();
    this.outcome = outcome;
  }
}

/** Takes the organization's lock in a transaction, works, and commits. */
export async function hold(
  transaction: OpenTransaction,
  requests: Requests,
  orgId: OrgId,
  work: (access: Access) => Promise<CommitOutcome>,
): Promise<CommitOutcome> {
  let isEnding = false;
  try {
    return await transaction(async (inside) => {
      const run = async <T>({ statement, decode }: Request<T>): Promise<T> => decode(await inside.run(statement));
      await run(requests.lockOrg(orgId));
      const outcome = await work(accessThrough(run, requests));
      isEnding = true;
      return outcome;
    });
  } catch (error) {
    if (error instanceof Undone) {
      return error.outcome;
    }
    // Before its end nothing was committed, whatever went wrong.
    throw faultOf(error, isEnding ? "commit" : "read");
  }
}

function accessThrough(run: <T>(request: Request<T>) => Promise<T>, requests: Requests): Access {
  return {
    load: (plan) => run(requests.load(plan)),
    async commit(commit) {
      try {
        return await run(requests.commit(commit));
      } catch (error) {
        throw new Undone(commitOutcome(error, "read"));
      }
    },
  };
}
