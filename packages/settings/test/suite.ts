import { generate, type OrgId, type Tables, type Tenancy, type TenancyEvent } from "@tenantry/core";
import { createSealer } from "@tenantry/core/seal";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { CachedSettingsProvider } from "../src/cached-provider.ts";
import { defineSettings } from "../src/declaration.ts";
import { rebuilt } from "../src/json-value.ts";
import { storeSettings } from "../src/store-provider.ts";
import { TenantSettings } from "../src/tenant-settings.ts";
import { type AnyEvent, replayed } from "./replay.ts";

// What settings do is the same on every store, so this is run over each.

export interface OpenSettings {
  /** Two stores on the same rows, as in two processes. */
  readonly stores: readonly [Tenancy, Tenancy];
  readonly tables: () => Promise<Tables>;
  /** Everything that is stored, as text. */
  readonly dump: () => Promise<string>;
  /** The invariants that do not hold. */
  readonly broken: () => Promise<readonly unknown[]>;
  readonly close: () => Promise<unknown>;
}

export const CANARY = "canary-3f9a";
const secret = Buffer.alloc(32, 7);
const sealer = createSealer([{ id: "k1", secret }]);

const declared = defineSettings({
  maxUsers: { schema: z.number().nullable(), default: 50 },
  isOpen: { schema: z.boolean(), default: true },
  motto: { schema: z.string().trim() },
  theme: { schema: z.object({ color: z.string(), sizes: z.array(z.number()) }) },
  smtpPassword: { schema: z.string(), secret: true },
});

