/** `newRole` as `new_role`: each capital becomes `_` and its lower-case letter. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

/** `new_role` as `newRole`. What has no lower-case letter before its `_`, like `__proto__`, stays as it is. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A value in the form of the wire: snake_case keys, instants as ISO 8601 strings in UTC. */
export function toWire(value: unknown): unknown {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  }
  return renamed(value, snakeCase, toWire);
}

/** The same value with camelCase keys. */
export function fromWire(value: unknown): unknown {
  return value instanceof Date ? value : renamed(value, camelCase, fromWire);
}

function renamed(value: unknown, rename: (name: string) => string, inner: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(inner);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  // fromEntries defines own properties, `__proto__` too.
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [rename(key), inner(own)]));
}
