import { createHmac } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pgDriver } from "../src/pg.ts";
import { type ProofKey, proofKeyStatement } from "../src/proof.ts";
import { type RowOptions, rowIsolation } from "../src/row.ts";
import { codeOf, makeTables, openTenants, openWorld, type Tenants, type World } from "./world.ts";

const key: ProofKey = { id: "2031-a", secret: new Uint8Array(32).fill(9) };
let world: World;
let tenants: Tenants;
let pool: ReturnType<World["pool"]>;
beforeAll(async () => {
  world = await openWorld();
  tenants = await openTenants();
  await makeTables(world, { proof: "hmac" });
  const { text, values } = proofKeyStatement(key);
  await world.pool(world.roles.owner).query(text, [...values]);
  pool = world.pool(world.roles.app);
});
afterAll(() => world.close());

const isolation = (options: RowOptions<pg.PoolClient> = { proof: { key } }) => rowIsolation(pgDriver(pool), options);
const count = async (context: string): Promise<number> =>
  isolation().run(tenants.a, async (tx) => {
    await tx.query("select set_config('tenantry.org_id', $1, true)", [context]);
    return (await tx.query("select count(*)::int as n from app.invoices")).rows[0].n;
  });
const forged = (message: string, secret: Uint8Array = key.secret): string =>
  `${message}.${createHmac("sha256", secret).update(message).digest("hex")}`;
const soon = (): number => Math.floor(Date.now() / 1000) + 60;

test("runs with the key see and write their own rows", async () => {
  const { a, b, ofA } = tenants;
  for (const tenant of [a, b]) {
    await isolation().run(tenant, (tx) => tx.query("insert into app.invoices (number) values (1)"));
  }
  const rows = await isolation().run(a, async (tx) => (await tx.query("select org_id from app.invoices")).rows);
  expect(rows).toEqual([{ org_id: ofA }]);
});

test("a context that nobody signed shows nothing and writes nothing", async () => {
  const { ofA, ofB, a } = tenants;
  expect(await count(forged(`2031-a.${ofB}.${soon()}`))).toBe(1);
  for (const context of [
    ofA,
    ofB,
    "",
    "x",
    `2031-a.${ofB}.${soon()}`,
    forged(`2031-a.${ofB}.${soon()}`, new Uint8Array(32)),
    forged(`2030-z.${ofB}.${soon()}`),
    forged(`2031-a.${ofB}.${soon() - 120}`),
    `${forged(`2031-a.${ofB}.${soon()}`)}0`,
    `2031-a.${ofB}.${soon()}.${"0".repeat(64)}`,
  ]) {
    expect(await count(context)).toBe(0);
  }
  const unsigned = rowIsolation(pgDriver(pool));
  expect(await codeOf(() => unsigned.run(a, (tx) => tx.query("insert into app.invoices (number) values (2)")))).toBe(
    "42501",
  );
});

test("the keys are not to be read", async () => {
  expect(await codeOf(() => pool.query("select from tenancy.proof_key"))).toBe("42501");
});

test("the function is asked once for a statement", async () => {
  const { rows } = await isolation().run(tenants.a, (tx) => tx.query("explain select from app.invoices"));
  const plan = rows.map((row: Record<string, string>) => row["QUERY PLAN"]).join("\n");
  expect(plan).toMatch(/InitPlan/);
});

test("keys that are none are refused", async () => {
  expect(await codeOf(() => isolation({ proof: { key: { ...key, id: "a.b" } } }))).toBe("config.invalid");
  expect(await codeOf(() => isolation({ proof: { key: { ...key, secret: new Uint8Array(31) } } }))).toBe(
    "config.invalid",
  );
  expect(await codeOf(() => isolation({ proof: { key, ttlSeconds: 0 } }))).toBe("config.invalid");
  expect(await codeOf(() => proofKeyStatement({ ...key, secret: new Uint8Array(65) }))).toBe("config.invalid");
});

test("with our own tables in another schema, keys and function are there", async () => {
  const elsewhere = await openWorld();
  await makeTables(elsewhere, { proof: "hmac", ownSchema: "ours" });
  const { text, values } = proofKeyStatement(key, { ownSchema: "ours" });
  await elsewhere.pool(elsewhere.roles.owner).query(text, [...values]);
  const { a, ofA } = tenants;
  const proving = rowIsolation(pgDriver(elsewhere.pool(elsewhere.roles.app)), { proof: { key } });
  await proving.run(a, (tx) => tx.query("insert into app.invoices (number) values (1)"));
  const { rows } = await proving.run(a, (tx) => tx.query("select org_id from app.invoices"));
  expect(rows).toEqual([{ org_id: ofA }]);
  const schema = await elsewhere.root.query("select from pg_namespace where nspname = 'tenancy'");
  expect(schema.rowCount).toBe(0);
  expect(await codeOf(() => proofKeyStatement(key, { ownSchema: "Ours; drop" }))).toBe("config.invalid");
  await elsewhere.close();
});
