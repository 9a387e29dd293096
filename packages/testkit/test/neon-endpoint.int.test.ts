import { Client, neon, neonConfig, Pool } from "@neondatabase/serverless";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import {
  answeredWith,
  createDatabase,
  cutAfter,
  cutBefore,
  cutWithin,
  type Database,
  deliveredTwice,
  heldBefore,
  type NeonEndpoint,
  refused,
  startNeonEndpoint,
  withoutBody,
} from "../src/index.ts";

let database: Database;
let endpoint: NeonEndpoint;
let direct: pg.Client;

beforeAll(async () => {
  database = await createDatabase(inject("databaseUrl"));
  direct = new pg.Client({ connectionString: database.url });
  await direct.connect();
  await direct.query("create table item (id int primary key)");
});
beforeEach(async () => {
  await direct.query("truncate item");
  endpoint = await startNeonEndpoint(database.url);
  Object.assign(neonConfig, endpoint.neonConfig);
});
afterEach(() => endpoint.stop());
afterAll(async () => {
  await direct.end();
  await database.drop();
});

const insert = "insert into item (id) values (1)";
const ids = async () => (await direct.query("select id from item order by id")).rows.map(({ id }) => id);

/** What the driver throws. */
async function failure(call: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(call).then(
    () => expect.unreachable("nothing failed"),
    (error: unknown) => error,
  );
}

/** The protocol without the driver. */
async function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(endpoint.neonConfig.fetchEndpoint, {
    method: "POST",
    body,
    headers: {
      "Neon-Connection-String": database.url,
      "Neon-Raw-Text-Output": "true",
      "Neon-Array-Mode": "true",
      ...headers,
    },
  });
}

