import type { EventData, TenancyEvent } from "@tenantry/core";

export type AnyEvent = TenancyEvent<"setting.changed"> | TenancyEvent<"setting.unset">;

/** The values that the events come to. Throws where one does not begin where the one before it ended. */
export function replayed(events: readonly AnyEvent[]): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const { data } of events) {
    const { also = [], ...first } = data as EventData["setting.changed"];
    for (const { key, from, to } of [first, ...also]) {
      const before = values.has(key) ? { value: values.get(key) } : null;
      if (canonical(before) !== canonical(from)) {
        throw new Error(`${key} was ${canonical(before)}, the event says ${canonical(from)}`);
      }
      if (to === null) {
        values.delete(key);
      } else if (typeof to === "object" && "value" in to) {
        values.set(key, to.value);
      } else {
        throw new Error("a value that is not told");
      }
    }
  }
  return values;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
