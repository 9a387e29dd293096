import { createSealer } from "@tenantry/core/seal";
import { defineSettings, storeSettings, TenantSettings } from "@tenantry/settings";
import * as v from "valibot";
import { afterEach, describe, expect, test } from "vitest";
import { asJson, runIn } from "../session.ts";
import type { OpenWorld, World } from "../worlds.ts";

const CANARY = "canary-7d41";
const sealer = createSealer([{ id: "k1", secret: Buffer.alloc(32, 7) }]);
const declared = defineSettings({
  maxUsers: { schema: v.number(), default: 50 },
  theme: { schema: v.picklist(["light", "dark"]), default: "light" },
  smtpPassword: { schema: v.string(), secret: true },
});

export function describeSettings(name: string, open: OpenWorld): void {
  describe(`settings on ${name}`, () => {
    let world: World;
    afterEach(() => world.close());

    test("are set, shown, unset and checked", async () => {
      world = await open((store) => ({ settings: new TenantSettings(storeSettings(store), declared, { sealer }) }));
      const { session, store, actor } = world;
      const { org } = await store.createOrg({ creator: actor, slug: "acme" });
      expect(await asJson(session, "settings", "set", "acme", "maxUsers", "0")).toMatchObject([
        { key: "maxUsers", value: 0, updatedBy: actor },
      ]);
      expect(await asJson({ ...session, piped: '"dark"\n' }, "settings", "set", "acme", "theme")).toMatchObject([
        { value: "dark" },
      ]);
      expect(await asJson(session, "settings", "get", "acme")).toMatchObject([
        { orgId: org.id, values: { maxUsers: 0, theme: "dark" }, own: ["maxUsers", "theme"] },
      ]);
      // A mark in front is no part of the value, and bytes that are no text are none.
      const marked = { ...session, piped: '\ufeff"light"' };
      expect(await asJson(marked, "settings", "set", "acme", "theme")).toMatchObject([{ value: "light" }]);
      const broken = { ...session, piped: Uint8Array.of(0x22, 0xe9, 0x22) };
      expect(await runIn(broken, "settings", "set", "acme", "smtpPassword")).toMatchObject({ status: 2, out: "" });
      await asJson({ ...session, piped: '"dark"' }, "settings", "set", "acme", "theme");
      await asJson(session, "settings", "unset", "acme", "maxUsers");
      expect(await asJson(session, "settings", "get", "acme", "maxUsers")).toMatchObject([
        { values: { maxUsers: 50 }, own: [] },
      ]);
      expect(await asJson(session, "settings", "get", "acme", "smtpPassword")).toMatchObject([{ values: {}, own: [] }]);
      expect((await runIn(session, "settings", "get", "acme", "nothing")).err).toMatch(
        /^tenantry: settings\.unknown_key: /,
      );
      const earlier = defineSettings({ theme: { schema: v.string() }, old: { schema: v.number() } });
      const before = new TenantSettings(storeSettings(store), earlier);
      await before.setMany(org.id, { theme: "plaid", old: 1 });
      const findings = await runIn(session, "settings", "check");
      expect(findings.status).toBe(3);
      expect(await asJson(session, "settings", "check", "acme")).toEqual([
        { orgId: org.id, key: "old", code: "settings.unknown_key" },
        { orgId: org.id, key: "theme", code: "settings.stored_invalid" },
      ]);
    });

    test("secrets come from standard input, and are never shown", async () => {
      world = await open((store) => ({ settings: new TenantSettings(storeSettings(store), declared, { sealer }) }));
      const { session, store, actor } = world;
      const { org } = await store.createOrg({ creator: actor, slug: "acme" });
      const refused = await runIn(session, "settings", "set", "acme", "smtpPassword", JSON.stringify(CANARY));
      expect(refused.status).toBe(2);
      expect((await store.getOrg(org.id)).version).toBe(1);
      const piped = { ...session, piped: JSON.stringify(CANARY) };
      const said = [
        refused,
        await runIn(piped, "settings", "set", "acme", "smtpPassword"),
        await runIn({ ...session, piped: CANARY }, "settings", "set", "acme", "smtpPassword"),
        await runIn(session, "settings", "set", "acme", "theme", JSON.stringify(CANARY)),
        await runIn(session, "settings", "get", "acme"),
        await runIn(session, "settings", "get", "acme", "smtpPassword", "--json"),
        await runIn(session, "settings", "check"),
        await runIn(session, "events", "tail", "--json"),
      ];
      expect(said.map(({ status }) => status)).toEqual([2, 0, 2, 1, 0, 0, 0, 0]);
      expect(said.map(({ out, err }) => `${out}${err}`).join("")).not.toContain(CANARY);
      expect(said[5]?.out).toContain("[redacted]");
    });
  });
}
