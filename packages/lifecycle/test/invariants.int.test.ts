import { DomainDirectory } from "@tenantry/context/domains";
import { generate } from "@tenantry/core";
import { storeSettings, TenantSettings } from "@tenantry/settings";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { brokenInvariants, type OpenDatabase, openDatabase } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { TenantLifecycleService } from "../src/index.ts";

// The test of the invariants of suspensions, domains and settings: each is noticed to be broken, and none is in a life as it is
// lived.

const groups = ["lifecycle", "domains", "settings"] as const;
const TABLES = ["suspension", "domain", "setting", "tup", "inv", "mem", "evt", "idem", "joins", "org"];
/** What the tables do not admit by themselves is to be found by the queries. */
const NOT_UNIQUE =
  "drop index tenancy.domain_verified_once; alter table tenancy.setting drop constraint setting_key_once;";

let database: OpenDatabase;
let pool: pg.Pool;
const broken = async (on: pg.Pool | pg.PoolClient = pool): Promise<readonly string[]> =>
  (await brokenInvariants((text) => on.query(text), "tenancy", groups)).map(({ name }) => name);

beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  pool = database.pool();
  await migratePostgres(pool, { groups });
});
afterAll(() => database.close());

beforeEach(async () => {
  await pool.query(`truncate ${TABLES.map((table) => `tenancy.${table}`).join(", ")}`);
  const store = new PostgresTenancyStore(pool, { groups });
  const lifecycle = new TenantLifecycleService(store);
  const settings = new TenantSettings(storeSettings(store), {}, { openKeys: true });
  const tokens: string[] = [];
  const domains = new DomainDirectory(store, { lookupTxt: async () => [tokens] });
  const tenants = [];
  for (const place of [0, 1, 2, 3]) {
    const { id } = (await lifecycle.createTenant({ creator: generate("usr") })).tenant;
    const { record } = await domains.add(id, `proved-${place}.example.org`);
    tokens.splice(0, 1, record.value);
    await domains.verify(id, `proved-${place}.example.org`);
    await domains.add(id, "wanted.example.org");
    await domains.add(id, "given-up.example.org");
    await domains.remove(id, "given-up.example.org");
    await settings.setMany(id, { seats: 5, motto: "more", theme: { dark: true } });
    await settings.set(id, "seats", 6);
    await settings.unset(id, "theme");
    tenants.push(id);
  }
  const [active, paused, leaving, gone] = tenants as [
    `org_${string}`,
    `org_${string}`,
    `org_${string}`,
    `org_${string}`,
  ];
  await lifecycle.suspendTenant(active);
  await lifecycle.activateTenant(active);
  await lifecycle.suspendTenant(paused, { reason: "unpaid" });
  await lifecycle.deactivateTenant(leaving);
  await lifecycle.deleteTenant(leaving, { graceDays: 3 });
  await lifecycle.revokeTenant(gone, { confirm: gone });
});

test("nothing is broken in an undamaged life", async () => {
  expect(await broken()).toEqual([]);
});

const OF = (status: string): string => `(select id from tenancy.org where status = '${status}' limit 1)`;
const damages: readonly (readonly [invariant: string, damage: string])[] = [
  ["suspension", "delete from tenancy.suspension where kind = 'suspended'"],
  ["suspension", `insert into tenancy.suspension select ${OF("active")}, 'suspended', null, now(), null, null`],
  ["suspension", `insert into tenancy.suspension select ${OF("revoked")}, 'deletion', null, now(), now(), null`],
  ["fold_suspensions", "update tenancy.suspension set kind = 'deactivated' where kind = 'suspended'"],
  ["fold_suspensions", "update tenancy.suspension set due_at = due_at + interval '1 day' where kind = 'deletion'"],
  ["fold_suspensions", "update tenancy.suspension set since = since - interval '1 hour'"],
  ["domain_of_ended", `update tenancy.domain set org_id = ${OF("revoked")} where domain = 'proved-0.example.org'`],
  [
    "domain_once",
    "update tenancy.domain set state = 'verified', verified_at = now() where domain = 'wanted.example.org'",
  ],
  ["fold_domains", "update tenancy.domain set state = 'pending', verified_at = null where state = 'verified'"],
  ["fold_domains", "delete from tenancy.domain where state = 'pending'"],
  ["fold_domains", `insert into tenancy.domain select ${OF("active")}, 'given-up.example.org', 'pending', 'x', null`],
  ["fold_settings", "delete from tenancy.setting where key = 'seats'"],
  ["fold_settings", "update tenancy.setting set seq = seq - 1 where key = 'seats'"],
  ["fold_settings", "update tenancy.setting set updated_at = updated_at + interval '1 hour'"],
  [
    "fold_settings",
    "insert into tenancy.setting select org_id, 'theme', value, sealed, bytes, seq, updated_at from tenancy.setting",
  ],
  ["setting_once", "insert into tenancy.setting select * from tenancy.setting"],
];
for (const [place, [invariant, damage]] of damages.entries()) {
  test(`damage ${place + 1}, to "${invariant}", is noticed`, async () => {
    const client = await pool.connect();
    await client.query(`begin; ${NOT_UNIQUE} ${damage}`);
    expect(await broken(client)).toContain(invariant);
    await client.query("rollback");
    client.release();
  });
}
