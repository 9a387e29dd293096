import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { startWireProxy, type WireProxy } from "../src/index.ts";

let proxy: WireProxy;
const clients: pg.Client[] = [];

beforeEach(async () => {
  proxy = await startWireProxy(inject("databaseUrl"));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await proxy.close();
});

async function connect(options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: proxy.url, ...options });
  clients.push(client);
  await client.connect();
  return client;
}

const numbers = Array.from({ length: 10 }, (_, index) => index);
const one = { name: "one", text: "select $1::int as value" };

test("connecting is no round trip", async () => {
  await connect();
  expect(proxy.trips()).toBe(0);
  expect(proxy.statements()).toEqual([]);
});

test("each statement that waits for the one before is a round trip", async () => {
  const client = await connect();
  for (const value of numbers) await client.query("select $1::int", [value]);
  expect(proxy.trips()).toBe(10);
});

test("statements queued on a client that waits for each answer are a round trip each", async () => {
  const client = await connect();
  const pool = new pg.Pool({ connectionString: proxy.url, max: 1 });
  await Promise.all(numbers.map((value) => pool.query("select $1::int", [value])));
  expect(proxy.trips()).toBe(10);
  await pool.end();
  await client.query("select 1");
  expect(proxy.trips()).toBe(11);
});

test("statements pipelined in one burst are one round trip", async () => {
  const client = await connect({ pipeline: true });
  await Promise.all(numbers.map((value) => client.query({ ...one, values: [value] })));
  expect(proxy.trips()).toBe(1);
  await Promise.all(numbers.map((value) => client.query({ ...one, values: [value] })));
  expect(proxy.trips()).toBe(2);
});

test("a burst is one round trip although the server answers its parts at different times", async () => {
  const client = await connect({ pipeline: true });
  const texts = ["begin", "select pg_sleep(0.02)", "select repeat('x', 300000)", "commit"];
  await Promise.all(texts.map((text) => client.query(text)));
  expect(proxy.trips()).toBe(1);
});

test("a refused statement is a round trip, and a notice is no answer", async () => {
  const client = await connect();
  await expect(client.query("select 1 / 0")).rejects.toMatchObject({ code: "22012" });
  await client.query("do $$ begin raise notice 'hello'; end $$");
  expect(proxy.trips()).toBe(2);
});

describe("the statements", () => {
  test("show what was prepared once and run twice", async () => {
    const client = await connect();
    await client.query({ ...one, values: [1] });
    await client.query({ ...one, values: [2] });
    expect(proxy.statements()).toEqual([
      { kind: "parse", connection: 1, name: "one", text: "select $1::int as value" },
      { kind: "bind", connection: 1, name: "one" },
      { kind: "bind", connection: 1, name: "one" },
    ]);
  });

  test("show that each connection prepares for itself, once", async () => {
    for (const client of [await connect(), await connect({ pipeline: true })]) {
      for (const value of numbers) await client.query({ ...one, values: [value] });
    }
    expect(proxy.parses()).toEqual([
      { kind: "parse", connection: 1, ...one },
      { kind: "parse", connection: 2, ...one },
    ]);
  });

  test("show texts without parameters, and the connection each came on", async () => {
    await (await connect()).query("select 1");
    await (await connect()).query("select 2");
    expect(proxy.statements()).toEqual([
      { kind: "query", connection: 1, text: "select 1" },
      { kind: "query", connection: 2, text: "select 2" },
    ]);
  });

  test("are forgotten by a reset, as the trips are", async () => {
    const client = await connect();
    await client.query("select 1");
    proxy.reset();
    expect(proxy.trips()).toBe(0);
    expect(proxy.statements()).toEqual([]);
    expect(proxy.parses()).toEqual([]);
  });
});
