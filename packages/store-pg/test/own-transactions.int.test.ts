import { PGlite } from "@electric-sql/pglite";
import { generate, type IndeterminateError, type OrgId } from "@tenantry/core";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PgPoolClient, PostgresTenancyStore } from "../src/pg.ts";
import { migratePglite, PgliteTenancyStore } from "../src/pglite.ts";
import { PostgresJsTenancyStore } from "../src/postgres-js.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// `withTransaction`: the host's rows and ours, together or not at all.

let database: OpenPostgres;
let pool: pg.Pool;
let sql: postgres.Sql;
let pglite: PGlite;
beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool({ max: 4 });
  sql = postgres(database.url, { onnotice() {}, max: 2 });
  pglite = new PGlite();
  await migratePglite(pglite);
  const table = "create table project (id int primary key, org_id text not null)";
  await Promise.all([pool.query(table), pglite.exec(table)]);
});
afterAll(async () => {
  await Promise.all([sql.end(), pglite.close()]);
  await database.close();
});

/** Each driver: a store on it, the host's own insert inside a transaction, and what is there afterwards. */
interface Driver {
  readonly name: string;
  /** A new organization and a project of it, in one transaction, with something done at its end. */
  found(projectId: number, last?: () => Promise<void> | void): Promise<OrgId>;
  projects(): Promise<readonly number[]>;
  orgs(): Promise<number>;
}

type Writing = (inside: Pick<PostgresTenancyStore, "createOrg" | "updateOrg">) => Promise<void>;
type Opening = readonly [
  subscribe: PostgresTenancyStore["subscribe"],
  withTransaction: (write: Writing) => Promise<void>,
];

test.each<readonly [name: string, open: () => Opening]>([
  [
    "pg",
    () => {
      const store = new PostgresTenancyStore(pool);
      return [store.subscribe.bind(store), (write) => store.withTransaction((_, inside) => write(inside))];
    },
  ],
  [
    "postgres.js",
    () => {
      const store = new PostgresJsTenancyStore(sql);
      return [store.subscribe.bind(store), (write) => store.withTransaction((_, inside) => write(inside))];
    },
  ],
  [
    "PGlite",
    () => {
      const store = new PgliteTenancyStore(pglite);
      return [store.subscribe.bind(store), (write) => store.withTransaction((_, inside) => write(inside))];
    },
  ],
])("what was written inside is told once it is committed, and only then: %s", async (_, open) => {
  const [subscribe, withTransaction] = open();
  const heard: string[] = [];
  subscribe(({ seq, type }) => heard.push(`${seq} ${type}`));
  const write = (end: () => void) =>
    withTransaction(async (inside) => {
      const { org } = await inside.createOrg(generate("usr"));
      await inside.updateOrg({ orgId: org.id, name: "Acme" });
      const unknown = inside.updateOrg({ orgId: generate("org"), name: "None" });
      await expect(unknown).rejects.toMatchObject({ code: "not_found" });
      expect(heard).toEqual([]);
      end();
    });
  const failing = write(() => {
    throw new Error("the host's");
  });
  await expect(failing).rejects.toThrow("the host's");
  expect(heard).toEqual([]);
  await write(() => {});
  expect(heard).toEqual(["1 org.created", "2 org.updated"]);
});

const counted = "select count(*)::int as n from tenancy.org";
const listed = "select id from project order by id";
const inserted = "insert into project (id, org_id) values ($1, $2)";

const drivers: readonly Driver[] = [
  {
    name: "pg",
    found: (id, last) =>
      new PostgresTenancyStore(pool).withTransaction(async (client, store) => {
        const { org } = await store.createOrg(generate("usr"));
        await client.query(inserted, [id, org.id]);
        await last?.();
        return org.id;
      }),
    projects: async () => (await pool.query<{ id: number }>(listed)).rows.map(({ id }) => id),
    orgs: async () => (await pool.query<{ n: number }>(counted)).rows[0]?.n ?? -1,
  },
  {
    name: "postgres.js",
    found: (id, last) =>
      new PostgresJsTenancyStore(sql).withTransaction(async (transaction, store) => {
        const { org } = await store.createOrg(generate("usr"));
        await transaction`insert into project (id, org_id) values (${id}, ${org.id})`;
        await last?.();
        return org.id;
      }),
    projects: async () => (await sql<{ id: number }[]>`select id from project order by id`).map(({ id }) => id),
    orgs: async () => (await sql.unsafe<{ n: number }[]>(counted))[0]?.n ?? -1,
  },
  {
    name: "PGlite",
    found: (id, last) =>
      new PgliteTenancyStore(pglite).withTransaction(async (transaction, store) => {
        const { org } = await store.createOrg(generate("usr"));
        await transaction.query(inserted, [id, org.id]);
        await last?.();
        return org.id;
      }),
    projects: async () => (await pglite.query<{ id: number }>(listed)).rows.map(({ id }) => id),
    orgs: async () => (await pglite.query<{ n: number }>(counted)).rows[0]?.n ?? -1,
  },
];

