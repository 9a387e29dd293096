import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OrgId, PlacementPatch } from "@tenantry/core";
import { createSealer } from "@tenantry/core/seal";
import {
  DSN_PURPOSE,
  type IsolationStrategy,
  type PlacementStore,
  StrategyRegistry,
  storePlacements,
  TenantProvisioner,
  tenantName,
} from "@tenantry/isolation";
import { pgQuery } from "@tenantry/isolation/pg";
import { type OpenDatabase, openDatabase } from "@tenantry/testkit";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { asJson, runIn } from "../session.ts";
import type { OpenWorld, World } from "../worlds.ts";

const CANARY = "canary-5e07";

/** Rows among those of others, of which there are none. */
function rows(): IsolationStrategy {
  return {
    name: "row",
    steps: [],
    provision: async () => {},
    deprovision: async (_, policy) => ({ policy, archivedAs: null, rows: null }),
    run: () => Promise.reject(new Error("nothing runs here")),
  };
}

/** Schemas, and nothing in them. One whose provisioning fails is named. */
function schemas(database: () => pg.Pool, broken: Set<OrgId>): IsolationStrategy {
  return {
    name: "schema",
    steps: ["schema"],
    async provision({ id }) {
      if (broken.has(id)) {
        throw new Error(CANARY);
      }
      await database().query(`create schema if not exists ${tenantName(id)}`);
    },
    async deprovision({ id }, policy) {
      await database().query(`drop schema ${tenantName(id)} cascade`);
      return { policy, archivedAs: null, rows: null };
    },
    run: () => Promise.reject(new Error("nothing runs here")),
  };
}

