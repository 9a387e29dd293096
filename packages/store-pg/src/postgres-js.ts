import type { Metadata } from "@tenantry/core";
import {
  atOnce,
  beginAndCommit,
  type MigrateOptions,
  migrate,
  NotSent,
  type Row,
  type SqlConnection,
  type SqlDriver,
  type SqlExecutor,
  type SqlOptions,
  SqlTenancyStore,
  type Statement,
  type Transact,
} from "@tenantry/store-sql";

/** What we call of a transaction of postgres.js. */
export interface PostgresJsTransaction {
  unsafe(
    text: string,
    values?: (string | null)[],
    options?: { readonly prepare?: boolean },
  ): PromiseLike<readonly unknown[]>;
}

/** What we call of the `sql` of postgres.js, or of a connection that it reserved. */
export interface PostgresJs extends PostgresJsTransaction {
  begin(work: (transaction: PostgresJsTransaction) => Promise<unknown>): PromiseLike<unknown>;
}

/** The transactions that a `sql` hands out. `begin` has a second form, with options; the first one is looked at. */
type TransactionOf<Database> = Database extends { release(): void } & PostgresJsTransaction
  ? // One that was reserved begins and commits by text, and stays what it is.
    Database
  : Database extends {
        begin: { (work: (transaction: infer Transaction) => never): unknown; (options: never, work: never): unknown };
      }
    ? Transaction & PostgresJsTransaction
    : PostgresJsTransaction;

/**
 * Tenancy on PostgreSQL through postgres.js, which pools and pipelines by itself. Given a transaction, or a reserved
 * connection that is inside one, the store takes part in it and never commits or rolls it back.
 */
export class PostgresJsTenancyStore<
  Database extends PostgresJs | PostgresJsTransaction = PostgresJs | PostgresJsTransaction,
  O = Metadata,
  M = Metadata,
> extends SqlTenancyStore<O, M> {
  readonly #transact: Transact<TransactionOf<Database>>;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(sql: Database, options: SqlOptions<O, M> = {}) {
    const executor = postgresJsExecutor(sql);
    // On a single connection everything else would be inside the transaction too.
    const own: Pick<SqlDriver, "transaction"> =
      "begin" in sql ? { transaction: (work) => transact(sql, (_, inside) => work(inside)) } : {};
    super({ executor, concurrentSessions: true, hostTransactions: true, ...own }, options);
    this.#transact = (work) =>
      transact(sql, (transaction, executor) => work(transaction as TransactionOf<Database>, executor));
  }

  /**
   * Opens a transaction, hands it and a store inside it to `work`, and commits: what both wrote is there together or not
   * at all. See `SqlTenancyStore.inTransaction` for what it throws.
   */
  withTransaction<T>(
    work: (
      transaction: TransactionOf<Database>,
      store: PostgresJsTenancyStore<TransactionOf<Database>, O, M>,
    ) => Promise<T>,
  ): Promise<T> {
    return this.inTransaction(
      this.#transact,
      (transaction, options) => new PostgresJsTenancyStore(transaction, options),
      work,
    );
  }
}

/** Creates or updates the tables through postgres.js; see `migrate` of `@tenantry/store-sql`. */
export function migratePostgresJs(sql: PostgresJs, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(postgresJsExecutor(sql), options);
}

