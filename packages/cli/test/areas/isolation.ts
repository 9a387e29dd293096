import { randomUUID } from "node:crypto";
import { generate, type Tenancy } from "@tenantry/core";
import { createSealer } from "@tenantry/core/seal";
import { DSN_PURPOSE, defineTables, generatePolicies, storePlacements, tenantName } from "@tenantry/isolation";
import { pgQuery } from "@tenantry/isolation/pg";
import { defineSettings, storeSettings, TenantSettings } from "@tenantry/settings";
import { type OpenDatabase, openDatabase } from "@tenantry/testkit";
import pg from "pg";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { asJson, runIn } from "../session.ts";
import type { OpenWorld, World } from "../worlds.ts";

export function describeIsolation(name: string, open: OpenWorld): void {
  describe(`isolation beside ${name}`, () => {
    let world: World;
    let database: OpenDatabase;
    let root: pg.Pool;
    let app: pg.Pool;
    const suffix = randomUUID().slice(0, 8);
    const [appRole, adminRole] = [`app_${suffix}`, `admin_${suffix}`];
    const tables = defineTables({ schema: "app", appRole, adminRole, tables: { notes: "tenant", plans: "shared" } });
    const sealed = (byte: number) => createSealer([{ id: `k${byte}`, secret: Buffer.alloc(32, byte) }]);
    const declared = defineSettings({ token: { schema: v.string(), secret: true } });

    beforeEach(async () => {
      database = await openDatabase(inject("databaseUrl"));
      root = database.pool();
      await root.query(`create role ${appRole} login; create role ${adminRole} login; create schema app;
create table app.notes (id int not null, org_id uuid not null, primary key (org_id, id));
create table app.plans (id int primary key);
revoke connect, temporary on database "${new URL(database.url).pathname.slice(1)}" from public;
grant connect on database "${new URL(database.url).pathname.slice(1)}" to ${appRole}, ${adminRole}`);
      const asApp = new URL(database.url);
      asApp.username = appRole;
      app = new pg.Pool({ connectionString: asApp.href, max: 1 });
      app.on("error", () => {});
      const query = pgQuery(root);
      const leakTest = { pool: app, admin: root, rows: { notes: () => ({ id: 1 }) } };
      const settings = (store: Tenancy) => new TenantSettings(storeSettings(store), declared, { sealer: sealed(2) });
      world = await open((store) => ({ isolation: { tables, query, leakTest }, settings: settings(store) }));
    });
    afterEach(async () => {
      await app.end();
      for (const role of [appRole, adminRole]) {
        await root.query(`drop owned by ${role} cascade; drop role ${role}`);
      }
      await world.close();
      await database.close();
    });

    test("is printed, compared with the database, and tried", async () => {
      const { session } = world;
      const [{ sql }] = await asJson(session, "policies", "print");
      expect(sql).toBe(generatePolicies(tables));
      const missing = await asJson(session, "policies", "check");
      expect(missing.map(({ object }) => object)).toContain("app.notes");
      expect((await runIn(session, "policies", "check")).status).toBe(3);
      await root.query(sql);
      expect(await asJson(session, "policies", "check")).toEqual([]);
      const doctor = ["doctor", "--leak-test", "--json"];
      const sound = await runIn(session, ...doctor);
      expect([sound.status, sound.out.match(/.*"error".*/g)]).toEqual([0, null]);
      await root.query(
        "alter table app.notes no force row level security; create policy open on app.notes using (true)",
      );
      await root.query("drop policy tenantry_boundary on app.notes");
      const codes = new Set((await asJson(session, "doctor", "--leak-test")).map(({ code }) => code));
      expect([...codes]).toEqual(expect.arrayContaining(["isolation.rls_not_forced", "isolation.leak"]));
    });

    test("of tables: the declaration beside the database", async () => {
      const { session } = world;
      expect(await asJson(session, "tables", "list")).toEqual([
        { table: "app.notes", scope: "tenant", isThere: true },
        { table: "app.plans", scope: "shared", isThere: true },
      ]);
      await root.query("alter table app.plans rename to fees");
      expect((await runIn(session, "tables", "list")).status).toBe(3);
      expect(await asJson(session, "tables", "list", "--scope", "undeclared")).toEqual([
        { table: "app.fees", scope: "undeclared", isThere: true },
      ]);
      expect(await asJson(session, "tables", "list", "--scope", "shared")).toMatchObject([{ isThere: false }]);
    });

    test("and the places of tenants: one that is not there, one that nobody has, one whose secret no key opens", async () => {
      await world.close();
      const query = pgQuery(root);
      world = await open((store) => ({
        isolation: { tables, query, placements: storePlacements(store), sealer: sealed(2) },
      }));
      const { session, store, actor } = world;
      await root.query(generatePolicies(tables));
      const found = async (): Promise<readonly (readonly string[])[]> =>
        (await asJson(session, "doctor"))
          // Databases are those of the whole server, and other tests have some of these names.
          .filter(({ severity, object }) => severity === "error" && !object.startsWith("database "))
          .map(({ code, object }) => [code, object]);
      expect(await found()).toEqual([]);
      const placement = { strategy: "schema", state: "ready" } as const;
      const { org } = await store.createOrg({ creator: actor, placement });
      const name = tenantName(org.id);
      expect(await found()).toEqual([["isolation.not_provisioned", `schema ${name} of ${org.id}`]]);
      await root.query(`create schema ${name}`);
      expect(await found()).toEqual([]);

      const placements = storePlacements(store);
      await placements.lease(org.id, "test", 60);
      const sealedDsn = await sealed(1).seal("postgres://localhost/t", { purpose: DSN_PURPOSE, orgId: org.id });
      await placements.patch(org.id, "test", { sealedDsn });
      expect(await found()).toEqual([["isolation.key_unknown", org.id]]);
      await placements.patch(org.id, "test", { sealedDsn: null, state: "removed" });
      await placements.release(org.id, "test");
      await store.revokeOrg(org.id);
      const unknown = tenantName(generate("org"));
      await root.query(`alter schema ${name} rename to ${unknown}`);
      expect(await found()).toEqual([["isolation.not_provisioned", `schema ${unknown}`]]);
    });

    test("and what surrounds it: secrets that no key opens, slugs that no host reaches, variables", async () => {
      const { session, store, actor } = world;
      await root.query(generatePolicies(tables));
      const { org } = await store.createOrg({ creator: actor, slug: "www" });
      await new TenantSettings(storeSettings(store), declared, { sealer: sealed(1) }).set(org.id, "token", "t");
      const env = { ...session.env, TENANTRY_NO_SUCH: "1" };
      const found = await asJson({ ...session, env }, "doctor");
      expect(found).toMatchObject([
        { code: "config.invalid", severity: "error" },
        { code: "context.unreachable_slug", severity: "warning", object: `${org.id} www` },
        { code: "isolation.key_unknown", severity: "error", object: `${org.id} token` },
        ...found.slice(3),
      ]);
      await store.updateOrg({ orgId: org.id, slug: "web" });
      await store.revokeOrg(org.id);
    });
  });
}
