import type { Metadata } from "@tenantry/core";

/** Merged one level deep: what is `null` is removed, what is `undefined` was left out. Keys come in order. */
export function merged(before: Metadata, patch: object): Metadata {
  const whole = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      whole.delete(key);
    } else if (value !== undefined) {
      whole.set(key, value);
    }
  }
  return Object.fromEntries([...whole].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function fresh(metadata: object | undefined): Metadata {
  return merged({}, metadata ?? {});
}

/** The keys whose values are different, in order. */
export function changedKeys(before: Metadata, after: Metadata): readonly string[] {
  const text = (value: unknown): string | undefined => JSON.stringify(value);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => text(before[key]) !== text(after[key]))
    .sort();
}
