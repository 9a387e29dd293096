import { generate } from "@tenantry/core";
import { createSealer } from "@tenantry/core/seal";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { brokenInvariants, type OpenDatabase, openDatabase, startWireProxy } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { CachedSettingsProvider, defineSettings, storeSettings, TenantSettings } from "../src/index.ts";

// Counted on the wire, behind a proxy that reads the protocol: one trip is something sent and its answer awaited.

const groups = ["settings"] as const;
const declared = defineSettings({
  maxUsers: { schema: z.number(), default: 50 },
  motto: { schema: z.string() },
  password: { schema: z.string(), secret: true },
});
const sealer = createSealer([{ id: "k1", secret: new Uint8Array(32) }]);

let database: OpenDatabase;
let proxy: Awaited<ReturnType<typeof startWireProxy>>;
let pool: pg.Pool;
let store: PostgresTenancyStore;
beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  await migratePostgres(database.pool(), { groups });
  proxy = await startWireProxy(database.url);
  pool = new pg.Pool({ connectionString: proxy.url, max: 1 });
  store = new PostgresTenancyStore(pool, { groups });
});
afterAll(async () => {
  await pool.end();
  await proxy.close();
  await database.close();
});

async function trips(call: () => Promise<unknown>): Promise<number> {
  await pool.query("select 1");
  proxy.reset();
  await call();
  return proxy.trips();
}

test("one round trip for a read, two for a change, three for one of a secret; a cache spares the reads", async () => {
  const { org } = await store.createOrg(generate("usr"));
  const cache = new CachedSettingsProvider(storeSettings(store));
  const settings = new TenantSettings(storeSettings(store), declared, { sealer });
  const cached = new TenantSettings(cache, declared, { sealer });
  expect({
    get: await trips(() => settings.get(org.id, "maxUsers")),
    effective: await trips(() => settings.effective(org.id)),
    set: await trips(() => settings.set(org.id, "maxUsers", 1)),
    setMany: await trips(() => settings.setMany(org.id, { maxUsers: 2, motto: "a" })),
    equal: await trips(() => settings.set(org.id, "maxUsers", 2)),
    unset: await trips(() => settings.unset(org.id, "maxUsers")),
    secret: await trips(() => settings.set(org.id, "password", "x")),
    missed: await trips(() => cached.get(org.id, "maxUsers")),
    known: await trips(() => cached.get(org.id, "motto")),
    "all known": await trips(() => cached.effective(org.id)),
    founded: await trips(async () =>
      (await settings.prepare({ maxUsers: 1, password: "x" })).founding(store)?.({ creator: generate("usr") }),
    ),
    invalid: await trips(() => settings.set(org.id, "maxUsers", "1" as never).catch(() => {})),
  }).toEqual({
    ...{ get: 1, effective: 1, set: 2, setMany: 2, equal: 1, unset: 2, secret: 3 },
    ...{ missed: 1, known: 0, "all known": 0, invalid: 0, founded: 1 },
  });
});

test("how many keys and how large they are makes no difference to the statements", async () => {
  const { org } = await store.createOrg(generate("usr"));
  const open = new TenantSettings(storeSettings(store), {}, { openKeys: true });
  const values = (count: number, text: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, number) => [`k${number}`, text]));
  const sent = async (count: number, text: string): Promise<number> => {
    proxy.reset();
    await open.setMany(org.id, values(count, text));
    return proxy.statements().filter(({ kind }) => kind === "bind").length;
  };
  expect([await sent(2, "a"), await sent(200, "b".repeat(5_000))]).toEqual([2, 2]);
});

test("inside the host's transaction a setting is a part of it", async () => {
  const { org } = await store.createOrg(generate("usr"));
  const cache = new CachedSettingsProvider(storeSettings(store));
  const outside = new TenantSettings(cache, declared, { sealer });
  const undone = store.withTransaction(async (_, inside) => {
    await new TenantSettings(storeSettings(inside), declared, { sealer }).set(org.id, "maxUsers", 1);
    throw new Error("the host's");
  });
  await expect(undone).rejects.toThrow("the host's");
  expect(await outside.get(org.id, "maxUsers")).toBe(50);
  await store.withTransaction(async (_, inside) => {
    const settings = new TenantSettings(storeSettings(inside), declared, { sealer });
    await settings.set(org.id, "maxUsers", 2);
    expect(await settings.get(org.id, "maxUsers")).toBe(2);
    // Nobody is told before it is true.
    expect(await outside.get(org.id, "maxUsers")).toBe(50);
  });
  expect(await outside.get(org.id, "maxUsers")).toBe(2);
});

test("what happened to settings breaks no invariant", async () => {
  const looks = database.pool();
  expect(await brokenInvariants((text) => looks.query(text))).toEqual([]);
});
