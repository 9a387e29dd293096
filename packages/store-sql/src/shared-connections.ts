import { isAsGoodAsBefore } from "./faults.ts";
import { borrow, type PgPool, type PgPoolClient } from "./pg-client.ts";

/** A connection on which nothing is answered for so long may well be waiting for a lock. */
const SLOW_MS = 50;

/** A connection that the pool lends, or was asked for, as long as somebody uses it. */
interface Shared {
  readonly borrowed: Promise<PgPoolClient>;
  /** Once the pool has lent it. */
  client: PgPoolClient | null;
  users: number;
  /** When something was answered on it last, or somebody began to use it. */
  answeredAt: number;
  /** It has failed, and nobody else is to use it. */
  isBroken: boolean;
}

/**
 * The connections of a pool whose driver pipelines: many callers send on one at the same time, without waiting for each
 * other's answers. A pool lends a connection to one caller at a time, so it is borrowed here for all who come meanwhile.
 * While the pool has another one it is taken; after that the one with the fewest users, unless it has not answered for a
 * while: nobody new queues up behind a statement that waits for a lock as long as there is another connection.
 */
export class SharedConnections {
  readonly #pool: PgPool;
  readonly #shared = new Set<Shared>();

  constructor(pool: PgPool) {
    this.#pool = pool;
  }

  async use<T>(work: (client: PgPoolClient) => Promise<T>): Promise<T> {
    const shared = this.#enter();
    try {
      return await work(await shared.borrowed);
    } catch (error) {
      shared.isBroken ||= !isAsGoodAsBefore(error);
      throw error;
    } finally {
      this.#leave(shared);
    }
  }

  #enter(): Shared {
    const shared = this.#hasRoom() ? this.#borrow() : (this.#leastUsed() ?? this.#borrow());
    shared.users += 1;
    return shared;
  }

  /** Whether the pool has a connection that nobody uses or asked for, or can open one. */
  #hasRoom(): boolean {
    const { idleCount = 0, totalCount, options } = this.#pool;
    return idleCount + Math.max(0, (options?.max ?? 0) - totalCount) > this.#asked();
  }

  /** How many the pool was asked for that it has not lent yet. */
  #asked(): number {
    return [...this.#shared].filter(({ client }) => client === null).length;
  }

  #leastUsed(): Shared | null {
    // Where others wait for a connection of their own nobody is let in any more: it is given back once it is at rest.
    const isAwaited = (this.#pool.waitingCount ?? 0) > this.#asked();
    const open = [...this.#shared].filter(({ isBroken, client }) => !isBroken && (client === null || !isAwaited));
    const now = Date.now();
    const quick = open.filter(({ answeredAt }) => now - answeredAt < SLOW_MS);
    return leastUsed(quick) ?? latestAnswered(open);
  }

  #borrow(): Shared {
    const shared: Shared = {
      borrowed: this.#lent(() => shared),
      client: null,
      users: 0,
      answeredAt: Date.now(),
      isBroken: false,
    };
    this.#shared.add(shared);
    return shared;
  }

  async #lent(to: () => Shared): Promise<PgPoolClient> {
    const client = await borrow(this.#pool, ignore);
    to().client = client;
    return client;
  }

  #leave(shared: Shared): void {
    shared.users -= 1;
    shared.answeredAt = Date.now();
    if (shared.users === 0) {
      this.#shared.delete(shared);
      shared.client?.removeListener("error", ignore);
      shared.client?.release(shared.isBroken);
    }
  }
}

function leastUsed([first, ...others]: readonly Shared[]): Shared | null {
  return first === undefined ? null : others.reduce((least, one) => (one.users < least.users ? one : least), first);
}

/** Where all seem slow, because this process stood still, say, the one that waits for a lock is not the one that answered last. */
function latestAnswered(open: readonly Shared[]): Shared | null {
  return open.toSorted((a, b) => b.answeredAt - a.answeredAt)[0] ?? null;
}

function ignore(): void {
  // The statements that are under way get the error.
}
