import { neon, neonConfig } from "@neondatabase/serverless";
import { generate } from "@tenantry/core";
import { cutBefore } from "@tenantry/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrateNeonHttp, NeonHttpTenancyStore } from "../src/http.ts";
import { type OpenLocalNeon, openLocalNeon } from "./open-neon.ts";

let local: OpenLocalNeon;
beforeAll(async () => {
  local = await openLocalNeon();
  await migrateNeonHttp(neon(local.url));
});
afterAll(() => local.close());

test("what the application configures for its own queries changes nothing", async () => {
  const sql = neon(local.url, {
    arrayMode: true,
    fullResults: true,
    isolationLevel: "Serializable",
    readOnly: true,
    types: { getTypeParser: () => () => "parsed" },
  });
  expect(await migrateNeonHttp(sql, { schema: "configured" })).not.toEqual([]);
  const store = new NeonHttpTenancyStore(sql, { schema: "configured" });
  const { org, ownerMembership } = await store.createOrg(generate("usr"));
  expect(await store.getOrg(org.id)).toEqual(org);
  expect(await store.changeRole({ memId: ownerMembership.id, newRole: "owner" })).toEqual(ownerMembership);
});

test("the driver's configuration, which is the application's, is not touched", async () => {
  const seen = () => ({
    fetchEndpoint: neonConfig.fetchEndpoint,
    fetchFunction: neonConfig.fetchFunction,
    poolQueryViaFetch: neonConfig.poolQueryViaFetch,
  });
  const before = seen();
  const store = new NeonHttpTenancyStore(neon(local.url));
  await store.createOrg(generate("usr"));
  expect(seen()).toEqual(before);
});

test("a migration that fails in between leaves nothing behind and can be run again", async () => {
  const sql = neon(local.url);
  const served = async (execute: () => Promise<{ status: number; body: string }>) => execute();
  // The schema, the look, and then the migration itself, which is cut.
  local.endpoint.disturb(served, served, cutBefore);
  await expect(migrateNeonHttp(sql, { schema: "again" })).rejects.toThrow();
  expect(await sql`select table_name from information_schema.tables where table_schema = 'again'`).toEqual([
    { table_name: "migration" },
  ]);
  expect(await migrateNeonHttp(sql, { schema: "again" })).not.toEqual([]);
  expect(await migrateNeonHttp(sql, { schema: "again" })).toEqual([]);
});

test("migrations at the same time are applied once", async () => {
  const sql = neon(local.url);
  const applied = await Promise.all([1, 2, 3].map(() => migrateNeonHttp(sql, { schema: "at_once" })));
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
});

test("owners who leave at once over HTTP: one stays", async () => {
  const store = new NeonHttpTenancyStore(neon(local.url));
  const { org, ownerMembership } = await store.createOrg(generate("usr"));
  const more = await Promise.all(
    [1, 2, 3].map(() => store.addMember({ orgId: org.id, usrId: generate("usr"), role: "owner" })),
  );
  const ended = await Promise.allSettled([ownerMembership, ...more].map(({ id: memId }) => store.selfLeave({ memId })));
  const codes = ended.map((result) => (result.status === "fulfilled" ? "ok" : result.reason.code));
  expect(codes.sort()).toEqual(["conflict.sole_owner", "ok", "ok", "ok"]);
});
