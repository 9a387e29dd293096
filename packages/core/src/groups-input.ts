import { errorFor } from "./errors.ts";
import { GROUPS, type Group } from "./groups.ts";

/** Each once, in the order of {@link GROUPS}. `value` is what a caller gave as the option `groups`. */
export function groupsFrom(value: unknown): readonly Group[] {
  const given = value === undefined ? [] : value;
  if (!Array.isArray(given) || !given.every((item) => (GROUPS as readonly unknown[]).includes(item))) {
    throw errorFor("precondition.invalid_input", { key: "groups" });
  }
  return Object.freeze(GROUPS.filter((group) => given.includes(group)));
}

/** Throws `ConfigError` `config.capability_missing` for the first group that is needed and not there. */
export function requireGroups(needed: readonly Group[], present: readonly Group[]): void {
  const missing = needed.find((group) => !present.includes(group));
  if (missing !== undefined) {
    throw errorFor("config.capability_missing", { group: missing });
  }
}