export function describeTenants(name: string, open: OpenWorld): void {
  describe(`tenants on ${name}`, () => {
    let world: World;
    let database: OpenDatabase;
    let pool: pg.Pool;
    let directory: string;
    const broken = new Set<OrgId>();
    const copied: string[] = [];
    let isStuck = false;
    let version: string | null = null;
    const [old, current] = [8, 9].map((byte) => ({ id: `k${byte}`, secret: Buffer.alloc(32, byte) }));
    const ring = [current, old].filter((key) => key !== undefined);

    beforeEach(async () => {
      broken.clear();
      copied.length = 0;
      isStuck = false;
      version = null;
      directory = mkdtempSync(join(tmpdir(), "tenantry-migrations-"));
      writeFileSync(join(directory, "0001.sql"), "create table notes (id int);");
      database = await openDatabase(inject("databaseUrl"));
      pool = database.pool();
      const strategies = StrategyRegistry.withDefaults(rows()).register(schemas(() => pool, broken));
      world = await open((store) => ({
        isolation: {
          placements: storePlacements(store),
          provisioner: new TenantProvisioner({ placements: storePlacements(store), strategies, backoffMs: 0 }),
          moving: {
            async copy({ strategy }, target) {
              if (isStuck) {
                throw new Error(CANARY);
              }
              copied.push(`${strategy} ${target.strategy} ${target.orgId}`);
            },
            verify: async () => true,
            drainMs: 0,
          },
          sealer: createSealer(ring),
          migrations: {
            // Files, or a migrator that answers how far it has come.
            get source() {
              return version === null ? { directory } : async () => version ?? "";
            },
            async connect({ orgId }) {
              const client = new pg.Client({ connectionString: database.url });
              await client.connect();
              return { schema: tenantName(orgId), query: pgQuery(client), close: () => client.end() };
            },
          },
        },
      }));
    });
    afterEach(async () => {
      rmSync(directory, { recursive: true });
      await world.close();
      await database.close();
    });

    const placements = (): PlacementStore => storePlacements(world.store);

    async function placed(slugs: readonly string[]): Promise<readonly OrgId[]> {
      const ids: OrgId[] = [];
      for (const slug of slugs) {
        const placement = { strategy: "schema", state: "pending" } as const;
        const { org } = await world.store.createOrg({ creator: world.actor, slug, placement });
        ids.push(org.id);
      }
      return ids;
    }

    test("are provisioned, paused, resumed and taken down", async () => {
      const { session } = world;
      const [one, two, three] = await placed(["one", "two", "three"]);
      expect(await asJson(session, "tenants", "status", "one")).toMatchObject([{ orgId: one, state: "pending" }]);
      expect(await asJson(session, "tenants", "provision", "one")).toMatchObject([{ state: "ready" }]);
      broken.add(two as OrgId);
      const partly = await runIn(session, "tenants", "provision", "--retry", "--json");
      expect([partly.status, partly.out.includes(three as string)]).toEqual([3, true]);
      expect(partly.err).toContain("isolation.provisioning_failed");
      expect(`${partly.out}${partly.err}`).not.toContain(CANARY);
      expect((await runIn(session, "tenants", "provision", "two")).status).toBe(1);
      broken.clear();
      expect(await asJson(session, "tenants", "provision", "--retry")).toMatchObject([{ orgId: two, state: "ready" }]);
      expect(await asJson(session, "tenants", "status")).toHaveLength(3);
      const [paused] = await asJson(session, "tenants", "pause", "one", "--seconds", "60");
      expect(paused.pausedUntil).not.toBeNull();
      expect(await asJson(session, "tenants", "resume", "one")).toMatchObject([{ pausedUntil: null }]);

      const drop = ["tenants", "deprovision", "--policy", "drop", "--tenant", "one,two"];
      for (const given of [[], ["--yes"], ["--yes", "--confirm", "one"], ["--yes", "--confirm", "DROP 3 TENANTS"]]) {
        expect((await runIn(session, ...drop, ...given)).status).toBe(1);
      }
      expect((await asJson(session, "tenants", "status")).map(({ state }) => state)).toEqual([
        "ready",
        "ready",
        "ready",
      ]);
      expect(await asJson(session, ...drop, "--yes", "--confirm", "DROP 2 TENANTS")).toHaveLength(2);
      await asJson(session, "tenants", "deprovision", "three", "--policy", "retain");
      const states = (await asJson(session, "tenants", "status")).map(({ state }) => state);
      expect(states).toEqual(["removed", "removed", "archived"]);
    });

    test("are moved by somebody who means it, and work as before where that fails", async () => {
      const { session, actor, store } = world;
      const [one] = await placed(["one"]);
      await asJson(session, "tenants", "provision", "one");
      const move = ["tenants", "move", "one", "--to", "row", "--policy", "drop"];
      for (const given of [[], ["--yes"], ["--yes", "--confirm", "two"]]) {
        expect((await runIn(session, ...move, ...given)).status).toBe(1);
      }
      isStuck = true;
      const failed = await runIn(session, ...move, "--yes", "--confirm", "one");
      expect([failed.status, failed.err.includes("isolation.move_failed")]).toEqual([1, true]);
      expect(`${failed.out}${failed.err}`).not.toContain(CANARY);
      const state = { strategy: "schema", state: "ready", pausedUntil: null, move: null };
      expect(await asJson(session, "tenants", "status", "one")).toMatchObject([state]);
      isStuck = false;
      const [moved] = await asJson(session, ...move, "--seconds", "60", "--yes", "--confirm", "one");
      expect(moved).toMatchObject({ ...state, orgId: one, strategy: "row" });
      expect(copied).toEqual([`schema row ${one}`]);
      const { data } = await store.listEvents(one as OrgId, { types: ["tenant.moved", "tenant.provisioned"] });
      expect(data.map(({ type, actor: by }) => [type, by])).toEqual([
        ["tenant.provisioned", actor],
        ["tenant.moved", actor],
      ]);
      expect((await runIn(session, "tenants", "move", "one", "--to", "shards", "--policy", "purge")).status).toBe(1);
    });

    test("are migrated: a failure stops its tenant alone, and what is left is done later", async () => {
      const { session } = world;
      const ids = await placed(Array.from({ length: 40 }, (_, place) => `t${place}`));
      await asJson(session, "tenants", "provision", "--retry");
      const schema = tenantName(ids[7] as OrgId);
      await pool.query(`create table ${schema}.notes ()`);
      const migrate = ["tenants", "migrate", "--all"];
      const planned = await asJson(session, ...migrate, "--dry-run");
      expect(new Set(planned.map(({ files }) => files.join()))).toEqual(new Set(["0001.sql"]));
      const first = await runIn(session, ...migrate, "--json");
      expect([first.status, first.out.match(/"outcome":"applied"/g)?.length]).toEqual([3, 39]);
      expect(first.err).toContain("39 applied, 0 up to date, 1 failed, 0 left out");
      await pool.query(`drop table ${schema}.notes`);
      const second = await asJson(session, ...migrate);
      expect(second.filter(({ outcome }) => outcome === "applied")).toMatchObject([{ orgId: ids[7] }]);
      expect(second.filter(({ outcome }) => outcome === "up_to_date")).toHaveLength(39);
      expect(await asJson(session, "tenants", "migrate", "--tenant", "t1")).toHaveLength(1);
    });

    test("Ctrl-C half-way leaves each tenant migrated or as it was", async () => {
      const { session } = world;
      const ids = await placed(Array.from({ length: 12 }, (_, place) => `t${place}`));
      await asJson(session, "tenants", "provision", "--retry");
      const interruption = new AbortController();
      const stopped = await runIn(
        { ...session, signal: interruption.signal, heardErr: (text) => text.includes("3/12") && interruption.abort() },
        ...["tenants", "migrate", "--all", "--json"],
      );
      expect(stopped.status).toBe(130);
      const applied = stopped.out.match(/"outcome":"applied"/g)?.length ?? 0;
      expect(applied).toBeGreaterThanOrEqual(3);
      expect(applied).toBeLessThan(12);
      const { rows } = await pool.query("select count(*)::int as n from pg_class where relname = 'notes'");
      expect(rows).toEqual([{ n: applied }]);
      const rest = await asJson(session, "tenants", "migrate", "--all");
      expect(rest.filter(({ outcome }) => outcome === "applied")).toHaveLength(ids.length - applied);
    });

    describe("are found by the doctor", () => {
      const diagnosed = async (): Promise<readonly (readonly [code: string, severity: string, object: string])[]> =>
        (await asJson(world.session, "doctor")).map(({ code, severity, object }) => [code, severity, object]);

      test("where a place was left half-way, and where nobody is at work on it", async () => {
        const { session, store } = world;
        const ids = await placed(["bad", "cut", "down", "moving", "fresh", "sound", "worked"]);
        const [bad, cut, down, moving, fresh, sound, worked] = ids as [OrgId, OrgId, OrgId, OrgId, OrgId, OrgId, OrgId];
        broken.add(bad);
        for (const slug of ["bad", "down", "moving", "sound"]) {
          await runIn(session, "tenants", "provision", slug);
        }
        expect((await runIn(session, "tenants", "migrate", "--all")).status).toBe(0);
        const patch = async (orgId: OrgId, as: PlacementPatch, isLeft = true): Promise<void> => {
          await placements().lease(orgId, "test", 60);
          expect(await placements().patch(orgId, "test", as)).toBe(true);
          if (isLeft) {
            await placements().release(orgId, "test");
          }
        };
        const begun = { step: null, attempts: 0, until: null, policy: "drop", sealedDsn: null, migratedTo: null };
        await patch(cut, { step: "schema", attempts: 1 });
        await patch(worked, { step: "schema", attempts: 1 }, false);
        await patch(down, { state: "deprovisioning", step: "drop" });
        await patch(moving, { move: { ...begun, strategy: "row", stage: "copy" } });
        const expected = [
          ["isolation.provisioning_failed", "error", `${bad} schema`],
          ["isolation.not_provisioned", "error", `${cut} schema`],
          ["isolation.not_provisioned", "error", `${down} drop`],
          ["isolation.move_failed", "error", `${moving} copy`],
          ["isolation.not_provisioned", "warning", fresh],
        ];
        expect((await diagnosed()).toSorted()).toEqual(expected.toSorted());
        expect((await runIn(session, "doctor")).status).toBe(3);

        await store.revokeOrg(sound);
        expect(await diagnosed()).toEqual(
          expect.arrayContaining([["isolation.not_provisioned", "warning", `${sound} ready`]]),
        );
      });

      test("where their tables are behind, or a file was changed, and nobody's lease is taken for it", async () => {
        const { session } = world;
        const [whole, half, busy] = (await placed(["whole", "half", "busy"])) as [OrgId, OrgId, OrgId];
        await asJson(session, "tenants", "provision", "--retry");
        expect((await runIn(session, "tenants", "migrate", "--all")).status).toBe(0);
        expect(await diagnosed()).toEqual([]);
        expect((await runIn(session, "doctor", "--fail-on", "warning")).status).toBe(0);

        writeFileSync(join(directory, "0002.sql"), "create table more (id int);");
        writeFileSync(join(directory, "0003.sql"), "create table most (id int);");
        await pool.query(`create table ${tenantName(half)}.most ()`);
        await placements().lease(busy, "test", 60);
        const before = await placements().list();
        expect((await diagnosed()).toSorted()).toEqual(
          [whole, half].map((id) => ["isolation.outdated", "warning", `${id} 0002.sql`]).toSorted(),
        );
        expect(await placements().list()).toEqual(before);
        expect((await runIn(session, "tenants", "migrate", "--all")).status).toBe(3);
        expect(await diagnosed()).toEqual([["isolation.outdated", "warning", `${half} 0003.sql`]]);

        writeFileSync(join(directory, "0001.sql"), "create table notes (id bigint);");
        expect((await diagnosed()).toSorted()).toEqual(
          [whole, half].map((id) => ["isolation.migration_changed", "error", `${id} 0001.sql`]).toSorted(),
        );
      });
    });

    test("are found by the doctor where others are further, if only their migrator knows how far one can be", async () => {
      const { session } = world;
      const [first, second] = (await placed(["first", "second"])) as [OrgId, OrgId];
      await asJson(session, "tenants", "provision", "--retry");
      version = "2026-01";
      await asJson(session, "tenants", "migrate", "--all");
      expect(await asJson(session, "doctor")).toEqual([]);
      version = "2026-02";
      await asJson(session, "tenants", "migrate", "--tenant", "second");
      expect(await asJson(session, "doctor")).toMatchObject([
        { code: "isolation.outdated", severity: "warning", object: `${first} 2026-01` },
      ]);
      expect(await asJson(session, "tenants", "status", "second")).toMatchObject([
        { orgId: second, migratedTo: version },
      ]);
    });

    test("have connection strings that are sealed anew, and never shown", async () => {
      const { session } = world;
      const [orgId] = await placed(["one"]);
      const before = createSealer(ring.slice(1));
      const sealedDsn = await before.seal(`postgres://u:${CANARY}@localhost/t`, {
        purpose: DSN_PURPOSE,
        orgId: orgId as OrgId,
      });
      await placements().lease(orgId as OrgId, "test", 60);
      await placements().patch(orgId as OrgId, "test", { sealedDsn });
      expect((await runIn(session, "keys", "rewrap")).status).toBe(4);
      await placements().release(orgId as OrgId, "test");
      expect(await asJson(session, "keys", "rewrap")).toEqual([{ settings: 0, connectionStrings: 1 }]);
      expect(await asJson(session, "keys", "rewrap")).toEqual([{ settings: 0, connectionStrings: 0 }]);
      const shown = await runIn(session, "tenants", "status", "--json");
      expect(JSON.parse(shown.out)).toMatchObject({ hasConnectionString: true });
      expect(shown.out).not.toMatch(/canary|s1\./);
    });
  });
}