export function describeSettings(name: string, open: () => Promise<OpenSettings>, runs: number): void {
  describe(`settings on ${name}`, () => {
    let opened: OpenSettings;
    let store: Tenancy;
    let settings: TenantSettings<typeof declared>;
    let other: TenantSettings<typeof declared>;

    beforeAll(async () => {
      opened = await open();
      store = opened.stores[0];
      settings = new TenantSettings(storeSettings(store), declared, { sealer });
      other = new TenantSettings(storeSettings(opened.stores[1]), declared, { sealer });
    });
    afterAll(async () => {
      expect(await opened.broken()).toEqual([]);
      await opened.close();
    });

    const founded = async (): Promise<OrgId> => (await store.createOrg(generate("usr"))).org.id;
    const events = async (orgId: OrgId): Promise<readonly TenancyEvent[]> =>
      (await store.listEvents(orgId)).data.slice(1);
    const refused = (code: string, details: object = {}): object => ({ code, details });

    test("what is present counts, not what is truthy, and after unset the default does", async () => {
      const orgId = await founded();
      expect(await settings.get(orgId, "maxUsers")).toBe(50);
      for (const value of [100, 0, null]) {
        await settings.set(orgId, "maxUsers", value);
        expect(await settings.get(orgId, "maxUsers")).toBe(value);
        expect(await settings.effective(orgId)).toMatchObject({ values: { maxUsers: value } });
      }
      await settings.set(orgId, "isOpen", false);
      await settings.set(orgId, "motto", "");
      expect([await settings.get(orgId, "isOpen"), await settings.get(orgId, "motto")]).toEqual([false, ""]);
      for (const key of ["maxUsers", "isOpen", "motto"] as const) {
        await settings.unset(orgId, key);
      }
      expect([await settings.get(orgId, "maxUsers"), await settings.get(orgId, "isOpen")]).toEqual([50, true]);
      expect(await settings.get(orgId, "motto")).toBeUndefined();
      expect({ ...(await settings.getAll(orgId)) }).toEqual({});
    });

    test("what the schema makes of a value is stored", async () => {
      const orgId = await founded();
      const actor = generate("usr");
      expect(await settings.set(orgId, "motto", "  onwards ", { actor })).toMatchObject({
        ...{ key: "motto", value: "onwards", seq: 2, updatedAt: expect.any(Date), updatedBy: actor },
      });
      expect(await settings.get(orgId, "motto")).toBe("onwards");
      expect(await events(orgId)).toMatchObject([
        { seq: 2, type: "setting.changed", actor, data: { key: "motto", from: null, to: { value: "onwards" } } },
      ]);
      expect((await opened.tables()).setting?.filter((row) => row.orgId === orgId)).toMatchObject([
        { key: "motto", isSealed: false, seq: 2, bytes: 9, updatedBy: actor },
      ]);
    });

    test("several are one commit and one event, and nothing of it is there where one is refused", async () => {
      const orgId = await founded();
      const theme = { sizes: [1, 2.5, 1e21], color: "red" };
      expect(await settings.setMany(orgId, { theme, maxUsers: 3 })).toMatchObject([
        { key: "maxUsers", value: 3, seq: 2 },
        { key: "theme", value: theme, seq: 2 },
      ]);
      const [event, ...none] = await events(orgId);
      expect(none).toEqual([]);
      expect(event?.data).toEqual({
        ...{ key: "maxUsers", from: null, to: { value: 3 } },
        also: [{ key: "theme", from: null, to: { value: theme } }],
      });
      const before = await settings.effective(orgId);
      await expect(settings.setMany(orgId, { maxUsers: 4, motto: 1 as never })).rejects.toMatchObject(
        refused("settings.invalid_value", { key: "motto", reason: "schema" }),
      );
      expect(await settings.effective(orgId)).toEqual(before);
    });

    test("an organization that is founded with some has them in the same commit, secrets sealed for it", async () => {
      const creator = generate("usr");
      const found = async (maxUsers: number, options: object) => {
        const prepared = await settings.prepare({ maxUsers, smtpPassword: CANARY });
        expect(prepared.founding(opened.stores[1])).toBeNull();
        return await prepared.founding(store)?.(
          { creator, slug: `founded-${name.toLowerCase().replace(/\W/g, "-")}` },
          options,
        );
      };
      const founding = await found(7, { idempotencyKey: "founding" });
      const orgId = founding?.org.id as OrgId;
      expect(await store.getOrg(orgId)).toEqual({ ...founding?.org, version: 2 });
      expect((await store.listEvents(orgId)).data).toMatchObject([
        { type: "org.created", actor: creator, idempotencyKey: "founding" },
        {
          ...{ type: "setting.changed", actor: creator, idempotencyKey: "founding" },
          data: { key: "maxUsers", from: null, to: { value: 7 }, also: [{ key: "smtpPassword", to: "[redacted]" }] },
        },
      ]);
      expect([await other.get(orgId, "maxUsers"), await other.get(orgId, "smtpPassword")]).toEqual([7, CANARY]);
      expect((await opened.tables()).setting?.filter((row) => row.orgId === orgId)).toMatchObject([
        { key: "maxUsers", seq: 2, updatedBy: creator },
        { key: "smtpPassword", isSealed: true, seq: 2, updatedBy: creator },
      ]);
      expect(await found(7, { idempotencyKey: "founding" })).toEqual(founding);
      await expect(found(8, { idempotencyKey: "founding" })).rejects.toMatchObject(
        refused("conflict.idempotency", { reason: "mismatch" }),
      );
      const before = await opened.dump();
      await expect(found(7, {})).rejects.toMatchObject(refused("conflict.org_slug"));
      expect(await opened.dump()).toBe(before);
    });

    test("an equal value writes nothing, in whatever order its keys are", async () => {
      const orgId = await founded();
      const first = await settings.set(orgId, "theme", { color: "red", sizes: [] });
      expect(await settings.set(orgId, "theme", { sizes: [], color: "red" })).toEqual(first);
      await settings.set(orgId, "smtpPassword", CANARY);
      await settings.set(orgId, "smtpPassword", CANARY);
      await settings.unset(orgId, "motto");
      await settings.setMany(orgId, {});
      expect(await events(orgId)).toHaveLength(2);
      expect((await store.getOrg(orgId)).version).toBe(3);
    });

    test("effective is one instant, with its version; nothing reaches into it, and it leaves the defaults alone", async () => {
      const orgId = await founded();
      await settings.set(orgId, "theme", { color: "red", sizes: [1] });
      const effective = await settings.effective(orgId);
      await settings.set(orgId, "maxUsers", 1);
      expect(effective).toMatchObject({ orgId, version: 2, values: { maxUsers: 50, theme: { color: "red" } } });
      for (const part of [effective, effective.values, effective.values.theme, effective.values.theme?.sizes]) {
        expect(Object.isFrozen(part)).toBe(true);
      }
      expect(Object.getPrototypeOf(effective.values)).toBeNull();
      expect((await settings.effective(orgId)).version).toBe(3);
      expect(await settings.get(await founded(), "maxUsers")).toBe(50);
    });

    test("two who expect one version: one is told that it is not that any more", async () => {
      const orgId = await founded();
      const options = { expectedVersion: 1 };
      const calls = [settings.set(orgId, "maxUsers", 1, options), other.set(orgId, "motto", "a", options)];
      const outcomes = await Promise.allSettled(calls);
      const [lost, ...none] = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      expect([lost, none]).toMatchObject([refused("conflict.version", { expected: 1, actual: 2 }), []]);
      expect(await events(orgId)).toHaveLength(1);
    });

    test("a key answers what it stands for, also where that is a secret", async () => {
      const orgId = await founded();
      const options = { idempotencyKey: "once" };
      const first = await settings.set(orgId, "maxUsers", 1, options);
      await settings.set(orgId, "maxUsers", 2);
      expect(await settings.set(orgId, "maxUsers", 1, options)).toEqual(first);
      expect(await settings.get(orgId, "maxUsers")).toBe(2);
      const mismatch = refused("conflict.idempotency", { reason: "mismatch" });
      await expect(settings.set(orgId, "maxUsers", 3, options)).rejects.toMatchObject(mismatch);
      await expect(settings.unset(orgId, "maxUsers", options)).rejects.toMatchObject(mismatch);
      const sealing = { idempotencyKey: "sealing" };
      const sealed = await settings.set(orgId, "smtpPassword", CANARY, sealing);
      await settings.set(orgId, "smtpPassword", "another");
      expect(await settings.set(orgId, "smtpPassword", CANARY, sealing)).toEqual(sealed);
      await expect(settings.set(orgId, "smtpPassword", "a third", sealing)).rejects.toMatchObject(mismatch);
      expect(await settings.get(orgId, "smtpPassword")).toBe("another");
    });

    test("nothing is set in an organization that is revoked or unknown, and what it has can be read", async () => {
      const orgId = await founded();
      await settings.set(orgId, "maxUsers", 1);
      await store.suspendOrg(orgId);
      await settings.set(orgId, "maxUsers", 2);
      await store.revokeOrg(orgId);
      const terminal = refused("conflict.already_terminal", { orgId, status: "revoked" });
      await expect(settings.set(orgId, "maxUsers", 2)).rejects.toMatchObject(terminal);
      await expect(settings.unset(orgId, "maxUsers")).rejects.toMatchObject(terminal);
      expect(await settings.get(orgId, "maxUsers")).toBe(2);
      const nobody = generate("org");
      const unknown = refused("not_found", { what: "organization", id: nobody });
      await expect(settings.get(nobody, "maxUsers")).rejects.toMatchObject(unknown);
      await expect(settings.set(nobody, "maxUsers", 1)).rejects.toMatchObject(unknown);
      await expect(settings.unset(nobody, "maxUsers")).rejects.toMatchObject(unknown);
    });

    test("a secret is opened by get alone, and is nowhere else", async () => {
      expect([settings.isSecret("smtpPassword"), settings.isSecret("motto"), settings.isSecret("none")]).toEqual([
        ...[true, false, false],
      ]);
      const orgId = await founded();
      const heard: unknown[] = [];
      const end = store.subscribe((event) => heard.push(event));
      const answers = [
        await settings.set(orgId, "smtpPassword", CANARY),
        await settings.setMany(orgId, { smtpPassword: `${CANARY}!`, maxUsers: 3 }, { idempotencyKey: "k" }),
        await settings.getAll(orgId),
        await settings.effective(orgId),
        await settings.check(orgId),
        await events(orgId),
      ];
      end();
      expect(await settings.get(orgId, "smtpPassword")).toBe(`${CANARY}!`);
      expect(answers[0]).toMatchObject({ value: "[redacted]" });
      expect(answers[2]).toMatchObject({ smtpPassword: "[redacted]", maxUsers: 3 });
      expect(answers[3]).toMatchObject({ values: { smtpPassword: "[redacted]" } });
      expect(heard).toHaveLength(2);
      const everything = JSON.stringify([answers, heard, await opened.tables()]) + (await opened.dump());
      expect(everything).not.toContain(CANARY);
      // The dump has them, in another form.
      expect(await opened.dump()).toContain("s1.k1.");
    });

    test("a secret that was moved to another organization or key does not open", async () => {
      const [orgId, elsewhere] = [await founded(), await founded()];
      await settings.set(orgId, "smtpPassword", CANARY);
      const provider = storeSettings(store);
      const [kept] = (await provider.load(orgId)).settings;
      await provider.change(elsewhere, { set: [{ ...(kept as NonNullable<typeof kept>), audit: "none" }] });
      await expect(settings.get(elsewhere, "smtpPassword")).rejects.toMatchObject({ code: "isolation.seal_broken" });
      expect(await settings.check(elsewhere)).toEqual([{ key: "smtpPassword", code: "isolation.seal_broken" }]);
    });

    test("who listens in this process hears whole values, the events have digests of long ones", async () => {
      const orgId = await founded();
      const heard: unknown[] = [];
      const end = store.subscribe(({ data }) => heard.push(data), { types: ["setting.changed"] });
      await settings.set(orgId, "motto", "x".repeat(2_000));
      end();
      expect(heard).toEqual([{ key: "motto", from: null, to: { value: "x".repeat(2_000) } }]);
      expect(await events(orgId)).toMatchObject([
        { data: { key: "motto", from: null, to: { bytes: 2_002, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } } },
      ]);
    });

    test("keys that mean something to objects are plain data", async () => {
      const orgId = await founded();
      const open = new TenantSettings(storeSettings(store), declared, { openKeys: true, sealer });
      const before = Object.getOwnPropertyNames(Object.prototype);
      for (const key of ["toString", "valueOf", "hasOwnProperty", "__defineGetter__".slice(2, 9)]) {
        expect(await open.get(orgId, key)).toBeUndefined();
        await open.set(orgId, key, { toString: key, prototype: { polluted: true } });
        expect(await open.get(orgId, key)).toEqual({ toString: key, prototype: { polluted: true } });
      }
      for (const key of ["__proto__", "constructor", "a.__proto__"]) {
        await expect(open.set(orgId, key, 1)).rejects.toMatchObject(refused("settings.invalid_key"));
        await expect(open.get(orgId, key)).rejects.toMatchObject(refused("settings.invalid_key"));
      }
      const hostile = JSON.parse('{"__proto__": 1}');
      await expect(open.setMany(orgId, hostile)).rejects.toMatchObject(refused("settings.invalid_key"));
      await expect(open.set(orgId, "a", hostile)).rejects.toMatchObject({ code: "settings.invalid_value" });
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    test("an organization has 200 keys, and no more however many are set at once", async () => {
      const orgId = await founded();
      const open = [storeSettings(store), storeSettings(opened.stores[1])].map(
        (provider) => new TenantSettings(provider, {}, { openKeys: true }),
      ) as [TenantSettings<Record<never, never>, true>, TenantSettings<Record<never, never>, true>];
      const keys = Array.from({ length: 199 }, (_, number) => [`k${number}`, number] as const);
      await open[0].setMany(orgId, Object.fromEntries(keys));
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, (_, number) => (open[number % 2] as (typeof open)[0]).set(orgId, `more${number}`, 1)),
      );
      const lost = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      expect(lost).toHaveLength(5);
      for (const error of lost) {
        expect(error).toMatchObject(refused("settings.too_large", { key: null, what: "keys", limit: 200 }));
      }
      expect(Object.keys(await open[0].getAll(orgId))).toHaveLength(200);
      await open[0].set(orgId, "k0", "another");
      await open[0].unset(orgId, "k1");
      await open[0].set(orgId, "last", 1);
    });

    test("an organization has a megabyte, to the byte", async () => {
      const orgId = await founded();
      const open = new TenantSettings(storeSettings(store), {}, { openKeys: true });
      const text = (bytes: number): string => "x".repeat(bytes - 2);
      const many = Array.from({ length: 15 }, (_, number) => [`k${number}`, text(65_536)] as const);
      await open.setMany(orgId, Object.fromEntries(many));
      await open.set(orgId, "almost", text(65_535));
      await open.set(orgId, "digit", 1);
      await expect(open.set(orgId, "digit", 12)).rejects.toMatchObject(
        refused("settings.too_large", { key: null, what: "total", limit: 1_048_576 }),
      );
      await expect(open.set(orgId, "huge", text(65_537))).rejects.toMatchObject(
        refused("settings.too_large", { key: "huge", what: "bytes", limit: 65_536 }),
      );
      expect((await open.get(orgId, "k3")) === text(65_536)).toBe(true);
    });

    test("two organizations have nothing in common, cached or not, and the events tell all of it", async () => {
      const cache = new CachedSettingsProvider(storeSettings(store));
      const plain = new TenantSettings(storeSettings(store), {}, { openKeys: true });
      const cached = new TenantSettings(cache, {}, { openKeys: true });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const orgs = [await founded(), await founded()] as const;
          const model = [new Map<string, unknown>(), new Map<string, unknown>()] as const;
          for (const { inFirst, key, value } of steps) {
            const which = inFirst ? 0 : 1;
            const through = key.length % 2 === 0 ? plain : cached;
            if (value === undefined) {
              await through.unset(orgs[which], key);
              model[which].delete(key);
            } else {
              await through.set(orgs[which], key, value as never);
              model[which].set(key, value);
            }
            expect(await cached.get(orgs[which], key)).toEqual(value);
          }
          for (const which of [0, 1] as const) {
            const expected = Object.fromEntries(model[which]);
            expect({ ...(await plain.getAll(orgs[which])) }).toEqual(expected);
            expect({ ...(await cached.getAll(orgs[which])) }).toEqual(expected);
            const { data } = await store.listEvents(orgs[which], { types: ["setting.changed", "setting.unset"] });
            expect(replayed(data as readonly AnyEvent[])).toEqual(model[which]);
          }
        }),
        { numRuns: runs, endOnFailure: true },
      );
      cache.close();
    });
  });
}

interface Step {
  readonly inFirst: boolean;
  readonly key: string;
  readonly value: unknown;
}

/** Short enough that the events have it whole. */
const value = fc.jsonValue({ maxDepth: 3 }).filter((any) => {
  try {
    return rebuilt(any).bytes <= 1_024;
  } catch {
    return false;
  }
});
const step: fc.Arbitrary<Step> = fc.record({
  inFirst: fc.boolean(),
  key: fc.constantFrom("a", "bb", "a.b", "toString", "b-", "A"),
  value: fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(undefined) }),
});
