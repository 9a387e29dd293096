import { NotSent } from "./executor.ts";

// What we call of `pg`, written out, so that whatever is shaped like it serves too.

/** What we call of a connection of `pg`. */
export interface PgClient {
  query(query: { readonly name?: string; readonly text: string; readonly values?: unknown[] }): Promise<PgResult>;
  /** Of newer versions: `"I"` outside of a transaction, `"T"` inside, `"E"` inside one that has failed. */
  getTransactionStatus?(): string | null;
  /** Since pg 8.23, where `true`: statements are sent without waiting for the answers to those before. */
  readonly pipeline?: boolean;
}
interface PgResult {
  readonly rows: readonly unknown[];
  readonly command: string;
}

/** What we call of a `pg` pool. */
export interface PgPool {
  connect(callback: (error: Error | undefined, client: PgPoolClient | undefined) => void): void;
  readonly totalCount: number;
  readonly idleCount?: number;
  readonly waitingCount?: number;
  readonly options?: { readonly max?: number; readonly pipeline?: boolean | undefined };
}

/** What we call of a connection that a pool lends. */
export interface PgPoolClient extends PgClient {
  release(destroy?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/**
 * Borrows a connection that is listened to, or throws {@link NotSent}. A promise of it would come too late: a server that
 * goes down may say so in the same breath as that it is ready, and an error that nobody listens to ends the process.
 */
export function borrow(pool: PgPool, onError: (error: Error) => void): Promise<PgPoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(new NotSent(error));
      } else {
        client.on("error", onError);
        resolve(client);
      }
    });
  });
}
