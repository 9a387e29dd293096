import { closing, type Row, type Statement, type TenantDriver } from "./driver.ts";
import type { HostType } from "./host-types.ts";
import { ormTransaction } from "./orm.ts";

/** What we call inside an interactive transaction of Prisma's. */
export interface PrismaTransaction {
  $queryRawUnsafe<T>(text: string, ...values: unknown[]): PromiseLike<T>;
  $executeRawUnsafe(text: string, ...values: unknown[]): PromiseLike<number>;
}

/** What we call of a client of Prisma's. */
export interface PrismaClientLike {
  $transaction(work: (transaction: HostType) => Promise<HostType>, options?: PrismaOptions): Promise<HostType>;
}

/** The transactions that a client hands out. Of its overloaded `$transaction` the interactive one comes last. */
export type TransactionOf<Client> = Client extends {
  $transaction(work: (transaction: infer Transaction) => never, ...others: never[]): unknown;
}
  ? Transaction
  : PrismaTransaction;

export interface PrismaOptions {
  /** Milliseconds to wait for a connection; Prisma's own default is 2,000. */
  readonly maxWait?: number;
  /** Milliseconds that a run may take; Prisma's own default is 5,000. */
  readonly timeout?: number;
}

/**
 * Runs in interactive transactions of Prisma's, for the strategy `row`: it writes the name of a schema into each query, so
 * that no path leads elsewhere.
 */
export function prismaDriver<Client extends PrismaClientLike>(
  client: Client,
  options: PrismaOptions = {},
): TenantDriver<TransactionOf<Client>> {
  type Tx = TransactionOf<Client>;
  return {
    name: "prisma",
    transaction(beginning, work) {
      const begin = <T>(inside: (tx: Tx) => Promise<T>): Promise<T> =>
        client.$transaction(async (tx: Tx) => {
          if (beginning.readOnly) {
            await (tx as PrismaTransaction).$executeRawUnsafe("set transaction read only");
          }
          return inside(tx);
        }, options);
      return ormTransaction({ begin, send }, beginning, work);
    },
    send,
    guarded: (tx, gate) => closing(tx as object, gate) as Tx,
  };
}

async function send(tx: unknown, { text, values }: Statement): Promise<readonly Row[]> {
  const transaction = tx as PrismaTransaction;
  if (/^select\b/.test(text)) {
    return await transaction.$queryRawUnsafe<readonly Row[]>(text, ...values);
  }
  await transaction.$executeRawUnsafe(text, ...values);
  return [];
}
