import type { AnswersTo, Group, Plan, StorePort } from "@tenantry/core";
import type { SqlExecutor } from "./executor.ts";
import { commitOutcome, faultOf, isStalePreparation } from "./faults.ts";
import { sqlPlacements } from "./groups/placement.ts";
import { sqlRelay } from "./groups/relay.ts";
import { hold, type OpenTransaction } from "./hold.ts";
import { join } from "./joined.ts";
import { requests } from "./requests.ts";
import type { Request } from "./statement.ts";

/** What a driver package adds to the executor: nothing but what its database can do. */
export interface SqlDriver {
  readonly executor: SqlExecutor;
  /** Several sessions can be at work at once. */
  readonly concurrentSessions: boolean;
  /** It can be given a connection inside the host's transaction. */
  readonly hostTransactions: boolean;
  /** How a transaction is opened on a connection of its own, where there are several. */
  readonly transaction?: OpenTransaction;
}

/** The groups that SQL is written for. */
const KEPT: readonly Group[] = ["placement", "domains", "settings", "lifecycle", "relay", "audit"];

/** The port of a store over an executor: each request is one statement and a transaction of its own. */
export function sqlPort(
  { executor, concurrentSessions, hostTransactions, transaction }: SqlDriver,
  schema: string,
  prepare: boolean,
): StorePort {
  const requested = requests(schema, prepare);
  const { connection } = executor;
  return {
    load: <P extends Plan>(plan: P): Promise<AnswersTo<P>> => read(executor, requested.load(plan)),
    async commit(commit) {
      try {
        return await send(executor, requested.commit(commit));
      } catch (error) {
        return commitOutcome(error);
      }
    },
    isRemote: true,
    capabilities: { concurrentSessions, usersLink: true, hostTransactions, groups: KEPT },
    async settle(address) {
      // A statement of its own: what was committed while the fence waited for it is not in the fence's snapshot.
      return (await read(executor, requested.fenceKey(address)))
        ? { state: "fenced" }
        : read(executor, requested.keyUse(address));
    },
    relay: sqlRelay(schema, prepare, (request) => read(executor, request)),
    placement: sqlPlacements(schema, prepare, (request) => read(executor, request)),
    audit: { prune: (asked) => read(executor, requested.prune(asked)) },
    ...(connection === undefined ? {} : { join: (call, work) => join(connection, requested, call, work) }),
    ...(transaction === undefined ? {} : { hold: (orgId, work) => hold(transaction, requested, orgId, work) }),
  };
}

export async function send<T>(executor: SqlExecutor, { statement, decode }: Request<T>): Promise<T> {
  try {
    return decode(await executor.run(statement));
  } catch (error) {
    // Refused before it ran: a pooler gave us another server connection, or a migration changed what was prepared.
    if (statement.name !== null && isStalePreparation(error)) {
      return decode(await executor.run({ ...statement, name: null }));
    }
    throw error;
  }
}

/** Nothing is lost when a read, or the claim of a fence, is repeated. */
export async function read<T>(executor: SqlExecutor, request: Request<T>): Promise<T> {
  try {
    return await send(executor, request);
  } catch (error) {
    throw faultOf(error, "read");
  }
}
