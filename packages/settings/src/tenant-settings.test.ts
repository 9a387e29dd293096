import { inspect } from "node:util";
import { generate, type OrgId } from "@tenantry/core";
import { createSealer } from "@tenantry/core/seal";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineSettings } from "./declaration.ts";
import type { SettingsProvider } from "./provider.ts";
import { storeSettings } from "./store-provider.ts";
import { type SettingsOptions, TenantSettings } from "./tenant-settings.ts";

const CANARY = "canary-71d0";
const key = (fill: number, id = "k1") => ({ id, secret: new Uint8Array(32).fill(fill) });
const sealer = createSealer([key(1)]);

let store: InMemoryTenancyStore;
let orgId: OrgId;
beforeEach(async () => {
  store = new InMemoryTenancyStore({ groups: ["settings"] });
  orgId = (await store.createOrg(generate("usr"))).org.id;
});
/** What is thrown, whatever it is. */
const thrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );
const code = async (promise: Promise<unknown>): Promise<unknown> =>
  ((await thrown(promise)) as { code?: unknown }).code;

describe("what may be set", () => {
  const declared = defineSettings({ size: { schema: z.number().max(9), default: 1 }, any: { schema: z.any() } });

  test("each check comes before the next", async () => {
    const settings = new TenantSettings(storeSettings(store), declared);
    const set = (...[name, value, org = orgId, options]: readonly unknown[]): Promise<unknown> =>
      code(settings.set(org as OrgId, name as "size", value as number, options as object));
    const nowhere = generate("org");
    const long = "x".repeat(70_000);
    expect(await set("a b", undefined)).toBe("settings.invalid_key");
    expect(await set("other", [long, undefined])).toBe("settings.invalid_value");
    expect(await set("other", long)).toBe("settings.too_large");
    expect(await set("other", 1)).toBe("settings.unknown_key");
    expect(await set("size", 10, "acme")).toBe("settings.invalid_value");
    expect(await set("size", 9, "acme")).toBe("invalid_id");
    expect(await set("size", 9, nowhere, { actor: "usr" })).toBe("invalid_id");
    expect(await set("size", 9, nowhere)).toBe("not_found");
    await store.revokeOrg(orgId);
    expect(await set("size", 9, orgId, { expectedVersion: 1 })).toBe("conflict.version");
    expect(await set("size", 9)).toBe("conflict.already_terminal");
  });

  test("errors say where, and show no value", async () => {
    const settings = new TenantSettings(
      storeSettings(store),
      defineSettings({ a: { schema: z.object({ b: z.array(z.number()) }) } }),
    );
    const error = await thrown(settings.set(orgId, "a", { b: [1, CANARY as never] }));
    expect(error).toMatchObject({
      name: "SettingsError",
      code: "settings.invalid_value",
      details: { key: "a", reason: "schema", path: "b[1]" },
      issues: [expect.anything()],
    });
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain(CANARY);
    expect(await thrown(settings.set(orgId, "a", { b: [1, 2n as never] }))).toMatchObject({
      details: { key: "a", reason: "json", path: "b[1]" },
    });
  });

  test("undefined is no value, and what the schema answers must be JSON, too", async () => {
    const odd = defineSettings({
      when: { schema: z.string().transform((text) => new Date(text)) },
      long: { schema: z.string().transform((text) => text.repeat(70_000)) },
      some: { schema: z.string().optional() },
    });
    const settings = new TenantSettings(storeSettings(store), odd);
    expect(await code(settings.set(orgId, "some", undefined))).toBe("settings.invalid_value");
    expect(await code(settings.setMany(orgId, { some: undefined }))).toBe("settings.invalid_value");
    expect(await thrown(settings.set(orgId, "when", "2030-01-01"))).toMatchObject({ details: { reason: "json" } });
    expect(await thrown(settings.set(orgId, "long", "x"))).toMatchObject({ details: { key: "long", what: "bytes" } });
  });

  test("a schema may answer later, and gets a copy that it may change", async () => {
    const seen: unknown[] = [];
    const later = {
      "~standard": {
        ...{ version: 1 as const, vendor: "test" },
        async validate(value: unknown) {
          seen.push(Object.getPrototypeOf(value));
          (value as { a: number }).a += 1;
          return { value };
        },
      },
    };
    const settings = new TenantSettings(storeSettings(store), { x: { schema: later } });
    const given = { a: 1 };
    await settings.set(orgId, "x", given);
    expect([given, await settings.getAll(orgId)]).toEqual([{ a: 1 }, { x: { a: 3 } }]);
    expect(seen).toEqual([Object.prototype, Object.prototype]);
  });

  test.each<readonly [what: string, validate: () => unknown]>([
    [
      "throws",
      () => {
        throw new Error(CANARY);
      },
    ],
    ["rejects", () => Promise.reject(new Error(CANARY))],
    ["answers nothing", () => null],
  ])("a schema that %s is a defect, which quotes nothing", async (_, validate) => {
    const schema = { "~standard": { version: 1, vendor: "test", validate } };
    const settings = new TenantSettings(storeSettings(store), { x: { schema } } as never);
    const error = await thrown(settings.set(orgId, "x" as never, CANARY as never));
    expect(error).toMatchObject({ code: "internal.unexpected" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(CANARY);
  });

  test("several keys are checked like one, and no more than there may be are looked at", async () => {
    const settings = new TenantSettings(storeSettings(store), declared);
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, number) => [`k${number}`, 1]));
    expect(await thrown(settings.setMany(orgId, many))).toMatchObject({
      code: "settings.too_large",
      details: { key: null, what: "keys", limit: 200 },
    });
    expect(await code(settings.setMany(orgId, { [Symbol("a")]: 1 } as never))).toBe("settings.invalid_key");
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const values of [null, 1, undefined, proxy]) {
      expect(await code(settings.setMany(orgId, values as never))).toBe("precondition.invalid_input");
    }
    const trap = {
      get size(): number {
        throw new Error(CANARY);
      },
    };
    expect(await code(settings.setMany(orgId, trap))).toBe("settings.invalid_value");
  });
});

