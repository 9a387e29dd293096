import type { Interpose, Parked, Place, SharedDatabase } from "@tenantry/conformance/races";
import { type TenancyOptions, uuidOf } from "@tenantry/core";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { PostgresJsTenancyStore, postgresJsExecutor } from "@tenantry/store-pg/postgres-js";
import { pgExecutor, readTables, type SqlExecutor, type SqlOptions, SqlTenancyStore } from "@tenantry/store-sql";
import { createDatabase } from "@tenantry/testkit";
import pg from "pg";
import postgres from "postgres";
import type { Arena } from "./arena.ts";
import { interposedExecutor } from "./executor.ts";
import { interposedPool, interposedSql } from "./interposed-drivers.ts";
import { Schemas } from "./schemas.ts";

export type Driver = "pg" | "postgres.js";

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
}

/** Instances of a store are few and used again: connecting costs more than a trial. */
const INSTANCES = 2;

/** On a real server: every instance has connections of its own. */
export async function openPostgresArena(
  serverUrl: string,
  { driver, broken, prepare, connections = 8, config = {} }: ArenaOptions,
): Promise<PostgresArena> {
  const database = await createDatabase(serverUrl);
  const admin = new pg.Pool({ connectionString: database.url, max: 3 });
  admin.on("error", () => {});
  const drivers = Array.from({ length: INSTANCES }, () => connected(driver, database.url, connections, config));
  const schemas = new Schemas(
    async (schema) => {
      await migratePostgres(admin, { schema });
      await prepare?.(admin, schema);
    },
    (text) => admin.query(text),
  );

  const taken = new WeakMap<SharedDatabase, string>();

  async function open(): Promise<SharedDatabase> {
    const schema = await schemas.take();
    let opened = 0;
    const shared: SharedDatabase = {
      connect(options: TenancyOptions, interpose?: Interpose) {
        const { store, executor } = drivers[opened % INSTANCES] as Connected;
        opened += 1;
        if (broken === undefined) {
          return store({ ...options, schema }, interpose);
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
      await sessionsOf(serverUrl, database.name);
      await database.drop();
    },
  };
}

interface Connected {
  readonly executor: SqlExecutor;
  readonly store: (options: SqlOptions, interpose: Interpose | undefined) => SqlTenancyStore;
  /** Of pg: nobody waits for a connection, and none is missing. */
  readonly isAtRest: () => boolean;
  readonly end: () => Promise<unknown>;
}

function connected(driver: Driver, url: string, max: number, config: pg.PoolConfig): Connected {
  if (driver === "pg") {
    const pool = new pg.Pool({ connectionString: url, max, ...config });
    // A connection that dies while it is idle tells its pool.
    pool.on("error", () => {});
    const isAtRest = (): boolean => pool.waitingCount === 0 && pool.idleCount === pool.totalCount;
    return {
      executor: pgExecutor(pool),
      store: (options, interpose) => new PostgresTenancyStore(interposedPool(pool, interpose), options),
      isAtRest,
      end: () => pool.end(),
    };
  }
  // What it asks when it connects is nobody's to hear: where that is cut the process would end.
  const sql = postgres(url, { max, onnotice() {}, fetch_types: false });
  return {
    executor: postgresJsExecutor(sql),
    store: (options, interpose) => new PostgresJsTenancyStore(interposedSql(sql, interpose), options),
    isAtRest: () => true,
    end: () => sql.end({ timeout: 5 }),
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

/** Holds a lock in a transaction that writes nothing. */
async function park(url: string, admin: pg.Pool, schema: string, place: Place): Promise<Parked> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("begin");
  const { text, values } = hold(schema, place);
  await client.query(text, values);
  return {
    async waiting() {
      const { rows } = await admin.query(
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows[0].n;
    },
    async release() {
      await client.query("rollback");
      await client.end();
    },
  };
}

function hold(s: string, place: Place): { readonly text: string; readonly values: unknown[] } {
  switch (place.at) {
    case "org":
      return { text: `select from ${s}.org where id = $1 for update`, values: [uuidOf(place.id)] };
    case "invitation":
      return { text: `select from ${s}.inv where id = $1 for update`, values: [uuidOf(place.id)] };
    case "membership":
      return { text: `select from ${s}.mem where id = $1 for update`, values: [uuidOf(place.id)] };
    case "slug":
      return {
        text: `insert into ${s}.org (id, status, slug, version, created_at, updated_at)
          values (gen_random_uuid(), 'active', $1, 1, now(), now())`,
        values: [place.slug],
      };
    case "tuple": {
      const { subjectType, subjectId, relation, objectType, objectId } = place.tuple;
      return {
        text: `insert into ${s}.tup (subject_type, subject_id, relation, object_type, object_id) values ($1, $2, $3, $4, $5)
          on conflict do nothing`,
        values: [subjectType, subjectId, relation, objectType, objectId],
      };
    }
    case "key":
      return {
        text: `insert into ${s}.idem (scope, key, state) values ($1, $2, 'fenced')`,
        values: [place.scope, place.key],
      };
  }
}
