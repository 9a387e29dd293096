import {
  type Access,
  type AnswersTo,
  type Commit,
  type CommitOutcome,
  generate,
  type JoinedCall,
  type Plan,
  StoreFault,
} from "@tenantry/core";
import type { SqlConnection, Statement } from "./executor.ts";
import { commitOutcome, faultOf, isStalePreparation } from "./faults.ts";
import type { Requests } from "./requests.ts";
import { SQLSTATE, serverError } from "./sqlstate.ts";
import type { Request } from "./statement.ts";
import { Turns } from "./turns.ts";

/** Savepoints of calls under way at the same time would undo each other's work, whichever store they come from. */
const calls = new Turns();

/**
 * Runs one call on the host's connection: inside its transaction if one is open, else by itself: `null`. The
 * transaction is never begun, committed or rolled back here. What fails is undone to a savepoint, and the host goes on.
 */
export async function join<T>(
  connection: SqlConnection,
  requests: Requests,
  call: JoinedCall,
  work: (access: Access | null) => Promise<T>,
): Promise<T> {
  if (connection.inTransaction() === false) {
    return work(null);
  }
  return calls.take(connection.handle, async () => {
    if (!(await isInTransaction(connection))) {
      return work(null);
    }
    const part = new Part(connection, requests, call);
    let result: T;
    try {
      result = await work(part);
    } catch (error) {
      await part.undo();
      throw error;
    }
    await part.end();
    return result;
  });
}

/**
 * Whether the host's transaction is open on the connection. Where the driver cannot tell the server can: outside of a
 * transaction there are no savepoints. Throws a `StoreFault`.
 */
export async function isInTransaction(connection: SqlConnection): Promise<boolean> {
  const known = connection.inTransaction();
  if (known !== null) {
    return known;
  }
  try {
    await connection.burst([plain('savepoint "ft_probe"'), release('"ft_probe"')]);
    return true;
  } catch (error) {
    if (serverError(error)?.code === SQLSTATE.noActiveTransaction) {
      return false;
    }
    throw faultOf(error, "joined");
  }
}

/** The part that a call takes in the host's transaction: its statements, between a savepoint and its release. */
class Part implements Access {
  readonly #connection: SqlConnection;
  readonly #requests: Requests;
  readonly #call: JoinedCall;
  /** The savepoint that is open. */
  #savepoint: string | null = null;
  #isPrepared = true;
  #hasDeadlocked = false;

  constructor(connection: SqlConnection, requests: Requests, call: JoinedCall) {
    this.#connection = connection;
    this.#requests = requests;
    this.#call = call;
  }

  async load<P extends Plan>(plan: P): Promise<AnswersTo<P>> {
    try {
      return await this.#send(this.#requests.load(plan), !this.#call.isMutation);
    } catch (error) {
      throw faultOf(error, "joined");
    }
  }

  async commit(commit: Commit): Promise<CommitOutcome> {
    try {
      return await this.#send(this.#requests.commit(commit), true);
    } catch (error) {
      const isDeadlock = serverError(error)?.code === SQLSTATE.deadlockDetected;
      if (isDeadlock && this.#hasDeadlocked) {
        // One may come of locks that went with the savepoint. The next comes of what the host's transaction itself holds,
        // and would come for ever.
        throw new StoreFault("unavailable", { code: "unavailable.contention", cause: faultOf(error, "joined").cause });
      }
      this.#hasDeadlocked ||= isDeadlock;
      return commitOutcome(error, "joined");
    }
  }

  /** Sends a request behind a savepoint, with its release if nothing follows. What fails is undone at once. */
  async #send<T>({ statement, decode }: Request<T>, isLast: boolean): Promise<T> {
    const begin = this.#savepoint === null ? [this.#begin()] : [];
    const end = isLast ? [release(this.#savepoint)] : [];
    const own = this.#isPrepared ? statement : { ...statement, name: null };
    try {
      const rows = await this.#connection.burst([...begin, own, ...end]);
      if (isLast) {
        this.#savepoint = null;
      }
      return decode(rows[begin.length] ?? []);
    } catch (error) {
      await this.undo();
      if (this.#isPrepared && isStalePreparation(error)) {
        this.#isPrepared = false;
        return this.#send({ statement, decode }, isLast);
      }
      throw error;
    }
  }

  /** The call was accepted, or changed nothing. */
  async end(): Promise<void> {
    if (this.#savepoint === null) {
      return;
    }
    try {
      await this.#connection.burst([release(this.#savepoint)]);
    } catch (error) {
      throw faultOf(error, "joined");
    }
    this.#savepoint = null;
  }

  /** Takes back what was written since the savepoint. Where that fails too the connection is gone, and all with it. */
  async undo(): Promise<void> {
    if (this.#savepoint !== null) {
      const name = this.#savepoint;
      this.#savepoint = null;
      await this.#connection.burst([plain(`rollback to savepoint ${name}`), release(name)]).catch(() => {});
    }
  }

  #begin(): Statement {
    // Eight hex digits of chance: the end of a UUIDv7 is random.
    this.#savepoint = `"ft_${this.#call.operation}_${generate("tup").slice(-8)}"`;
    return plain(`savepoint ${this.#savepoint}`);
  }
}

function release(savepoint: string | null): Statement {
  return plain(`release savepoint ${savepoint}`);
}

function plain(text: string): Statement {
  return { name: null, text, values: [] };
}