describe("what is read", () => {
  test("only what is declared, unless others are admitted", async () => {
    const closed = new TenantSettings(storeSettings(store), defineSettings({ a: { schema: z.number() } }));
    const open = new TenantSettings(storeSettings(store), defineSettings({ a: { schema: z.number() } }), {
      openKeys: true,
    });
    await open.set(orgId, "b", { c: [1] });
    expect(await code(closed.get(orgId, "b" as "a"))).toBe("settings.unknown_key");
    expect(await code(closed.get(orgId, "b c" as "a"))).toBe("settings.invalid_key");
    expect([{ ...(await closed.getAll(orgId)) }, { ...(await open.getAll(orgId)) }]).toEqual([{}, { b: { c: [1] } }]);
    expect(await open.get(orgId, "b")).toEqual({ c: [1] });
    expect(await closed.check(orgId)).toEqual([{ key: "b", code: "settings.unknown_key" }]);
    // What nobody declares any more can still be removed.
    await closed.unset(orgId, "b" as "a");
    expect(await closed.check(orgId)).toEqual([]);
  });

  test("what is not valid any more is an error that names it, or the default", async () => {
    const before = new TenantSettings(storeSettings(store), defineSettings({ size: { schema: z.number() } }));
    await before.set(orgId, "size", 100);
    const declared = defineSettings({ size: { schema: z.number().max(9), default: 1 } });
    const strict = new TenantSettings(storeSettings(store), declared);
    const refused = { code: "settings.stored_invalid", details: { key: "size" } };
    await expect(strict.get(orgId, "size")).rejects.toMatchObject(refused);
    await expect(strict.getAll(orgId)).rejects.toMatchObject(refused);
    await expect(strict.effective(orgId)).rejects.toMatchObject(refused);
    expect(await strict.check(orgId)).toEqual([{ key: "size", code: "settings.stored_invalid" }]);
    const told: unknown[] = [];
    const lenient = new TenantSettings(storeSettings(store), declared, {
      onInvalid: "default",
      report(...of) {
        told.push(of);
        if (told.length === 1) {
          return Promise.reject(new Error("nor is one that fails later")) as never;
        }
        throw new Error("a report that fails is nobody's answer");
      },
    });
    expect(await lenient.get(orgId, "size")).toBe(1);
    expect({ ...(await lenient.getAll(orgId)) }).toEqual({});
    expect(await lenient.effective(orgId)).toMatchObject({ values: { size: 1 } });
    expect(told).toMatchObject([
      [refused, orgId],
      [refused, orgId],
      [refused, orgId],
    ]);
  });

  test("what the schema makes of what is stored, so that it may grow", async () => {
    const before = new TenantSettings(
      storeSettings(store),
      defineSettings({ a: { schema: z.object({ b: z.number() }) } }),
    );
    await before.set(orgId, "a", { b: 1 });
    const grown = z.object({ b: z.number(), c: z.number().default(2) });
    const settings = new TenantSettings(storeSettings(store), { a: { schema: grown } });
    expect(await settings.get(orgId, "a")).toEqual({ b: 1, c: 2 });
  });
});

test("how to read is an object that says so, or nothing", async () => {
  const settings = new TenantSettings(storeSettings(store), defineSettings({ a: { schema: z.number(), default: 1 } }));
  const { proxy: gone, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const options of [null, 7, gone, { fresh: "yes" }, { stale: true }]) {
    await expect(settings.get(orgId, "a", options as never)).rejects.toMatchObject({
      code: "precondition.invalid_input",
    });
  }
  expect(await settings.get(orgId, "a", { fresh: true })).toBe(1);
});

