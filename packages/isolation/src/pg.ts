import { IsolationError, UnavailableError } from "@tenantry/core";
import type { SqlQuery } from "./doctor/finding.ts";
import { type Beginning, closing, ended, type Gate, type Row, type Statement, type TenantDriver } from "./driver.ts";
import { commitUnknown, endsConnection, entryFault } from "./fault.ts";
import type { OpenPool } from "./tenant-pools.ts";

// What we call of `pg`, written out, so that whatever is shaped like it serves too.

/** What we call of a connection of `pg`. */
export interface PgClient {
  query(query: { readonly text: string; readonly values?: unknown[] }): Promise<PgResult>;
  /** Of newer versions: `"I"` outside of a transaction, `"T"` inside, `"E"` inside one that has failed. */
  getTransactionStatus?(): string | null;
  /** Since pg 8.23, where `true`: statements are sent without waiting for the answers to those before. */
  readonly pipeline?: boolean;
}
interface PgResult {
  readonly rows: readonly unknown[];
  readonly command: string;
}

/** What we call of a connection that a pool lends. */
export interface PgPoolClient extends PgClient {
  release(destroy?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** What we call of a `pg` pool. */
export interface PgPool {
  connect(callback: (error: Error | undefined, client: PgPoolClient | undefined) => void): void;
}

/** The connections that a pool lends. Of its overloaded `connect` the form with a promise is looked at. */
export type ClientOf<Pool> = Pool extends { connect: { (): Promise<infer Client>; (callback: never): void } }
  ? Client
  : PgPoolClient;

/**
 * Runs on `pg`. With `pipeline: true` in the pool's options a run adds two round trips, else three. A connection that is
 * lost, or on which something is under way when its run is given up, is destroyed and never lent again.
 */
export function pgDriver<Pool extends PgPool>(pool: Pool): TenantDriver<ClientOf<Pool>> {
  return {
    name: "pg",
    transaction: (beginning, work) => transaction(pool, beginning, (client) => work(client as ClientOf<Pool>)),
    send: (client, statement) => send(client as PgClient, statement),
    guarded: (client, gate) => guarded(client as PgPoolClient, gate) as ClientOf<Pool>,
  };
}

/** Asks on any connection of a pool or a client of `pg`: what the doctor takes. */
export function pgQuery(database: Pick<PgClient, "query">): SqlQuery {
  return async (text, values) => (await database.query({ text, values: [...values] })).rows as readonly Row[];
}

/** What we call of a pool to listen to its connections. */
export interface ListenablePool {
  on(event: "connect", listener: (client: ListenableClient) => void): unknown;
  on(event: "error", listener: () => void): unknown;
}
interface ListenableClient {
  on: { (event: "error", listener: () => void): unknown; (event: "end", listener: () => void): unknown };
  release(destroy?: boolean): void;
}

/**
 * The same pool, each connection of which is listened to from the beginning. For ORMs, which do not: a session that is ended
 * while nothing is under way on its connection would end the process. One that ends while it is lent leaves the pool there
 * and then, since Drizzle never gives back a connection on which it could not begin.
 */
export function listened<Pool extends ListenablePool>(pool: Pool): Pool {
  // Of connections that nobody uses; the pool has removed them by then.
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    client.on("error", () => {});
    client.on("end", () => {
      const giveBack = client.release;
      client.release = () => {};
      try {
        giveBack.call(client, true);
      } catch {
        // Nobody had it.
      }
    });
  });
  return pool;
}

async function transaction<T>(
  pool: PgPool,
  { readOnly, entry, signal }: Beginning,
  work: (client: PgPoolClient) => Promise<T>,
): Promise<T> {
  const state = { isBroken: false };
  const onError = (): void => {
    // Between two statements there is no query that would get it, and without a listener it ends the process.
    state.isBroken = true;
  };
  const client = await borrow(pool, onError);
  try {
    await begin(client, readOnly ? "begin read only" : "begin", entry, state);
    let result: T;
    try {
      result = await work(client);
    } catch (error) {
      await rollBack(client, state, signal);
      throw error;
    }
    await commit(client, state);
    return result;
  } finally {
    client.removeListener("error", onError);
    client.release(state.isBroken);
  }
}

interface State {
  isBroken: boolean;
}