/** What postgres.js calls a connection that never came about: nothing was sent. */
const NEVER_CONNECTED = ["CONNECT_TIMEOUT", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"];

/** A `sql`, a transaction or a reserved connection of postgres.js behind the seam of `@tenantry/store-sql`. */
export function postgresJsExecutor(sql: PostgresJs | PostgresJsTransaction): SqlExecutor {
  if ("begin" in sql) {
    return {
      run: (statement) => withRoom(sql, () => send(sql, statement)),
      batch: (texts) => transact(sql, (transaction) => each(transaction, texts)),
    };
  }
  const run = (statement: Statement): Promise<readonly Row[]> => sendOnOne(sql, statement);
  const connection: SqlConnection = {
    handle: sql,
    // A reserved connection begins and commits by text alone, so only the server knows whether it is in a transaction.
    inTransaction: () => (isReserved(sql) ? null : true),
    async burst(statements) {
      if (holds.has(sql)) {
        return atOnce(run, statements);
      }
      // Not yet known to be held: what follows a savepoint is sent when that was accepted, which it is in a transaction only.
      const [first, ...others] = statements;
      return first === undefined ? [] : [await run(first), ...(await atOnce(run, others))];
    },
  };
  const batch = (texts: readonly string[]): Promise<void> =>
    isReserved(sql) ? transact(sql, () => each(sql, texts)) : each(sql, texts);
  return { run, batch, connection };
}

/**
 * So many statements of ours are under way on a `sql` at most. It sends a hundred ahead on one connection, and a `begin`
 * that is the last of them does not get the connection for itself: what others send then is answered and lost.
 */
const MOST_UNDER_WAY = 80;

interface Room {
  underWay: number;
  readonly waiting: (() => void)[];
}
const rooms = new WeakMap<object, Room>();

async function withRoom<T>(sql: object, work: () => Promise<T>): Promise<T> {
  const room = rooms.get(sql) ?? { underWay: 0, waiting: [] };
  rooms.set(sql, room);
  if (room.underWay === MOST_UNDER_WAY) {
    await new Promise<void>((enter) => room.waiting.push(enter));
  } else {
    room.underWay += 1;
  }
  try {
    return await work();
  } finally {
    const enter = room.waiting.shift();
    if (enter === undefined) {
      room.underWay -= 1;
    } else {
      enter();
    }
  }
}

/** A connection that was reserved has a way back. It is typed like a `sql`, and cannot do what that can. */
function isReserved(sql: PostgresJsTransaction): boolean {
  return "release" in sql;
}

async function send(
  sql: PostgresJsTransaction,
  { name, text, values }: Statement,
  options: { readonly onexecute?: (connection: HeldConnection) => boolean } = {},
): Promise<readonly Row[]> {
  try {
    // Without the option `unsafe` prepares nothing; the name is postgres.js's own.
    const query = sql.unsafe(text, [...values], { prepare: name !== null, ...options });
    // A transaction listens to each of its queries and is over once one fails, even if that was handled. Ours is undone
    // to a savepoint, so nobody else has to hear of it.
    Object.defineProperty(query, "catch", { value: () => query });
    return (await query) as readonly Row[];
  } catch (error) {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    throw NEVER_CONNECTED.includes(String(code)) ? new NotSent(error) : error;
  }
}

/** What postgres.js shows of a connection to a query that it executes there: who holds it, until it is given up or lost. */
interface HeldConnection {
  readonly reserved: unknown;
}

/** Whether a transaction or a reservation still holds its connection; known from its first statement on. */
const holds = new WeakMap<object, () => boolean>();

/**
 * On a transaction, or a reserved connection. When its session has ended postgres.js does not know any more: it writes to
 * a socket that is gone, which ends the process, or hands the statement to the connection's next user, outside of any
 * transaction.
 */
async function sendOnOne(sql: PostgresJsTransaction, statement: Statement): Promise<readonly Row[]> {
  if (holds.get(sql)?.() === false) {
    throw new NotSent(new Error("the connection is gone"));
  }
  const onexecute = (connection: HeldConnection): boolean => {
    const { reserved } = connection;
    holds.set(sql, () => connection.reserved === reserved);
    return true;
  };
  try {
    return await send(sql, statement, holds.has(sql) ? {} : { onexecute });
  } catch (error) {
    if (/^(CONNECTION_|57P)/.test(String((error as { readonly code?: unknown }).code))) {
      holds.set(sql, () => false);
    }
    throw error;
  }
}

async function each(sql: PostgresJsTransaction, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await sql.unsafe(text);
  }
}

async function transact<T>(
  sql: PostgresJs | PostgresJsTransaction,
  work: (transaction: PostgresJsTransaction, executor: SqlExecutor) => Promise<T>,
): Promise<T> {
  if ("begin" in sql) {
    return (await sql.begin(async (transaction) => {
      // Nobody waits for it: it is there so that the hold is known.
      sendOnOne(transaction, plain("select 1")).catch(() => {});
      try {
        return await work(transaction, postgresJsExecutor(transaction));
      } finally {
        // `begin` has rejected by then. What it does after the work, a commit or a rollback, would hit the connection's
        // next user: so the work does not end.
        if (holds.get(transaction)?.() === false) {
          await new Promise(() => {});
        }
      }
    })) as T;
  }
  const sendText = async (text: string): Promise<string> =>
    ((await sendOnOne(sql, plain(text))) as { readonly command?: string }).command ?? "";
  return beginAndCommit(sendText, () => work(sql, postgresJsExecutor(sql)));
}

function plain(text: string): Statement {
  return { name: null, text, values: [] };
}