describe("secrets", () => {
  const declared = defineSettings({ password: { schema: z.object({ p: z.string().min(9) }), secret: true } });
  const settings = (): TenantSettings<typeof declared> =>
    new TenantSettings(storeSettings(store), declared, { sealer });

  test("tell nothing where they are refused", async () => {
    for (const value of [{ p: "short" }, { p: [CANARY] }, { p: () => CANARY }, { [CANARY]: 1n }]) {
      const error = await thrown(settings().set(orgId, "password", value as never));
      expect(error).toMatchObject({ code: "settings.invalid_value", details: { key: "password", path: null } });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(CANARY);
      expect(error).not.toHaveProperty("issues");
    }
  });

  test("set again are sealed anew only if they differ", async () => {
    const sealed = (): unknown => store.tables().setting?.[0]?.json;
    await settings().set(orgId, "password", { p: "123456789" });
    const first = sealed();
    await settings().set(orgId, "password", { p: "123456789" });
    expect(sealed()).toBe(first);
    await settings().set(orgId, "password", { p: "1234567890" });
    expect(sealed()).not.toBe(first);
  });

  test("whose key is gone are an error, and may be set anew", async () => {
    await settings().set(orgId, "password", { p: "123456789" });
    const other = new TenantSettings(storeSettings(store), declared, { sealer: createSealer([key(2, "k2")]) });
    expect(await code(other.get(orgId, "password"))).toBe("isolation.key_unknown");
    expect(await other.check(orgId)).toEqual([{ key: "password", code: "isolation.key_unknown" }]);
    await other.set(orgId, "password", { p: "123456789" });
    expect(await other.get(orgId, "password")).toEqual({ p: "123456789" });
  });

  test("sealed anew with the first key stay what they are", async () => {
    await settings().set(orgId, "password", { p: "123456789" });
    const ring = createSealer([key(2, "k2"), key(1)]);
    const turned = new TenantSettings(storeSettings(store), declared, { sealer: ring });
    expect([await turned.rewrap(orgId), await turned.rewrap(orgId)]).toEqual([1, 0]);
    expect(store.tables().setting?.[0]?.json).toContain("s1.k2.");
    const later = new TenantSettings(storeSettings(store), declared, { sealer: createSealer([key(2, "k2")]) });
    expect(await later.get(orgId, "password")).toEqual({ p: "123456789" });
  });

  test("changed while they are sealed anew are not put back", async () => {
    await settings().set(orgId, "password", { p: "123456789" });
    const inner = storeSettings(store);
    const ring = createSealer([key(2, "k2"), key(1)]);
    const overtaken: SettingsProvider = {
      ...inner,
      async load(id) {
        const snapshot = await inner.load(id);
        await settings().set(orgId, "password", { p: "1234567890" });
        return snapshot;
      },
    };
    expect(await code(new TenantSettings(overtaken, declared, { sealer: ring }).rewrap(orgId))).toBe(
      "conflict.version",
    );
    expect(await settings().get(orgId, "password")).toEqual({ p: "1234567890" });
  });

  test("that were stored in the clear before are shown by get alone, and sealed by rewrap", async () => {
    const open = defineSettings({ password: { schema: z.object({ p: z.string() }) } });
    await new TenantSettings(storeSettings(store), open).set(orgId, "password", { p: CANARY });
    expect(await settings().getAll(orgId)).toEqual({ password: "[redacted]" });
    expect(await settings().get(orgId, "password")).toEqual({ p: CANARY });
    expect(await settings().rewrap(orgId)).toBe(1);
    expect(store.tables().setting).toMatchObject([{ isSealed: true }]);
    expect(await settings().get(orgId, "password")).toEqual({ p: CANARY });
    // Declared as no secret again, it is one as long as it is sealed.
    const again = new TenantSettings(storeSettings(store), open, { sealer });
    expect(await again.getAll(orgId)).toEqual({ password: "[redacted]" });
    const unsealing = new TenantSettings(storeSettings(store), open);
    expect(await code(unsealing.get(orgId, "password"))).toBe("config.invalid");
  });
});

describe("what is made wrong", () => {
  test.each<readonly [path: string, options: unknown]>([
    ["settings.sealer", {}],
    ["settings.sealer", { sealer: { seal: 1 } }],
    ["settings.openKeys", { sealer, openKeys: 1 }],
    ["settings.onInvalid", { sealer, onInvalid: "throw" }],
    ["settings.report", { sealer, report: 1 }],
    ["settings", { sealer, open: true }],
  ])("%s: %j", (path, options) => {
    const declared = defineSettings({ p: { schema: z.string(), secret: true } });
    const build = (): unknown => new TenantSettings(storeSettings(store), declared, options as SettingsOptions<false>);
    expect(build).toThrow(
      expect.objectContaining({
        code: "config.invalid",
        details: { faults: [{ path, expected: expect.any(String) }] },
      }),
    );
  });

  test("a store that keeps no settings, and what is no store", () => {
    expect(() => storeSettings(new InMemoryTenancyStore())).toThrow(
      expect.objectContaining({ code: "config.capability_missing", details: { group: "settings" } }),
    );
    expect(() => storeSettings({ subscribe: () => () => {} })).toThrow(
      expect.objectContaining({ code: "config.invalid" }),
    );
  });
});
