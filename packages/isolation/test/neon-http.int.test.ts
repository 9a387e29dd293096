import { neon, neonConfig } from "@neondatabase/serverless";
import { type NeonEndpoint, startNeonEndpoint } from "@tenantry/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { neonHttpIsolation } from "../src/neon-http.ts";
import { codeOf, makeTables, openTenants, openWorld, type Tenants, type World } from "./world.ts";

let world: World;
let tenants: Tenants;
let endpoint: NeonEndpoint;
beforeAll(async () => {
  world = await openWorld();
  tenants = await openTenants();
  await makeTables(world);
  endpoint = await startNeonEndpoint(world.urlAs(world.roles.app));
  Object.assign(neonConfig, endpoint.neonConfig);
});
afterAll(async () => {
  await endpoint.stop();
  await world.close();
});

const isolation = () => neonHttpIsolation(neon(NEON_URL()));
const NEON_URL = (): string => {
  const url = new URL(world.urlAs(world.roles.app));
  url.password = "x";
  return url.href;
};

test("a batch is one request, for the tenant alone", async () => {
  const { a, b, ofA } = tenants;
  endpoint.reset();
  await isolation().runBatch(a, (sql) => [sql.query("insert into app.invoices (number) values (1)")]);
  expect(endpoint.requests()).toBe(1);
  await isolation().runBatch(b, (sql) => [sql.query("insert into app.invoices (number) values (1)")]);
  const [rows, count] = await isolation().runBatch(a, (sql) => [
    sql.query("select org_id::text as org from app.invoices where number = $1", [1]),
    sql.query("select count(*)::int as n from app.invoices"),
  ]);
  expect(rows).toEqual([{ org: ofA }]);
  expect(count).toEqual([{ n: 1 }]);
});

test("what is another tenant's is refused, and so is a write of a batch that only reads", async () => {
  const { a, ofB } = tenants;
  const foreign = "insert into app.invoices (org_id, number) values ($1, 9)";
  expect(await codeOf(() => isolation().runBatch(a, (sql) => [sql.query(foreign, [ofB])]))).toBe("42501");
  const insert = "insert into app.invoices (number) values (2)";
  expect(await codeOf(() => isolation().runBatch(a, (sql) => [sql.query(insert)], { readOnly: true }))).toBe("25006");
});

test("what a run refuses a batch refuses, and sends nothing", async () => {
  const [elsewhere, still] = await Promise.all([
    openTenants(() => ({ strategy: "schema", state: "ready" })),
    openTenants(() => ({ strategy: "row", state: "ready", pausedUntil: "2999-01-01T00:00:00.000Z" })),
  ]);
  endpoint.reset();
  const refused = (tenant: unknown, readOnly = false): Promise<string | null> =>
    codeOf(() => isolation().runBatch(tenant as never, (sql) => [sql.query("select 1")], { readOnly }));
  expect(await refused({ org: tenants.a.org })).toBe("tenant.context_missing");
  expect(await refused(elsewhere.a)).toBe("isolation.wrong_strategy");
  expect(await refused(still.a)).toBe("isolation.paused");
  expect(endpoint.requests()).toBe(0);
  expect(await refused(still.a, true)).toBe(null);
  expect(endpoint.requests()).toBe(1);
});
