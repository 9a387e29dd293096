import { UnavailableError } from "@tenantry/core";
import { type Beginning, ended, type Gate, type Row, type Statement, type TenantDriver } from "./driver.ts";
import { commitUnknown, endsConnection, trace } from "./fault.ts";
import type { HostType } from "./host-types.ts";
import { NotBegun, onLivingConnection } from "./not-begun.ts";

/** What we call of a transaction of postgres.js. */
export interface PostgresJsTransaction {
  unsafe(
    text: string,
    values?: (string | null)[],
    options?: { readonly prepare?: boolean },
  ): PromiseLike<readonly unknown[]>;
  savepoint(name: string, work: (transaction: never) => Promise<unknown>): PromiseLike<unknown>;
}

/** What we call of the `sql` of postgres.js. */
export interface PostgresJs {
  begin(options: string, work: (transaction: HostType) => Promise<HostType>): unknown;
}

/** The transactions that a `sql` hands out. */
export type TransactionOf<Sql> = Sql extends {
  begin: { (work: (transaction: infer Transaction) => never): unknown; (options: never, work: never): unknown };
}
  ? Transaction
  : PostgresJsTransaction;

/**
 * Runs on postgres.js, by its `begin`. Once a statement has failed the transaction is over, also where the error was caught;
 * a run inside the run is a savepoint, and survives.
 */
export function postgresJsDriver<Sql extends PostgresJs>(sql: Sql): TenantDriver<TransactionOf<Sql>> {
  type Tx = TransactionOf<Sql>;
  return {
    name: "postgres.js",
    transaction: (beginning, work) => onLivingConnection(() => transaction(sql, beginning, (tx) => work(tx as Tx))),
    send: (transaction, statement) => send(transaction as PostgresJsTransaction, statement, null),
    guarded: (transaction, gate) => guarded(transaction as object, gate) as Tx,
    savepoint: async (transaction, name, work) =>
      (await (transaction as PostgresJsTransaction).savepoint(name, (inner: Tx) => work(inner))) as never,
  };
}

async function transaction<T>(
  sql: PostgresJs,
  { readOnly, entry }: Beginning,
  work: (transaction: PostgresJsTransaction) => Promise<T>,
): Promise<T> {
  const reached: { phase: "begin" | "open" | "thrown" | "commit"; cause: unknown } = { phase: "begin", cause: null };
  try {
    return (await sql.begin(readOnly ? "read only" : "", async (tx: PostgresJsTransaction) => {
      const hold: Hold = { isHeld: () => true };
      holds.set(tx, hold);
      try {
        for (const statement of entry) {
          await send(tx, statement, hold);
        }
        reached.phase = "open";
        const result = await work(tx);
        reached.phase = "commit";
        return result;
      } catch (error) {
        reached.phase = reached.phase === "begin" ? "begin" : "thrown";
        reached.cause = error;
        throw error;
      } finally {
        // `begin` has rejected by then. What it does after the work would hit the connection's next user: so the work
        // does not end.
        if (!hold.isHeld()) {
          await new Promise(() => {});
        }
      }
    })) as T;
  } catch (error) {
    switch (reached.phase) {
      case "begin":
        throw new NotBegun(reached.cause ?? error);
      case "open":
        throw new UnavailableError("unavailable.connection", {}, { cause: trace(error) });
      case "thrown":
        throw reached.cause;
      case "commit":
        throw endsConnection(error) ? commitUnknown(error) : error;
    }
  }
}

/** Whether a transaction still has its connection: when the session has ended postgres.js does not know any more. */
interface Hold {
  isHeld: () => boolean;
}
const holds = new WeakMap<object, Hold>();

async function send(
  sql: PostgresJsTransaction,
  { text, values }: Statement,
  hold: Hold | null,
): Promise<readonly Row[]> {
  const onexecute = (connection: { readonly reserved: unknown }): boolean => {
    const { reserved } = connection;
    if (hold !== null) {
      hold.isHeld = () => connection.reserved === reserved;
    }
    return true;
  };
  // Without the option `unsafe` prepares nothing.
  const options = { prepare: true, ...(hold === null ? {} : { onexecute }) };
  return (await sql.unsafe(text, [...values], options)) as readonly Row[];
}

/** Queries of postgres.js begin when they are awaited, which may be after the run is over. */
function guarded(transaction: object, gate: Gate): object {
  const hold = holds.get(transaction);
  const isOver = (): boolean => !gate.isOpen || hold?.isHeld() === false;
  const watched = (made: unknown): unknown => {
    const { handle, reject } = (made ?? {}) as { readonly handle?: unknown; readonly reject?: unknown };
    if (made instanceof Promise && typeof handle === "function" && typeof reject === "function") {
      Object.defineProperty(made, "handle", {
        value: () => (isOver() ? reject(ended()) : handle.call(made)),
      });
    }
    return made;
  };
  return new Proxy(transaction, {
    apply(target, self, given) {
      return isOver() ? Promise.reject(ended()) : watched(Reflect.apply(target as never, self, given));
    },
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") {
        return value;
      }
      return (...given: unknown[]) =>
        isOver() ? Promise.reject(ended()) : watched(Reflect.apply(value, target, given));
    },
  });
}
