import { generate } from "@tenantry/core";
import { operationTrips, PROMISED_TRIPS, startWireProxy } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// Counted on the wire, behind a proxy that reads the protocol: one trip is something sent and its answer awaited.

let database: OpenPostgres;
let proxy: Awaited<ReturnType<typeof startWireProxy>>;
let pool: pg.Pool;
let store: PostgresTenancyStore;

beforeAll(async () => {
  database = await openPostgres();
  proxy = await startWireProxy(database.url);
  pool = new pg.Pool({ connectionString: proxy.url, max: 1 });
  store = new PostgresTenancyStore(pool);
});
afterAll(async () => {
  await pool.end();
  await proxy.close();
  await database.close();
});

/** The trips of a call that is made after everything it needs is there and the connection is open. */
async function trips(call: () => Promise<unknown>): Promise<number> {
  await pool.query("select 1");
  proxy.reset();
  await call();
  return proxy.trips();
}

test("one round trip for a read and where one look is enough, two for every other mutation", async () => {
  expect(await operationTrips(store, trips)).toEqual(PROMISED_TRIPS);
});

test("a statement is prepared once for its shape, however often it runs", async () => {
  const fresh = new pg.Pool({ connectionString: proxy.url, max: 1 });
  const prepared = new PostgresTenancyStore(fresh);
  proxy.reset();
  for (let time = 0; time < 5; time += 1) {
    const { org, ownerMembership } = await prepared.createOrg(generate("usr"));
    const member = await prepared.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
    await prepared.changeRole({ memId: member.id, newRole: "admin" });
    await prepared.getMembership(ownerMembership.id);
  }
  await fresh.end();
  const names = proxy.parses().map(({ name }) => name);
  expect(names.length).toBe(5); // create, add, the look and the commit of changeRole, get
  expect(new Set(names).size).toBe(5);
  expect(names.every((name) => name !== "" && name.length <= 63)).toBe(true);
});

test("ten thousand rows are the statements and trips of two", async () => {
  const { org } = await store.createOrg(generate("usr"));
  const seen = () => ({
    trips: proxy.trips(),
    statements: proxy.statements().filter(({ kind }) => kind === "bind").length,
  });
  const sent = async (count: number): Promise<object> => {
    const rows = Array.from({ length: count }, () => ({ usrId: generate("usr"), role: "member" }) as const);
    await pool.query("select 1");
    proxy.reset();
    expect(await store.addMembers({ orgId: org.id, rows })).toMatchObject({ done: count });
    const added = seen();
    const { data } = await store.listMembers(org.id, { role: "member", status: "active", limit: 1 });
    const [{ id: memId } = { id: generate("mem") }] = data;
    proxy.reset();
    await store.changeRoles({ orgId: org.id, rows: [{ memId, newRole: "guest" }, ...unknown(count)], mode: "each" });
    return { added, changed: seen() };
  };
  const unknown = (count: number) =>
    Array.from({ length: count - 1 }, () => ({ memId: generate("mem"), newRole: "guest" }) as const);
  const few = await sent(2);
  expect(few).toEqual({ added: { trips: 1, statements: 1 }, changed: { trips: 2, statements: 2 } });
  expect(await sent(10_000)).toEqual(few);
});

test("with `prepare: false` no statement has a name, for poolers that lose them", async () => {
  const unnamed = new PostgresTenancyStore(pool, { prepare: false });
  proxy.reset();
  await unnamed.createOrg(generate("usr"));
  expect(proxy.parses().map(({ name }) => name)).toEqual([""]);
});