describe("over HTTP", () => {
  test("a query answers values that the driver parses", async () => {
    const sql = neon(database.url);
    const date = new Date("2026-01-02T03:04:05.678Z");
    const [row] = await sql`select ${7}::int as n, ${"text"} as s, ${null}::text as nothing, ${date}::timestamptz as at,
      ${[1, 2]}::int[] as list, ${{ a: 1 }}::jsonb as json, ${Buffer.from("x")}::bytea as bytes, true as yes, 1::int8 as big`;
    expect(row).toEqual({
      n: 7,
      s: "text",
      nothing: null,
      at: date,
      list: [1, 2],
      json: { a: 1 },
      bytes: Buffer.from("x"),
      yes: true,
      big: "1",
    });
  });

  test("the answer is raw text, with the fields, the command and the count", async () => {
    const answer = await post(
      JSON.stringify({ query: "select $1::int as n, null as none, true as yes", params: ["7"] }),
    );
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      fields: [
        { name: "n", dataTypeID: 23, tableID: 0, columnID: 0, dataTypeSize: 4, dataTypeModifier: -1, format: "text" },
        {
          name: "none",
          dataTypeID: 25,
          tableID: 0,
          columnID: 0,
          dataTypeSize: -1,
          dataTypeModifier: -1,
          format: "text",
        },
        { name: "yes", dataTypeID: 16, tableID: 0, columnID: 0, dataTypeSize: 1, dataTypeModifier: -1, format: "text" },
      ],
      rows: [["7", null, "t"]],
      rowAsArray: true,
      command: "SELECT",
      rowCount: 1,
    });
  });

  test("a statement that changes rows counts them, one that defines something has no count", async () => {
    const sql = neon(database.url, { fullResults: true });
    expect(await sql.query(insert)).toMatchObject({ command: "INSERT", rowCount: 1, rows: [] });
    expect(await sql.query("create table made ()")).toMatchObject({ command: "CREATE", rowCount: null, fields: [] });
    await sql.query("drop table made");
  });

  test("two statements in one query are refused", async () => {
    const sql = neon(database.url);
    expect(await failure(sql.query("select 1; select 2"))).toMatchObject({ code: "42601", severity: "ERROR" });
  });

  test("an error has the server's fields", async () => {
    await direct.query(insert);
    expect(await failure(neon(database.url).query(insert))).toMatchObject({
      name: "NeonDbError",
      severity: "ERROR",
      code: "23505",
      detail: "Key (id)=(1) already exists.",
      schema: "public",
      table: "item",
      constraint: "item_pkey",
      routine: "_bt_check_unique",
      hint: undefined,
    });
    const answer = await post(JSON.stringify({ query: "select x", params: [] }));
    expect(answer.status).toBe(400);
    const fields = (await answer.json()) as Readonly<Record<string, unknown>>;
    expect(fields).toMatchObject({ code: "42703", position: "8", constraint: null, dataType: null });
    expect(Object.keys(fields)).toHaveLength(17);
  });

  test("a database that does not exist is an error with its code", async () => {
    const other = new URL(database.url);
    other.pathname = "/nowhere";
    expect(await failure(neon(other.href).query("select 1"))).toMatchObject({ code: "3D000", severity: "FATAL" });
  });

  test("the host of the connection string is not asked", async () => {
    const other = new URL(database.url);
    other.host = "db.example.com";
    const sql = neon(`${other.href}?sslmode=require&channel_binding=require&application_name=elsewhere`);
    expect(await sql`select current_database() as name, current_setting('application_name') as app`).toEqual([
      { name: database.name, app: "elsewhere" },
    ]);
  });

  test.for([
    ["a body that is not JSON", "{", {}],
    ["a body that is no object", "null", {}],
    ["a query that is no text", JSON.stringify({ query: 1 }), {}],
    ["a parameter that is not text", JSON.stringify({ query: "select $1", params: [1] }), {}],
    ["queries that are no array", JSON.stringify({ queries: {} }), {}],
    [
      "an isolation level that does not exist",
      JSON.stringify({ queries: [] }),
      { "Neon-Batch-Isolation-Level": "serializable" },
    ],
    ["a mode that is neither true nor false", JSON.stringify({ queries: [] }), { "Neon-Batch-Read-Only": "1" }],
    ["no connection string", JSON.stringify({ query: "select 1" }), { "Neon-Connection-String": "" }],
    ["values that are to be parsed", JSON.stringify({ query: "select 1" }), { "Neon-Raw-Text-Output": "false" }],
  ] as const)("%s is 400 without a code", async ([, body, headers]) => {
    const answer = await post(body, headers);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: expect.any(String), code: null, severity: null });
  });

  test("there is nothing at another path or by another method", async () => {
    const { fetchEndpoint } = endpoint.neonConfig;
    expect((await fetch(fetchEndpoint)).status).toBe(404);
    expect((await fetch(`${fetchEndpoint}x`, { method: "POST" })).status).toBe(404);
    expect(endpoint.requests()).toBe(0);
  });

  test("a session keeps nothing between requests", async () => {
    const sql = neon(database.url);
    await sql`set application_name = 'left behind'`;
    await sql`create temporary table left_behind ()`;
    await sql`select pg_advisory_lock(1)`;
    await sql`begin`;
    expect(
      await sql`select current_setting('application_name') <> 'left behind' as set, to_regclass('left_behind') as made,
        (select count(*)::int from pg_locks where locktype = 'advisory') as locks`,
    ).toEqual([{ set: true, made: null, locks: 0 }]);
  });

  test("requests run at the same time, each in a session of its own", async () => {
    const sql = neon(database.url);
    const sessions = await Promise.all([1, 2, 3].map(() => sql`select pg_backend_pid() as pid, pg_sleep(0.05)`));
    expect(new Set(sessions.map(([row]) => row?.["pid"])).size).toBe(3);
  });

  test("every request is counted, and a query that nobody awaits is none", async () => {
    const sql = neon(database.url);
    await sql`select 1`;
    await sql.transaction([sql`select 1`, sql`select 2`]);
    await failure(sql`select 1 / 0`);
    void sql`select 1`;
    expect(endpoint.requests()).toBe(3);
    endpoint.reset();
    expect(endpoint.requests()).toBe(0);
  });
});