describe.each(drivers)("on $name", (driver) => {
  beforeEach(async () => {
    await Promise.all([pool.query("delete from project"), pglite.exec("delete from project")]);
  });

  test("the host's row and the organization appear together", async () => {
    const before = await driver.orgs();
    const orgId = await driver.found(1);
    expect(orgId).toMatch(/^org_/);
    expect({ projects: await driver.projects(), orgs: await driver.orgs() }).toEqual({
      projects: [1],
      orgs: before + 1,
    });
  });

  test("what the work throws rolls both back, and is thrown as it is", async () => {
    const before = await driver.orgs();
    const thrown = new Error("the host's own");
    const fail = (): never => {
      throw thrown;
    };
    await expect(driver.found(1, fail)).rejects.toBe(thrown);
    expect({ projects: await driver.projects(), orgs: await driver.orgs() }).toEqual({ projects: [], orgs: before });
  });

  test("an error of the host's own statement is the driver's, as without us", async () => {
    await driver.found(1);
    const before = await driver.orgs();
    await expect(driver.found(1)).rejects.toMatchObject({ code: "23505" });
    expect(await driver.orgs()).toBe(before);
  });
});

describe("what can go wrong at the commit", () => {
  test("a constraint of the host's that waits for the commit is thrown as the driver throws it", async () => {
    await pool.query(`create table if not exists task (id int primary key,
      project int references project (id) deferrable initially deferred)`);
    const call = new PostgresTenancyStore(pool).withTransaction(async (client, store) => {
      await store.createOrg(generate("usr"));
      await client.query("insert into task values (1, 404)");
    });
    await expect(call).rejects.toMatchObject({ code: "23503", constraint: "task_project_fkey" });
  });

  test("a failed statement that the work swallowed does not pass for a commit", async () => {
    const before = await new PostgresTenancyStore(pool).listTuplesForObject("org", generate("org"));
    const call = new PostgresTenancyStore(pool).withTransaction(async (client, store) => {
      await store.createOrg({ creator: generate("usr"), slug: "never-there" });
      await client.query("select 1/0").catch(() => {});
    });
    await expect(call).rejects.toMatchObject({ code: "internal.unexpected" });
    expect(before).toEqual([]);
    await new PostgresTenancyStore(pool).createOrg({ creator: generate("usr"), slug: "never-there" });
  });

  /** A pool whose connection dies at COMMIT: before the server hears of it, or after it is done. */
  function dyingAtCommit(when: "before" | "after") {
    const dying = (client: pg.PoolClient): PgPoolClient => ({
      async query(config) {
        if (config.text !== "commit") {
          return client.query(config);
        }
        await client.query(when === "after" ? "commit" : "rollback");
        throw new Error("Connection terminated unexpectedly");
      },
      release: () => client.release(true),
      on: () => {},
      removeListener: () => {},
    });
    return {
      totalCount: 0,
      connect(callback: (error: Error | undefined, client: PgPoolClient | undefined) => void) {
        pool.connect((error, client) => callback(error, client === undefined ? undefined : dying(client)));
      },
    };
  }

  for (const [when, resolution] of [
    ["before", { committed: false }],
    ["after", { committed: true, result: "done" }],
  ] as const) {
    test(`a connection that dies ${when} it took effect is resolved with the truth`, async () => {
      const creator = generate("usr");
      const error = (await new PostgresTenancyStore(dyingAtCommit(when))
        .withTransaction(async (_, store) => {
          await store.createOrg(creator);
          return "done";
        })
        .catch((thrown: unknown) => thrown)) as IndeterminateError;
      expect(error).toMatchObject({ code: "indeterminate.commit" });
      await expect(error.resolve()).resolves.toEqual(resolution);
      await expect(error.resolve()).resolves.toEqual(resolution);
      const { length } = await new PostgresTenancyStore(pool).listTuplesForSubject("usr", creator);
      expect(length).toBe(when === "after" ? 1 : 0);
    });
  }
});

describe("where none can be opened", () => {
  test("on a client inside a transaction it is refused, and the transaction is untouched", async () => {
    const client = await pool.connect();
    await client.query("begin");
    const call = new PostgresTenancyStore(client).withTransaction(async () => {});
    await expect(call).rejects.toMatchObject({ code: "precondition.invalid_input", details: { key: "database" } });
    expect(client.getTransactionStatus()).toBe("T");
    await client.query("rollback");
    client.release();
  });

  test("a connected client that is in none is as good as a pool", async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { org } = await new PostgresTenancyStore(client).withTransaction((_, store) =>
      store.createOrg(generate("usr")),
    );
    await expect(new PostgresTenancyStore(pool).getOrg(org.id)).resolves.toEqual(org);
    await client.end();
  });

  test("without a connection it is `unavailable`, and the work is not begun", async () => {
    const nowhere = new pg.Pool({ connectionString: "postgres://canary@127.0.0.1:1/nowhere" });
    let isBegun = false;
    const call = new PostgresTenancyStore(nowhere).withTransaction(async () => {
      isBegun = true;
    });
    await expect(call).rejects.toMatchObject({ code: "unavailable.connection" });
    expect(isBegun).toBe(false);
    await nowhere.end();
  });
});
