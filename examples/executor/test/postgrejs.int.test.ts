import { describeStore } from "@tenantry/conformance";
import { generate, type IndeterminateError } from "@tenantry/core";
import { readTables } from "@tenantry/store-sql";
import { createDatabase } from "@tenantry/testkit";
import { Connection, Pool } from "postgrejs";
import { afterAll, beforeAll, describe, expect, inject, it, test } from "vitest";
import { postgrejsExecutor } from "../src/executor.ts";
import { migratePostgrejs, PostgrejsTenancyStore } from "../src/store.ts";

const schema = "tenancy";
let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: Pool;
/** The suite needs no pool, and a connection that is not lent saves what the driver sends to clean one up. */
let connection: Connection;
beforeAll(async () => {
  database = await createDatabase(inject("databaseUrl"));
  pool = new Pool(database.url);
  connection = new Connection(database.url);
  await connection.connect();
  await migratePostgrejs(pool);
});
afterAll(async () => {
  await connection.close();
  await pool.close();
  await database.drop();
});

/** One statement, so that references between the tables are checked when all rows are gone. */
const EMPTY = `with ${["evt", "idem", "txn", "tup", "mem", "inv"]
  .map((table) => `${table} as (delete from ${schema}.${table})`)
  .join(", ")} delete from ${schema}.org`;

describeStore({
  name: "postgrejs",
  describe,
  it,
  async open(options) {
    return {
      store: new PostgrejsTenancyStore(connection, options),
      tables: () => readTables(postgrejsExecutor(connection)),
      async close() {
        await connection.execute(EMPTY);
      },
      async transaction(work) {
        const inside = await pool.acquire();
        try {
          await inside.startTransaction();
          await work(new PostgrejsTenancyStore(inside, options));
          await inside.commit();
        } catch (error) {
          await inside.rollback();
          throw error;
        } finally {
          await pool.release(inside);
        }
      },
    };
  },
});

describe("what the suite does not ask", () => {
  async function sessionOf(connection: Connection): Promise<number> {
    const { rows } = await connection.query("select pg_backend_pid()");
    return rows?.[0][0];
  }
  async function terminate(pid: number): Promise<void> {
    await pool.query("select pg_terminate_backend($1::int)", { params: [pid] });
    const gone = "select 1 from pg_stat_activity where pid = $1::int";
    while ((await pool.query(gone, { params: [pid] })).rows?.length !== 0) {}
  }

  test("a transaction of its own commits the host's rows and ours, or rolls both back", async () => {
    await pool.execute("create table project (org_id text)");
    const store = new PostgrejsTenancyStore(pool);
    const { org } = await store.withTransaction(async (connection, inside) => {
      const created = await inside.createOrg(generate("usr"));
      await connection.query("insert into project values ($1)", { params: [created.org.id] });
      return created;
    });
    await expect(store.getOrg(org.id)).resolves.toEqual(org);
    const thrown = new Error("the host's own");
    const call = store.withTransaction(async (connection, inside) => {
      await inside.updateOrg({ orgId: org.id, name: "never" });
      await connection.query("insert into project values ('never')");
      throw thrown;
    });
    await expect(call).rejects.toBe(thrown);
    await expect(store.getOrg(org.id)).resolves.toEqual(org);
    expect((await pool.query("select org_id from project")).rows).toEqual([[org.id]]);
  });

  test("a statement that failed in a transaction of its own and was swallowed does not pass for a commit", async () => {
    const store = new PostgrejsTenancyStore(pool);
    const call = store.withTransaction(async (connection, inside) => {
      await inside.createOrg({ creator: generate("usr"), slug: "never-there" });
      await connection.query("select 1/0", { rollbackOnError: false }).catch(() => {});
    });
    await expect(call).rejects.toMatchObject({ code: "internal.unexpected" });
    await store.createOrg({ creator: generate("usr"), slug: "never-there" });
  });

  test("a session that dies in the middle of a commit leaves an unknown outcome, which is resolved", async () => {
    const store = new PostgrejsTenancyStore(pool);
    const { org } = await store.createOrg(generate("usr"));
    const holder = new Connection(database.url);
    await holder.connect();
    await holder.startTransaction();
    await holder.query("select id from tenancy.org where id = $1::text::uuid for update", {
      params: [org.id.slice(4)],
    });
    const call = store
      .addMember({ orgId: org.id, usrId: generate("usr"), role: "member" })
      .catch((thrown: unknown) => thrown);
    const blocked =
      "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' limit 1";
    for (;;) {
      const [row] = (await pool.query(blocked)).rows ?? [];
      if (row !== undefined) {
        await terminate(row[0]);
        break;
      }
    }
    const error = (await call) as IndeterminateError;
    await holder.rollback();
    await holder.close();
    expect(error).toMatchObject({ code: "indeterminate.commit" });
    expect(await error.resolve()).toEqual({ committed: false });
    await expect(store.getOrg(org.id)).resolves.toEqual(org);
  });

  test("a connection that has ended, and a server that is not there, are `unavailable.connection`", async () => {
    const connection = new Connection(database.url);
    await connection.connect();
    const ended = new Promise((resolve) => connection.once("close", resolve));
    await terminate(await sessionOf(connection));
    await ended;
    await expect(new PostgrejsTenancyStore(connection).createOrg(generate("usr"))).rejects.toMatchObject({
      code: "unavailable.connection",
    });
    const nowhere = new Pool({ host: "127.0.0.1", port: 1, acquireMaxRetries: 0 });
    await expect(new PostgrejsTenancyStore(nowhere).createOrg(generate("usr"))).rejects.toMatchObject({
      code: "unavailable.connection",
    });
    await nowhere.close(0);
  });
});
