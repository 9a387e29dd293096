import type { JsonValue, OrgId } from "@tenantry/core";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineSettings, type Effective, type Overrides, type SettingsProvider, TenantSettings } from "../src/index.ts";

declare const provider: SettingsProvider;
declare const orgId: OrgId;

const declared = defineSettings({
  maxUsers: { schema: z.number(), default: 50 },
  theme: { schema: z.enum(["light", "dark"]), default: "light" },
  motto: { schema: z.string().transform((text) => [text]) },
  smtpPassword: { schema: z.string(), secret: true },
});
const settings = new TenantSettings(provider, declared);

test("a key tells the type of its value; undefined only where there is no default", () => {
  expectTypeOf(settings.get(orgId, "maxUsers")).resolves.toEqualTypeOf<number>();
  expectTypeOf(settings.get(orgId, "theme")).resolves.toEqualTypeOf<"light" | "dark">();
  expectTypeOf(settings.get(orgId, "motto")).resolves.toEqualTypeOf<string[] | undefined>();
  expectTypeOf(settings.get(orgId, "smtpPassword")).resolves.toEqualTypeOf<string | undefined>();
  // @ts-expect-error nobody declared it
  void settings.get(orgId, "other");
});

test("what is set is what the schema takes", () => {
  void settings.set(orgId, "motto", "text");
  void settings.setMany(orgId, { maxUsers: 1, theme: "dark" });
  // @ts-expect-error what it makes of that is not what it takes
  void settings.set(orgId, "motto", ["text"]);
  // @ts-expect-error no theme
  void settings.set(orgId, "theme", "red");
  // @ts-expect-error no number
  void settings.setMany(orgId, { maxUsers: "1" });
  // @ts-expect-error nobody declared it
  void settings.unset(orgId, "other");
});

test("what is shown of many", () => {
  type All = Overrides<typeof declared>;
  type Sum = Effective<typeof declared>;
  expectTypeOf<All["maxUsers"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<All["smtpPassword"]>().toEqualTypeOf<"[redacted]" | undefined>();
  expectTypeOf<Sum["maxUsers"]>().toEqualTypeOf<number>();
  expectTypeOf<Sum["motto"]>().toEqualTypeOf<string[] | undefined>();
  expectTypeOf<Sum["smtpPassword"]>().toEqualTypeOf<"[redacted]" | undefined>();
});

test("where others are admitted, they are any JSON", () => {
  const open = new TenantSettings(provider, declared, { openKeys: true });
  expectTypeOf(open.get(orgId, "maxUsers")).resolves.toEqualTypeOf<number>();
  expectTypeOf(open.get(orgId, "other")).resolves.toEqualTypeOf<JsonValue | undefined>();
  void open.set(orgId, "other", { a: [1] });
  void open.setMany(orgId, { other: 1, maxUsers: 2 });
  // @ts-expect-error declared as a number
  void open.set(orgId, "maxUsers", "1");
});

test("a default is one that the schema answers, and a secret has none", () => {
  // @ts-expect-error no number
  defineSettings({ a: { schema: z.number(), default: "1" } });
  // @ts-expect-error a secret
  defineSettings({ a: { schema: z.string(), secret: true, default: "1" } });
  // @ts-expect-error no schema
  defineSettings({ a: { schema: 1 } });
});
