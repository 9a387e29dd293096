import type { JsonValue } from "@tenantry/core";

// Values of plain JSON, rebuilt from whatever a caller hands over before anything else is done with it: frozen, without a
// prototype, their keys in one order. So equal values have equal JSON, nothing of the caller's runs later, and nothing
// comes in that a merge would make something else of.

/** The most that a value may be. */
export const MOST_BYTES = 65_536;
export const MOST_LEVELS = 32;

/** Whatever is that much larger than it may be is not looked at to its end. */
const ROOM = 4 * MOST_BYTES;
/** So deep no stack ends. */
const DEEPEST = 1_000;
const REFUSED_KEYS: readonly string[] = ["__proto__", "constructor"];
const LONE_SURROGATE = /\p{Cs}/u;

/** A value, its JSON and the bytes of that in UTF-8. */
export interface Rebuilt {
  readonly value: JsonValue;
  readonly json: string;
  readonly bytes: number;
}

/** What is wrong with a value: `path` is where, as `a.b[2]`, and empty for the whole. */
export class Unfit extends Error {
  readonly what: "json" | "bytes" | "depth";
  readonly path: string;

  constructor(what: Unfit["what"], path: string) {
    super(what);
    this.what = what;
    this.path = path;
  }
}

/** A copy of a value of plain JSON. Throws {@link Unfit}. What it costs is linear in the value, up to a few times its limit. */
export function rebuilt(value: unknown): Rebuilt {
  const walk = { left: ROOM, levels: 0, within: new Set<object>() };
  const copy = copied(value, "", 1, walk);
  if (walk.levels > MOST_LEVELS) {
    throw new Unfit("depth", "");
  }
  const json = JSON.stringify(copy);
  const bytes = bytesOf(json);
  if (bytes > MOST_BYTES) {
    throw new Unfit("bytes", "");
  }
  return { value: copy, json, bytes };
}

/** What JSON says that was stored, in the same form. */
export function parsed(json: string): JsonValue {
  return inForm(JSON.parse(json) as JsonValue);
}

/** The bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** An object of one's own without a prototype, frozen. */
export function plainObject<T>(entries: Iterable<readonly [string, T]>): { readonly [key: string]: T } {
  const made: { [key: string]: T } = Object.create(null);
  for (const [key, value] of entries) {
    made[key] = value;
  }
  return Object.freeze(made);
}

interface Walk {
  /** How many more bytes are looked at. */
  left: number;
  /** How deep it was at most. */
  levels: number;
  /** The objects that the walk is inside of: one that comes again is a circle. */
  readonly within: Set<object>;
}

function copied(value: unknown, path: string, level: number, walk: Walk): JsonValue {
  spend(walk, 1);
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) {
        return value;
      }
      break;
    case "string":
      spend(walk, value.length);
      if (isKept(value)) {
        return value;
      }
      break;
    case "object":
      return value === null ? null : copiedObject(value, path, level, walk);
  }
  throw new Unfit("json", path);
}

function copiedObject(value: object, path: string, level: number, walk: Walk): JsonValue {
  if (walk.within.has(value)) {
    throw new Unfit("json", path);
  }
  if (level > DEEPEST) {
    throw new Unfit("depth", "");
  }
  walk.levels = Math.max(walk.levels, level);
  walk.within.add(value);
  const copy = reading(path, () => Array.isArray(value))
    ? copiedArray(value as readonly unknown[], path, level, walk)
    : copiedFields(value, path, level, walk);
  walk.within.delete(value);
  return copy;
}

function copiedArray(value: readonly unknown[], path: string, level: number, walk: Walk): JsonValue {
  const length: unknown = own(value, "length", path);
  if (typeof length !== "number" || reading(path, () => Reflect.ownKeys(value)).length !== length + 1) {
    // A hole has no key, and what has one besides the items is no item.
    throw new Unfit("json", path);
  }
  const items: JsonValue[] = [];
  for (let index = 0; index < length; index += 1) {
    const place = `${path}[${index}]`;
    items.push(copied(own(value, `${index}`, place), place, level + 1, walk));
  }
  return Object.freeze(items);
}

function copiedFields(value: object, path: string, level: number, walk: Walk): JsonValue {
  const prototype: unknown = reading(path, () => Reflect.getPrototypeOf(value));
  // Of no class, of whichever realm: behind it is nothing, or what has nothing behind it.
  if (prototype !== null && reading(path, () => Reflect.getPrototypeOf(prototype as object)) !== null) {
    throw new Unfit("json", path);
  }
  const entries = reading(path, () => Reflect.ownKeys(value)).map((key): [string, JsonValue] => {
    if (typeof key === "symbol" || REFUSED_KEYS.includes(key) || !isKept(key)) {
      throw new Unfit("json", path);
    }
    spend(walk, key.length);
    const place = path === "" ? key : `${path}.${key}`;
    return [key, copied(own(value, key, place), place, level + 1, walk)];
  });
  return plainObject(entries.sort(byKey));
}

/** What an object has itself under a key. A getter is not called: what it stands for is not there. */
function own(value: object, key: string, path: string): unknown {
  const property = reading(path, () => Reflect.getOwnPropertyDescriptor(value, key));
  if (property === undefined || (!property.enumerable && key !== "length")) {
    throw new Unfit("json", path);
  }
  return property.value;
}

/** Reads from a caller's object. The trap of a proxy may throw anything: then it is no JSON. */
function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new Unfit("json", path);
  }
}

function spend(walk: Walk, bytes: number): void {
  walk.left -= bytes;
  if (walk.left < 0) {
    throw new Unfit("bytes", "");
  }
}

/** Whether every database keeps a text as it is. */
function isKept(text: string): boolean {
  return !text.includes("\0") && !LONE_SURROGATE.test(text);
}

function inForm(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Array.isArray(value)
    ? Object.freeze(value.map(inForm))
    : plainObject(
        Object.entries(value)
          .map(([key, inner]): [string, JsonValue] => [key, inForm(inner)])
          .sort(byKey),
      );
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
