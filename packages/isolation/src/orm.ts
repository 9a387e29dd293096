import { IsolationError, UnavailableError } from "@tenantry/core";
import type { Beginning, Row, Statement } from "./driver.ts";
import { commitUnknown, endsConnection, entryFault, serverError } from "./fault.ts";
import { NotBegun, onLivingConnection } from "./not-begun.ts";

/** What an ORM brings: its own transaction, and a way to send a text inside. */
interface OrmTransaction<Tx> {
  readonly begin: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  readonly send: (tx: Tx, statement: Statement) => Promise<readonly Row[]>;
}

/** Who ORMs tell nothing of the tag of a COMMIT: whether a transaction is still good is asked before. */
const STILL_GOOD: Statement = { text: "select 1", values: [] };

/** A run in the transaction of an ORM. One round trip more than a driver's own. */
export function ormTransaction<Tx, T>(
  orm: OrmTransaction<Tx>,
  beginning: Beginning,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return onLivingConnection(() => attempt(orm, beginning, work));
}

async function attempt<Tx, T>(
  { begin, send }: OrmTransaction<Tx>,
  { entry }: Beginning,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const reached: { phase: "begin" | "open" | "thrown" | "commit"; cause: unknown } = { phase: "begin", cause: null };
  try {
    return await begin(async (tx) => {
      try {
        for (const statement of entry) {
          await send(tx, statement);
        }
        reached.phase = "open";
        const result = await work(tx);
        await stillGood(() => send(tx, STILL_GOOD));
        reached.phase = "commit";
        return result;
      } catch (error) {
        reached.phase = reached.phase === "begin" ? "begin" : "thrown";
        reached.cause = error;
        throw error;
      }
    });
  } catch (error) {
    switch (reached.phase) {
      case "begin":
        throw new NotBegun(reached.cause ?? error);
      case "thrown":
        // Not what a rollback said on a connection that was lost.
        throw reached.cause;
      case "open":
        throw new UnavailableError("unavailable.connection", {});
      case "commit":
        throw endsConnection(error) ? commitUnknown(error) : error;
    }
  }
}

async function stillGood(ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    if (serverError(error)?.code === "25P02") {
      throw new IsolationError("isolation.no_transaction", { reason: "failed" });
    }
    throw entryFault(error);
  }
}
