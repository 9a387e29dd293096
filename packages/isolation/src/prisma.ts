import { ConfigError, IsolationError } from "@tenantry/core";
import { closing, type Row, type Statement, type TenantDriver } from "./driver.ts";
import { endsConnection, serverError, trace } from "./fault.ts";
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

export interface PrismaOptions<Client extends PrismaClientLike = PrismaClientLike> {
  /** Milliseconds to wait for a connection; Prisma's own default is 2,000. */
  readonly maxWait?: number;
  /** Milliseconds that a run may take; Prisma's own default is 5,000. */
  readonly timeout?: number;
  /**
   * For the strategy `schema`: a client whose models are in that schema, `new PrismaPg(pool, { schema })` on one pool, say. It
   * is called for each run: keep the clients.
   */
  readonly clientFor?: (schema: string) => Client | Promise<Client>;
  /** Reads any model. At the first use of a client the database is asked whether that read the tenant's schema. */
  readonly probe?: (transaction: TransactionOf<Client>) => PromiseLike<unknown>;
}

/**
 * Runs in interactive transactions of Prisma's. It writes the name of a schema into each query, so that no path leads
 * elsewhere: the strategy `schema` needs `clientFor` and `probe`, and a client that turns out to read another schema is
 * refused with `isolation.unsupported` before the run's own work. Throws `ConfigError` where one of the two is missing.
 */
export function prismaDriver<Client extends PrismaClientLike>(
  client: Client,
  options: PrismaOptions<Client> = {},
): TenantDriver<TransactionOf<Client>> {
  const { clientFor, probe, ...limits } = options;
  const driver = onClient(client, limits);
  if (clientFor === undefined && probe === undefined) {
    return driver;
  }
  if (typeof clientFor !== "function" || typeof probe !== "function") {
    throw new ConfigError("config.invalid", { faults: [{ path: "clientFor", expected: "a function, and a probe" }] });
  }
  const proven = new WeakMap<Client, string>();
  return {
    ...driver,
    async forSchema(schema) {
      const own = await clientFor(schema);
      const through = onClient(own, limits);
      return {
        ...through,
        transaction: (beginning, work) =>
          through.transaction(beginning, async (tx) => {
            if (proven.get(own) !== schema) {
              await prove(tx, schema, probe);
              proven.set(own, schema);
            }
            return work(tx);
          }),
      };
    },
  };
}

function onClient<Client extends PrismaClientLike>(
  client: Client,
  limits: Pick<PrismaOptions, "maxWait" | "timeout">,
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
        }, limits);
      return ormTransaction({ begin, send }, beginning, work);
    },
    send,
    guarded: (tx, gate) => closing(tx as object, gate) as Tx,
  };
}

/** A transaction holds a lock on each table that it has read, so that the database itself tells where they are. */
const READ: Statement = {
  text: `select distinct n.nspname::text as name
  from pg_locks l
  join pg_class c on c.oid = l.relation
  join pg_namespace n on n.oid = c.relnamespace
 where l.locktype = 'relation' and l.pid = pg_backend_pid() and c.relkind in ('r', 'p')
   and l.database = (select oid from pg_database where datname = current_database())
   and n.nspname <> 'pg_catalog'`,
  values: [],
};

async function prove<Tx>(tx: Tx, schema: string, probe: (tx: Tx) => PromiseLike<unknown>): Promise<void> {
  const refused = (cause?: unknown): IsolationError =>
    new IsolationError(
      "isolation.unsupported",
      { what: "a client of another schema" },
      cause === undefined ? {} : { cause: trace(cause) },
    );
  try {
    await probe(tx);
  } catch (error) {
    throw isAnswer(error) ? refused(error) : error;
  }
  const read = (await send(tx, READ)).map(({ name }) => name);
  if (read.length === 0 || read.some((name) => name !== schema)) {
    throw refused();
  }
}

/** Of a table that is not there or is another tenant's; a session that has ended says nothing of schemas. */
function isAnswer(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "P2021" || code === "P2022" || (serverError(error) !== null && !endsConnection(error));
}

async function send(tx: unknown, { text, values }: Statement): Promise<readonly Row[]> {
  const transaction = tx as PrismaTransaction;
  if (/^select\b/.test(text)) {
    return await transaction.$queryRawUnsafe<readonly Row[]>(text, ...values);
  }
  await transaction.$executeRawUnsafe(text, ...values);
  return [];
}
