import { SettingsError } from "@tenantry/core";

const KEY = /^[a-zA-Z][a-zA-Z0-9_.-]{0,119}$/;
/** What a careless merge would take for something else. */
const REFUSED_PARTS: readonly string[] = ["__proto__", "constructor", "prototype"];

/** Whether a value can name a setting. */
export function isKey(value: unknown): value is string {
  return typeof value === "string" && KEY.test(value) && !value.split(".").some((part) => REFUSED_PARTS.includes(part));
}

/** Throws `SettingsError` `settings.invalid_key`, which does not show what it refused. */
export function keyArgument(value: unknown): string {
  if (!isKey(value)) {
    throw new SettingsError("settings.invalid_key", {});
  }
  return value;
}