describe("a batch", () => {
  const modes = (
    sql: ReturnType<typeof neon<false, false>>,
  ) => sql`select current_setting('transaction_isolation') as isolation,
    current_setting('transaction_read_only') as read_only, current_setting('transaction_deferrable') as deferrable`;

  test("is one transaction: a setting that is local to it is seen by all of it and gone after", async () => {
    const sql = neon(database.url);
    const [, seen] = await sql.transaction([
      sql`select set_config('tenantry.test', 'yes', true)`,
      sql`select current_setting('tenantry.test') as value`,
    ]);
    expect(seen).toEqual([{ value: "yes" }]);
    expect(await sql`select current_setting('tenantry.test', true) as value`).not.toEqual([{ value: "yes" }]);
  });

  test("is rolled back by its first error, which is the answer", async () => {
    const sql = neon(database.url);
    const batch = sql.transaction([sql.query(insert), sql.query(insert), sql.query("select 1 / 0")]);
    expect(await failure(batch)).toMatchObject({ code: "23505", constraint: "item_pkey" });
    expect(await ids()).toEqual([]);
  });

  test("that fails at its commit is an error too", async () => {
    await direct.query("create table late (id int constraint late_once unique deferrable initially deferred)");
    const sql = neon(database.url);
    const twice = () => sql.query("insert into late values (1)");
    expect(await failure(sql.transaction([twice(), twice()]))).toMatchObject({
      code: "23505",
      constraint: "late_once",
    });
  });

  test.for([
    ["ReadUncommitted", "read uncommitted"],
    ["ReadCommitted", "read committed"],
    ["RepeatableRead", "repeatable read"],
    ["Serializable", "serializable"],
  ] as const)("runs at %s", async ([isolationLevel, isolation]) => {
    const sql = neon(database.url);
    const [[row] = []] = await sql.transaction([modes(sql)], { isolationLevel });
    expect(row).toEqual({ isolation, read_only: "off", deferrable: "off" });
  });

  test("can be read-only and deferrable", async () => {
    const sql = neon(database.url);
    const [[row] = []] = await sql.transaction([modes(sql)], { readOnly: true, deferrable: true });
    expect(row).toMatchObject({ read_only: "on", deferrable: "on" });
  });

  test("has its modes repeated in the headers of the answer", async () => {
    const given = { "Neon-Batch-Isolation-Level": "Serializable", "Neon-Batch-Read-Only": "true" };
    const { headers } = await post(JSON.stringify({ queries: [] }), given);
    expect(headers.get("Neon-Batch-Isolation-Level")).toBe("Serializable");
    expect(headers.get("Neon-Batch-Read-Only")).toBe("true");
    expect(headers.get("Neon-Batch-Deferrable")).toBeNull();
  });
});

describe("over a WebSocket", () => {
  test("a client has a session: prepared names, transactions, notifications", async () => {
    const client = new Client(database.url);
    await client.connect();
    const query = { name: "one", text: "select $1::int as n" };
    expect((await client.query({ ...query, values: [1] })).rows).toEqual([{ n: 1 }]);
    expect((await client.query({ ...query, values: [2] })).rows).toEqual([{ n: 2 }]);
    await client.query("begin");
    await client.query(insert);
    await client.query("rollback");
    expect(await ids()).toEqual([]);
    await client.query("listen bell");
    const rung = new Promise((resolve) => client.once("notification", resolve));
    await direct.query("notify bell, 'rung'");
    expect(await rung).toMatchObject({ channel: "bell", payload: "rung" });
    await client.end();
    expect(endpoint.requests()).toBe(0);
  });

  test("large values pass both ways", async () => {
    const pool = new Pool({ connectionString: database.url });
    const text = "x".repeat(1_000_000);
    const { rows } = await pool.query("select $1::text as text", [text]);
    expect(rows[0].text).toBe(text);
    await pool.end();
  });

  test("a connection that is cut is lost for the client, and its session ends", async () => {
    const client = new Client(database.url);
    await client.connect();
    const { rows } = await client.query("select pg_backend_pid() as pid");
    const lost = new Promise((resolve) => client.once("error", resolve));
    endpoint.cut();
    expect(await lost).toBeInstanceOf(Error);
    expect(await failure(client.query("select 1"))).toBeInstanceOf(Error);
    while ((await direct.query("select from pg_stat_activity where pid = $1", [rows[0].pid])).rows.length > 0) {}
  });

  test("a connection to a database that does not exist is refused by the server", async () => {
    const other = new URL(database.url);
    other.pathname = "/nowhere";
    const client = new Client(other.href);
    client.on("error", () => {});
    expect(await failure(client.connect())).toMatchObject({ code: "3D000" });
  });

  test("there is no WebSocket at another path", async () => {
    const { webSocketConstructor: WebSocket, wsProxy } = endpoint.neonConfig;
    const socket = new WebSocket(`ws://${wsProxy()}x`);
    await expect(
      new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject)),
    ).rejects.toThrow();
  });
});

