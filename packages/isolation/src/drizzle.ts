import { type SQL, sql } from "drizzle-orm";
import { closing, ended, type Row, type Statement, type TenantDriver } from "./driver.ts";
import type { HostType } from "./host-types.ts";
import { ormTransaction } from "./orm.ts";

/** What we call of a transaction of Drizzle's on PostgreSQL. */
export interface DrizzleTransaction {
  execute(query: SQL): PromiseLike<unknown>;
}

/** What we call of a database of Drizzle's on PostgreSQL. */
export interface DrizzleDatabase {
  // A function of anything is what every signature fits; `TransactionOf` finds what it takes.
  transaction(
    work: (transaction: HostType) => Promise<HostType>,
    config?: { readonly accessMode?: "read only" | "read write" },
  ): Promise<HostType>;
}

/** The transactions that a database hands out. */
export type TransactionOf<Database> = Database extends {
  transaction(work: (transaction: infer Transaction) => never, ...others: never[]): unknown;
}
  ? Transaction
  : DrizzleTransaction;

/**
 * Runs in transactions of Drizzle's on `pg`, whose pool is given to `listened` first, or on postgres.js, whose `sql` is given
 * to `held`. It writes unqualified names, so the strategy `schema` works.
 */
export function drizzleDriver<Database extends DrizzleDatabase>(
  database: Database,
): TenantDriver<TransactionOf<Database>> {
  type Tx = TransactionOf<Database>;
  return {
    name: "drizzle",
    transaction(beginning, work) {
      const begin = <T>(inside: (tx: Tx) => Promise<T>): Promise<T> => {
        let session: Session | null = null;
        // An empty one is sent as a statement that says nothing.
        const config = beginning.readOnly ? { accessMode: "read only" as const } : undefined;
        return database
          .transaction((tx: Tx) => {
            session = (tx as { readonly session?: Session }).session ?? null;
            return inside(tx);
          }, config)
          .finally(() => {
            // A query that was built before is sent when it is awaited, and the connection is somebody else's then.
            if (session !== null && "client" in session) {
              session.client = REFUSING;
            }
          });
      };
      return ormTransaction({ begin, send }, beginning, work);
    },
    send,
    guarded: (tx, gate) => closing(tx as object, gate) as Tx,
    // postgres.js remembers what a statement failed with, unless it was in a savepoint that it knows of.
    ...(isOnPostgresJs(database)
      ? {
          savepoint: <T>(tx: Tx, _name: string, work: (inner: Tx) => Promise<T>): Promise<T> =>
            (tx as unknown as { transaction(work: (inner: Tx) => Promise<T>): Promise<T> }).transaction(work),
        }
      : {}),
  };
}

function isOnPostgresJs(database: object): boolean {
  const { $client } = database as { readonly $client?: { readonly begin?: unknown } };
  return typeof $client?.begin === "function";
}

/** What a transaction of Drizzle's sends through. */
interface Session {
  client?: unknown;
}

const REFUSING: unknown = new Proxy(
  {},
  {
    get: () => () => Promise.reject(ended()),
  },
);

async function send(tx: unknown, statement: Statement): Promise<readonly Row[]> {
  const answer = await (tx as DrizzleTransaction).execute(queryOf(statement));
  return (Array.isArray(answer) ? answer : (answer as { readonly rows: readonly Row[] }).rows) as readonly Row[];
}

/** Drizzle numbers values itself, in the order in which they stand in the text. */
function queryOf({ text, values }: Statement): SQL {
  const parts = text.split(/\$(\d+)/);
  return sql.join(
    parts.map((part, place) => (place % 2 === 0 ? sql.raw(part) : sql`${sql.param(values[Number(part) - 1])}`)),
  );
}
