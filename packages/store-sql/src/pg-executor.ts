import {
  atOnce,
  beginAndCommit,
  inOrder,
  NotSent,
  type Row,
  type SqlConnection,
  type SqlExecutor,
  type Statement,
} from "./executor.ts";
import { isAsGoodAsBefore } from "./faults.ts";
import type { Transact } from "./own-transaction.ts";
import { borrow, type PgClient, type PgPool, type PgPoolClient } from "./pg-client.ts";
import { SharedConnections } from "./shared-connections.ts";
import { Turns } from "./turns.ts";

// The executor for whatever is shaped like `pg`. It imports no driver, so it serves each of them.

/** The connections that a database hands out: those of a pool, or the one that it is. */
export type ClientOf<Database> = Database extends { readonly totalCount: number }
  ? // Both forms of `connect` are written out: of an overloaded method the last one would be looked at alone.
    Database extends { connect: { (): Promise<infer Client>; (callback: never): void } }
    ? Client
    : PgPoolClient
  : Database;

/** `pg`, or a driver of its shape, behind the seam. A single connection may be inside a transaction of the host's. */
export function pgExecutor(database: PgPool | PgClient): SqlExecutor {
  if (isPool(database)) {
    const shared = database.options?.pipeline === true ? new SharedConnections(database) : null;
    return {
      run: (statement) =>
        shared === null
          ? withPoolClient(database, (client) => run(client, statement))
          : shared.use((client) => run(client, statement)),
      batch: (texts) => withPoolClient(database, (client) => inTransaction(client, () => each(client, texts))),
    };
  }
  return {
    run: (statement) => oneByOne(database, () => run(database, statement)),
    batch: (texts) => oneByOne(database, () => inTransaction(database, () => each(database, texts))),
    connection: pgConnection(database),
  };
}

/**
 * Transactions of one's own, each on a connection of the pool. A single connection must not be inside one already: that
 * is the host's.
 */
export function pgTransact<Database extends PgPool | PgClient>(database: Database): Transact<ClientOf<Database>> {
  const begin =
    <T>(work: (handle: ClientOf<Database>, executor: SqlExecutor) => Promise<T>) =>
    (client: PgClient): Promise<T> =>
      inTransaction(client, () => work(client as ClientOf<Database>, pgExecutor(client)));
  return (work) => {
    if (isPool(database)) {
      return withPoolClient(database, begin(work));
    }
    return begin(work)(database);
  };
}

function pgConnection(client: PgClient): SqlConnection {
  return {
    handle: client,
    inTransaction() {
      const status = client.getTransactionStatus?.() ?? null;
      return status === null ? null : status !== "I";
    },
    burst: (burst) => (client.pipeline === true ? atOnce : inOrder)((statement) => run(client, statement), burst),
  };
}

const statements = new Turns();

/** A client that does not pipeline is given one statement at a time: it warns of a queue. */
function oneByOne<T>(client: PgClient, work: () => Promise<T>): Promise<T> {
  return client.pipeline === true ? work() : statements.take(client, work);
}

async function run(client: PgClient, { name, text, values }: Statement): Promise<readonly Row[]> {
  const query = { text, values: [...values] };
  try {
    const { rows } = await client.query(name === null ? query : { name, ...query });
    return rows as readonly Row[];
  } catch (error) {
    // What pg says, before it sends anything, of a connection that has ended or failed.
    throw error instanceof Error && /\bnot queryable$/.test(error.message) ? new NotSent(error) : error;
  }
}

async function each(client: PgClient, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await client.query({ text });
  }
}

async function inTransaction<T>(client: PgClient, work: () => Promise<T>): Promise<T> {
  return beginAndCommit(async (text) => (await client.query({ text })).command, work);
}

/** Lends a connection for some work, and gives it back as good as before or not at all. */
async function withPoolClient<T>(pool: PgPool, work: (client: PgPoolClient) => Promise<T>): Promise<T> {
  // Not pool.query(): that closes its connection on every SQL error, and losing a race is an ordinary outcome here.
  const client = await borrow(pool, ignore);
  let destroy = true;
  try {
    const result = await work(client);
    destroy = false;
    return result;
  } catch (error) {
    destroy = !isAsGoodAsBefore(error);
    throw error;
  } finally {
    client.removeListener("error", ignore);
    client.release(destroy);
  }
}

export function isPool(database: PgPool | PgClient): database is PgPool {
  return "totalCount" in database;
}

function ignore(): void {
  // The query that is under way gets the error.
}
