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
    send: (transaction, statement) => send(transaction as PostgresJsTransaction, statement),
    guarded: (transaction, gate) => guarded(transaction as object, gate) as Tx,
    savepoint: async (transaction, name, work) =>
      (await (transaction as PostgresJsTransaction).savepoint(name, (inner: Tx) => work(inner))) as never,
  };
}

/**
 * The same `sql`, whose transactions end with their connection. For Drizzle: where the session of one has ended postgres.js
 * sends its rollback all the same, to whoever has the connection then, or to nobody, which hangs or ends the process.
 */
export function held<Sql extends PostgresJs>(sql: Sql): Sql {
  return new Proxy(sql, {
    get(target, property) {
      if (property !== "begin") {
        return Reflect.get(target, property, target);
      }
      return (...given: readonly unknown[]) => {
        const work = given.at(-1) as (transaction: object) => Promise<unknown>;
        const options = given.length > 1 ? String(given[0]) : "";
        return target.begin(options, (transaction: object) => holding(transaction, work));
      };
    },
  });
}

async function transaction<T>(
  sql: PostgresJs,
  { readOnly, entry }: Beginning,
  work: (transaction: PostgresJsTransaction) => Promise<T>,
): Promise<T> {
  const reached: { phase: "begin" | "open" | "thrown" | "commit"; cause: unknown } = { phase: "begin", cause: null };
  const inside = async (tx: PostgresJsTransaction): Promise<T> => {
    try {
      for (const statement of entry) {
        await send(tx, statement);
      }
      reached.phase = "open";
      const result = await work(tx);
      reached.phase = "commit";
      return result;
    } catch (error) {
      reached.phase = reached.phase === "begin" ? "begin" : "thrown";
      reached.cause = error;
      throw error;
    }
  };
  try {
    return (await held(sql).begin(readOnly ? "read only" : "", inside)) as T;
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
  /** Said by a statement, a moment before postgres.js notices: what it sends meanwhile, a rollback say, ends the process. */
  isLost: boolean;
}
const holds = new WeakMap<object, Hold>();

async function holding<T>(transaction: object, work: (transaction: never) => Promise<T>): Promise<T> {
  const hold: Hold = { isHeld: () => true, isLost: false };
  try {
    return await work(holdable(transaction, hold) as never);
  } finally {
    // `begin` has rejected by then. What it does after the work would hit the connection's next user: so the work does
    // not end.
    if (hold.isLost || !hold.isHeld()) {
      await new Promise(() => {});
    }
  }
}

/** The transaction, whose statements tell which connection it has, and that it has none any more. */
function holdable(transaction: object, hold: Hold): object {
  const onexecute = (connection: { readonly reserved: unknown }): boolean => {
    const { reserved } = connection;
    hold.isHeld = () => connection.reserved === reserved;
    return true;
  };
  const noticed = (made: unknown): unknown => {
    if (made instanceof Promise) {
      // Its own `then` would begin a query.
      Promise.prototype.then.call(made, undefined, (error: unknown) => {
        hold.isLost ||= isLoss(error);
      });
    }
    return made;
  };
  const own = new Proxy(transaction, {
    apply: (target, self, given) => noticed(Reflect.apply(target as never, self, given)),
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (property === "unsafe" && typeof value === "function") {
        return (text: string, values: unknown = [], options: object = {}) =>
          noticed(Reflect.apply(value, target, [text, values, { ...options, onexecute }]));
      }
      if (property === "savepoint" && typeof value === "function") {
        return (...given: readonly unknown[]) => {
          const work = given.at(-1) as (inner: object) => unknown;
          return Reflect.apply(value, target, [...given.slice(0, -1), (inner: object) => work(holdable(inner, hold))]);
        };
      }
      return value;
    },
  });
  holds.set(own, hold);
  return own;
}

/** No answer of a server: the connection's end. */
function isLoss(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return error instanceof Error && typeof code === "string" && /^(E[A-Z]+|CONNECTION_[A-Z]+)$/.test(code);
}

async function send(sql: PostgresJsTransaction, { text, values }: Statement): Promise<readonly Row[]> {
  // Without the option `unsafe` prepares nothing.
  return (await sql.unsafe(text, [...values], { prepare: true })) as readonly Row[];
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
