import type { Interpose, SharedDatabase } from "@tenantry/conformance/races";
import type { TenancyOptions } from "@tenantry/core";
import { migratePostgres } from "@tenantry/store-pg";
import { pgExecutor, readTables, type SqlExecutor, SqlTenancyStore } from "@tenantry/store-sql";
import { createDatabase, type Database } from "@tenantry/testkit";
import pg from "pg";
import type { Arena } from "./arena.ts";
import { type Connected, connected, type Driver } from "./driver.ts";
import { durationsOf, timed } from "./durations.ts";
import { noteServer } from "./effort.ts";
import { interposedExecutor } from "./executor.ts";
import { park } from "./parking.ts";
import { Schemas } from "./schemas.ts";

export interface PostgresArena extends Arena {
  readonly url: string;
  /** A session besides those of the instances. */
  readonly admin: pg.Pool;
  /** What is not at rest although nobody works any more; empty when all is well. */
  leftovers(): Promise<readonly string[]>;
  /** Where the rows of an open database are. */
  schemaOf(database: SharedDatabase): string;
}

export interface ArenaOptions {
  readonly driver: Driver;
  /** Put in front of the executor of every instance: a store that is broken on purpose, say. */
  readonly broken?: (executor: SqlExecutor, schema: string) => SqlExecutor;
  /** What happens in every new schema once it is migrated. */
  readonly prepare?: (pool: pg.Pool, schema: string) => Promise<unknown>;
  /** Connections of each instance. Default 8. */
  readonly connections?: number;
  /** More options of the instances' pools; of pg alone. */
  readonly config?: pg.PoolConfig;
  /** A database to share with other arenas, one after another. Default: one of its own. */
  readonly database?: Database;
}

let arenas = 0;

/** Instances of a store are few and used again: connecting costs more than a trial. */
const INSTANCES = 2;

/** On a real server: every instance has connections of its own. */
export async function openPostgresArena(
  serverUrl: string,
  { driver, broken, prepare, connections = 8, config = {}, database: given }: ArenaOptions,
): Promise<PostgresArena> {
  const database = given ?? (await createDatabase(serverUrl));
  arenas += 1;
  const admin = new pg.Pool({ connectionString: database.url, max: 3 });
  admin.on("error", () => {});
  const { rows } = await admin.query("show server_version");
  noteServer(driver, rows[0].server_version);
  const drivers = await Promise.all(
    Array.from({ length: INSTANCES }, () => connected(driver, database.url, connections, config)),
  );
  const schemas = new Schemas(
    async (schema) => {
      await migratePostgres(admin, { schema });
      await prepare?.(admin, schema);
    },
    (text) => admin.query(text),
    given === undefined ? "arena" : `arena_${arenas}`,
  );

  const taken = new WeakMap<SharedDatabase, string>();

  async function open(): Promise<SharedDatabase> {
    const schema = await schemas.take();
    let opened = 0;
    const shared: SharedDatabase = {
      connect(options: TenancyOptions, interpose?: Interpose) {
        const { store, executor } = drivers[opened % INSTANCES] as Connected;
        opened += 1;
        if (broken === undefined || executor === null) {
          return timed(store({ ...options, schema }, interpose), durationsOf(driver));
        }
        const between = broken(interposedExecutor(executor, interpose), schema);
        return new SqlTenancyStore(
          { executor: between, concurrentSessions: true, hostTransactions: true },
          { ...options, schema },
        );
      },
      tables: () => readTables(prepared(admin, schema), { schema }),
      park: (place) => park(database.url, admin, schema, place),
      close: () => schemas.giveBack(schema),
    };
    taken.set(shared, schema);
    return shared;
  }

  return {
    url: database.url,
    open,
    admin,
    async leftovers() {
      const { rows } = await admin.query(AT_REST);
      const waiting = drivers.filter(({ isAtRest }) => !isAtRest()).map(() => "a pool lends a connection");
      return [...rows.map(({ what }) => String(what)), ...waiting];
    },
    schemaOf(shared) {
      const schema = taken.get(shared);
      if (schema === undefined) {
        throw new Error("the database is of another arena");
      }
      return schema;
    },
    async close() {
      await Promise.all(drivers.map(({ end }) => end()));
      await admin.end();
      if (given === undefined) {
        await sessionsOf(serverUrl, database.name);
        await database.drop();
      }
    },
  };
}

/** H09: at rest nobody is idle in a transaction or waits for a lock; no advisory lock, no prepared transaction is left. */
const AT_REST = `
select pid || ' ' || state as what from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid()
   and (state like 'idle in transaction%' or wait_event_type = 'Lock')
union all
select pid || ' advisory lock' from pg_locks
 where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
union all
select gid || ' prepared' from pg_prepared_xacts`;

/** Asked after every step of a model, so it is worth a statement of its own name. */
function prepared(pool: pg.Pool, schema: string): SqlExecutor {
  const executor = pgExecutor(pool);
  return { ...executor, run: (statement) => executor.run({ ...statement, name: `tables_${schema}` }) };
}

/** Waits until the last session is gone: an ended pool does not, and a session that is killed complains. */
async function sessionsOf(serverUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  const open = "select count(*)::int as n from pg_stat_activity where datname = $1";
  while ((await client.query(open, [name])).rows[0].n > 0) {}
  await client.end();
}