/** Outside of a transaction the entry has no effect: it can be on its way before the answer to BEGIN. */
async function begin(client: PgPoolClient, text: string, entry: readonly Statement[], state: State): Promise<void> {
  const statements = [{ text, values: [] }, ...entry];
  try {
    if (client.pipeline === true) {
      const sent = await Promise.allSettled(statements.map((statement) => send(client, statement)));
      const refused = sent.find(({ status }) => status === "rejected");
      if (refused?.status === "rejected") {
        throw refused.reason;
      }
    } else {
      for (const statement of statements) {
        await send(client, statement);
      }
    }
  } catch (error) {
    await rollBack(client, state, null);
    throw entryFault(error);
  }
}

async function commit(client: PgPoolClient, state: State): Promise<void> {
  if (state.isBroken) {
    throw new UnavailableError("unavailable.connection", {});
  }
  if (client.getTransactionStatus?.() === "I") {
    // What came after had no tenant, and may have set something for good.
    state.isBroken = true;
    throw ended();
  }
  let tag: string;
  try {
    tag = (await client.query({ text: "commit" })).command;
  } catch (error) {
    // What the server answered, a constraint that it checks at the end, say, is an answer.
    if (!endsConnection(error)) {
      throw error;
    }
    state.isBroken = true;
    throw isUnsent(error) ? new UnavailableError("unavailable.connection", {}) : commitUnknown(error);
  }
  // A transaction that failed before answers COMMIT without an error, and with another tag.
  if (tag !== "COMMIT") {
    throw new IsolationError("isolation.no_transaction", { reason: "failed" });
  }
}

/** What pg says, before it sends anything, of a connection that has ended or failed. */
function isUnsent(error: unknown): boolean {
  return error instanceof Error && /\bnot queryable$/.test(error.message);
}

async function rollBack(client: PgPoolClient, state: State, signal: AbortSignal | null): Promise<void> {
  // What was given up may wait for a lock yet: its connection is closed, which the server takes for a rollback.
  if (state.isBroken || signal?.aborted === true) {
    state.isBroken = true;
    return;
  }
  try {
    const { command } = await client.query({ text: "rollback" });
    state.isBroken = command !== "ROLLBACK" || client.getTransactionStatus?.() === "T";
  } catch {
    state.isBroken = true;
  }
}

/**
 * Borrows a connection that is listened to. A promise of it would come too late: a server that goes down may say so in the
 * same breath as that it is ready, and an error that nobody listens to ends the process.
 */
function borrow(pool: PgPool, onError: (error: Error) => void): Promise<PgPoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(entryFault(error));
      } else {
        client.on("error", onError);
        resolve(client);
      }
    });
  });
}

async function send(client: PgClient, { text, values }: Statement): Promise<readonly Row[]> {
  return (await client.query({ text, values: [...values] })).rows as readonly Row[];
}

/** The connection, which refuses once its run is over: it is somebody else's then. Only the run gives it back. */
function guarded(client: PgPoolClient, gate: Gate): PgPoolClient {
  const own = closing(client, gate);
  return new Proxy(own, {
    get(of, property) {
      if (property === "release" || property === "end") {
        return () => {
          throw ended();
        };
      }
      if (property === "query" && !gate.isOpen) {
        return () => Promise.reject(ended());
      }
      return Reflect.get(of, property, of);
    },
  });
}

/** What we call of `pg`'s own class of pools. */
export type PgPoolClass<Pool extends PgPool> = new (options: {
  readonly connectionString: string;
  readonly max: number;
}) => Pool & ListenablePool & { end(): Promise<void> };

/** Opens pools on tenants' databases, for `databaseIsolation`. */
export function pgPools<Pool extends PgPool>(PoolClass: PgPoolClass<Pool>): OpenPool<ClientOf<Pool>> {
  return (connectionString, { maxConnections }) => {
    const pool = new PoolClass({ connectionString: connectionString.reveal(), max: maxConnections });
    // Of connections that nobody uses; the pool has removed them by then.
    pool.on("error", () => {});
    const sessions = new Set<Promise<void>>();
    pool.on("connect", (client) => {
      const session = new Promise<void>((resolve) => client.on("end", resolve));
      sessions.add(session);
      session.then(() => sessions.delete(session));
    });
    return {
      driver: pgDriver<Pool>(pool),
      async close() {
        await pool.end();
        // A pool of pg has said goodbye by now, and waits for no answer: the server counts the sessions yet.
        await within(LONGEST_GOODBYE_MS, Promise.all(sessions));
      },
    };
  };
}

/** A server that is gone does not answer. */
const LONGEST_GOODBYE_MS = 5_000;

function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    (timer as { unref?(): void }).unref?.();
    work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
