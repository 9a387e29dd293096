import { GROUPS, generate } from "@tenantry/core";
import { type OpenDatabase, openDatabase } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { migratePostgres, PostgresTenancyStore } from "../src/pg.ts";
import { describeSchema } from "./schema-dump.ts";

let database: OpenDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  pool = database.pool();
});
afterAll(() => database.close());

test("migrations are applied once, also when several processes start at the same time", async () => {
  const applied = await Promise.all(Array.from({ length: 4 }, () => migratePostgres(pool, { schema: "at_once" })));
  expect(applied.flat().sort()).toEqual(["0001_tenancy"]);
  expect(await migratePostgres(pool, { schema: "at_once" })).toEqual([]);
});

test("a dry run says what would be applied, and writes nothing", async () => {
  const dry = { schema: "dry", users: { table: "users", column: "id" } };
  const links = [
    "mem_usr_id",
    "mem_invited_by",
    "mem_removed_by",
    "inv_invited_by",
    "inv_invited_user_id",
    "inv_terminal_by",
  ];
  const named = links.map((name) => expect.stringContaining(`link ${name}`));
  expect(await migratePostgres(pool, { ...dry, dryRun: true })).toEqual(["0001_tenancy", ...named]);
  const { rows } = await pool.query("select to_regnamespace('dry') as schema");
  expect(rows).toEqual([{ schema: null }]);
  expect(await migratePostgres(pool, { schema: "dry" })).toEqual(["0001_tenancy"]);
  expect(await migratePostgres(pool, { schema: "dry", dryRun: true })).toEqual([]);
  await pool.query("update dry.migration set checksum = 'another'");
  const changed = migratePostgres(pool, { schema: "dry", dryRun: true });
  await expect(changed).rejects.toMatchObject({ code: "internal.unexpected" });
});

test("the migrated schema is the recorded one", async () => {
  await migratePostgres(pool, { groups: GROUPS });
  await expect(await describeSchema(pool, "tenancy")).toMatchFileSnapshot("../../store-sql/schema.sql");
});

test("the tables of a group are made once they are asked for, and stay", async () => {
  const schema = "grouped";
  expect(await migratePostgres(pool, { schema })).toEqual(["0001_tenancy"]);
  expect(await migratePostgres(pool, { schema, groups: ["settings"] })).toEqual(["settings/0001_settings"]);
  expect(await migratePostgres(pool, { schema, groups: ["settings"] })).toEqual([]);
  expect(await migratePostgres(pool, { schema })).toEqual([]);
});

test("a migration that was changed after it was applied is refused", async () => {
  await migratePostgres(pool, { schema: "changed" });
  await pool.query("update changed.migration set checksum = 'another'");
  await expect(migratePostgres(pool, { schema: "changed" })).rejects.toMatchObject({ code: "internal.unexpected" });
});

test("two schemas of one database have nothing in common", async () => {
  await migratePostgres(pool, { schema: "one" });
  await migratePostgres(pool, { schema: "other" });
  const [one, other] = ["one", "other"].map((schema) => new PostgresTenancyStore(pool, { schema }));
  const created = await one?.createOrg({ creator: generate("usr"), slug: "same" });
  await other?.createOrg({ creator: generate("usr"), slug: "same" });
  await expect(other?.getOrg(created?.org.id ?? generate("org"))).rejects.toMatchObject({ code: "not_found" });
});

test("a schema that is missing is an error, never another schema", async () => {
  const store = new PostgresTenancyStore(pool, { schema: "missing" });
  await expect(store.createOrg(generate("usr"))).rejects.toMatchObject({ code: "internal.unexpected" });
});

for (const schema of ["", 'a"b', "tenancy; drop schema public", "pg_x", "A", "1a", "a".repeat(64), null, 42]) {
  test(`${JSON.stringify(schema)} is no name for a schema`, async () => {
    const options = { schema: schema as string };
    expect(() => new PostgresTenancyStore(pool, options)).toThrow(
      expect.objectContaining({ code: "precondition.invalid_input" }),
    );
    await expect(migratePostgres(pool, options)).rejects.toMatchObject({ code: "precondition.invalid_input" });
  });
}

for (const options of [{ schemas: "tenancy" }, { prepare: "no" }, { reinvite: "sometimes" }, 42, null]) {
  test(`${JSON.stringify(options)} are no options`, () => {
    const build = () => new PostgresTenancyStore(pool, options as object);
    expect(build).toThrow(expect.objectContaining({ code: "precondition.invalid_input" }));
  });
}

test("with the host's users table linked, an unknown user is refused and nothing is written", async () => {
  await pool.query("create table app_users (id uuid primary key)");
  const users = { table: "app_users", column: "id" };
  await migratePostgres(pool, { schema: "linked", users });
  await migratePostgres(pool, { schema: "linked", users });
  const store = new PostgresTenancyStore(pool, { schema: "linked" });
  const [known, unknown] = [generate("usr"), generate("usr")];
  await pool.query("insert into app_users values ($1)", [known.slice(4)]);
  const { org } = await store.createOrg(known);
  const refused = { code: "precondition.unknown_user" };
  await expect(store.createOrg(unknown)).rejects.toMatchObject(refused);
  await expect(store.addMember({ orgId: org.id, usrId: unknown, role: "member" })).rejects.toMatchObject(refused);
  const { id: invId } = await store.createInvitation({
    orgId: org.id,
    identifier: "x@example.com",
    role: "member",
    invitedBy: known,
    expiresAt: new Date(Date.now() + 60_000),
  });
  await expect(store.acceptInvitation({ invId })).rejects.toMatchObject(refused);
  await expect(store.getOrg(org.id)).resolves.toMatchObject({ version: 2 });
  await expect(store.getInvitation(invId)).resolves.toMatchObject({ status: "pending" });
});