describe("a disturbed request", () => {
  const run = () => neon(database.url).query(insert);

  test.for([500, 502, 504])("refused with %i has no effect and no code", async (status) => {
    endpoint.disturb(refused(status));
    expect(await failure(run())).toMatchObject({ name: "NeonDbError", code: undefined, sourceError: undefined });
    expect(await ids()).toEqual([]);
  });

  test.for([500, 502, 504])("answered with %i has its effect and no code", async (status) => {
    endpoint.disturb(answeredWith(status));
    expect(await failure(run())).toMatchObject({ name: "NeonDbError", code: undefined, sourceError: undefined });
    expect(await ids()).toEqual([1]);
  });

  test("cut before it is executed has no effect; cut after, it has", async () => {
    endpoint.disturb(cutBefore, cutAfter);
    expect(await failure(run())).toMatchObject({ name: "NeonDbError", sourceError: expect.any(TypeError) });
    expect(await ids()).toEqual([]);
    expect(await failure(run())).toMatchObject({ name: "NeonDbError", sourceError: expect.any(TypeError) });
    expect(await ids()).toEqual([1]);
  });

  test.for([
    ["in the middle of its body", cutWithin],
    ["without a body", withoutBody],
  ] as const)("answered %s has its effect, and the driver fails to read", async ([, fault]) => {
    endpoint.disturb(fault);
    expect(await failure(run())).not.toMatchObject({ name: "NeonDbError" });
    expect(await ids()).toEqual([1]);
  });

  test("delivered twice is executed twice and answered once", async () => {
    endpoint.disturb(deliveredTwice);
    expect(await failure(run())).toMatchObject({ code: "23505" });
    expect(await ids()).toEqual([1]);
    expect(endpoint.requests()).toBe(1);
  });

  test("held is executed when it is released, also when its client is gone", async () => {
    const request = heldBefore();
    endpoint.disturb(request.fault);
    const controller = new AbortController();
    const sql = neon(database.url, { fetchOptions: { signal: controller.signal } });
    const call = failure(sql.query(insert));
    await request.arrived;
    controller.abort();
    expect(await call).toMatchObject({ sourceError: { name: "AbortError" } });
    expect(await ids()).toEqual([]);
    expect((await request.release()).status).toBe(200);
    expect(await ids()).toEqual([1]);
  });

  test("is one of as many as there are faults; those behind it are served", async () => {
    endpoint.disturb(refused(502));
    await failure(run());
    await run();
    expect(await ids()).toEqual([1]);
  });
});

test("a stopped endpoint leaves no session, no listener and no connection", async () => {
  const other = await startNeonEndpoint(database.url);
  const name = new URL(database.url);
  name.searchParams.set("application_name", "leaves nothing");
  Object.assign(neonConfig, other.neonConfig);
  const pool = new Pool({ connectionString: name.href });
  pool.on("error", () => {});
  await pool.query("select 1");
  const pending = failure(neon(name.href).query("select pg_sleep(60)"));
  const sessions = "select wait_event from pg_stat_activity where application_name = 'leaves nothing'";
  while (!(await direct.query(sessions)).rows.some(({ wait_event }) => wait_event === "PgSleep")) {}
  await other.stop();
  expect(await pending).toMatchObject({ name: "NeonDbError", sourceError: expect.any(Error) });
  await expect(fetch(other.neonConfig.fetchEndpoint, { method: "POST" })).rejects.toThrow();
  // A server notices at its next write that the client of a sleeping statement is gone.
  await direct.query(`select pg_cancel_backend(pid) from (${sessions.replace("wait_event", "pid")}) s`);
  while ((await direct.query(sessions)).rows.length > 0) {}
  await pool.end();
});
