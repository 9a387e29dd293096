import { errorFor, escaped, type MetadataKey, type Rejections } from "./errors.ts";
import { consult, isArray, lengthOf, readFrom } from "./input.ts";
import type { JsonValue, Metadata } from "./model.ts";
import { isKept } from "./text.ts";

// What a host keeps beside an entity: plain JSON, rebuilt from the caller's object before anything else is done, so that
// nothing of theirs runs later, and nothing comes in that a merge or a database would make something else of.

const MOST_BYTES = 16_384;
const MOST_LEVELS = 16;
const REFUSED_KEYS: readonly string[] = ["__proto__", "constructor", "prototype"];

/**
 * A schema for metadata: anything that follows https://standardschema.dev, version 1. These are the members that are called
 * here. It answers at once, and what it answers must be right to it again.
 */
export interface MetadataSchema<Output = unknown> {
  readonly "~standard": {
    readonly validate: (value: unknown) => SchemaAnswer<Output> | PromiseLike<SchemaAnswer<Output>>;
  };
}
type SchemaAnswer<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };
interface SchemaIssue {
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Metadata as it is given at creation: whatever the schema answers of it, whole. */
export type MetadataInput<T> = { readonly [K in keyof T]?: T[K] | null | undefined };
/** A change of metadata, key by key: what is left out stays, `null` removes. */
export type MetadataPatch<T> = MetadataInput<T>;

type Problem = Pick<Rejections["precondition.invalid_metadata"], "reason" | "path">;

/** What a schema has against metadata, or what it made of it. */
export type Judged = { readonly ok: true; readonly metadata: Metadata } | ({ readonly ok: false } & Refusal);
interface Refusal {
  readonly details: Rejections["precondition.invalid_metadata"];
  readonly hidden?: { readonly issues: readonly unknown[] };
}

/** What a caller gave; `undefined` where it was left out. At the top a `null` is kept: it means something to a change. */
export function metadataArgument(value: unknown, key: MetadataKey): Metadata | undefined {
  if (value === undefined) {
    return undefined;
  }
  try {
    return rebuilt(value);
  } catch (error) {
    throw error instanceof Unfit ? errorFor("precondition.invalid_metadata", { key, ...error.problem }) : error;
  }
}

/** What most have. One object for all: what is handed out is a copy. */
const NONE: Metadata = Object.freeze({});

/** The metadata of something new. */
export function newMetadata(value: unknown, key: MetadataKey, schema: MetadataSchema | null): Metadata {
  if (value === undefined && schema === null) {
    return NONE;
  }
  const judged = judge({}, metadataArgument(value, key) ?? {}, key, schema);
  if (judged.ok) {
    return judged.metadata;
  }
  const { details, hidden } = judged;
  throw errorFor("precondition.invalid_metadata", details, { hidden: { ...hidden } });
}

/** What becomes of metadata by a change: merged one level deep, then as a whole shown to the schema. */
export function judge(before: Metadata, patch: Metadata, key: MetadataKey, schema: MetadataSchema | null): Judged {
  const whole = inOrder(Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null));
  if (sizeOf(whole) > MOST_BYTES) {
    return { ok: false, details: { key, reason: "size", path: null } };
  }
  return schema === null ? { ok: true, metadata: whole } : shown(whole, key, schema);
}

/** The keys in which two differ, in order. */
export function changedKeys(before: Metadata, after: Metadata): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => own(before, key) !== own(after, key))
    .sort();
}

/** Its own value: what a polluted prototype has there is not looked at. */
function own(metadata: Metadata, key: string): string | null {
  return Object.hasOwn(metadata, key) ? JSON.stringify(metadata[key]) : null;
}

function shown(whole: Metadata, key: MetadataKey, schema: MetadataSchema): Judged {
  return consult((): Judged => {
    // A copy: the schema may change what it is given.
    const answer = schema["~standard"].validate(JSON.parse(JSON.stringify(whole)));
    if ("then" in answer) {
      throw new TypeError("a schema of metadata answers at once");
    }
    if (answer.issues !== undefined) {
      const path = pathOf(answer.issues[0]?.path ?? []);
      return { ok: false, details: { key, reason: "schema", path }, hidden: { issues: answer.issues } };
    }
    return { ok: true, metadata: rebuilt(answer.value) };
  });
}

/** Where an issue of a schema is. */
function pathOf(segments: readonly (PropertyKey | { readonly key: PropertyKey })[]): string | null {
  const keys = segments.map((segment) => (typeof segment === "object" ? segment.key : segment));
  return placed(keys.reduce((path: string, key) => inside(path, typeof key === "symbol" ? "symbol" : key), ""));
}

/** Not what metadata may be. */
class Unfit extends Error {
  readonly problem: Problem;

  constructor(reason: Problem["reason"], path: string) {
    super(reason);
    this.problem = { reason, path: placed(path) };
  }
}

/** A copy of an object of plain JSON; throws {@link Unfit}. What it costs depends on what fits, not on what is given. */
function rebuilt(value: unknown): Metadata {
  const room = { bytes: MOST_BYTES };
  const copy = copied(value, "", 1, room);
  if (typeof copy !== "object" || copy === null || isArray(copy)) {
    throw new Unfit("kind", "");
  }
  if (sizeOf(copy as Metadata) > MOST_BYTES) {
    throw new Unfit("size", "");
  }
  return copy as Metadata;
}

function copied(value: unknown, path: string, level: number, room: { bytes: number }): JsonValue {
  spend(room, 1);
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) {
        // `-0` has no form of its own in JSON.
        return value + 0;
      }
      break;
    case "string":
      spend(room, value.length);
      if (isKept(value)) {
        return value;
      }
      break;
    case "object":
      return value === null ? null : copiedObject(value, path, level, room);
  }
  throw new Unfit("kind", path);
}

function copiedObject(value: object, path: string, level: number, room: { bytes: number }): JsonValue {
  if (level > MOST_LEVELS) {
    throw new Unfit("depth", path);
  }
  if (isArray(value)) {
    const length = lengthOf(value);
    spend(room, length);
    return Array.from({ length }, (_, index) =>
      copied(
        readFrom(() => value[index]),
        inside(path, index),
        level + 1,
        room,
      ),
    );
  }
  if (!isPlain(value)) {
    throw new Unfit("kind", path);
  }
  const entries: [string, JsonValue][] = [];
  for (const key of readFrom(() => Reflect.ownKeys(value))) {
    if (typeof key === "symbol" || REFUSED_KEYS.includes(key)) {
      throw new Unfit("key", path);
    }
    spend(room, key.length);
    if (!isKept(key)) {
      throw new Unfit("kind", path);
    }
    const inner = readFrom(() => (value as Record<string, unknown>)[key]);
    if (inner !== undefined) {
      entries.push([key, copied(inner, inside(path, key), level + 1, room)]);
    }
  }
  return inOrder(entries);
}

/** Each unit costs a byte or more in JSON: what is larger in any case is not looked at to its end. */
function spend(room: { bytes: number }, bytes: number): void {
  room.bytes -= bytes;
  if (room.bytes < 0) {
    throw new Unfit("size", "");
  }
}

/** Whether an object is of no class, of whichever realm: behind it is nothing, or what has nothing behind it. */
function isPlain(value: object): boolean {
  return readFrom(() => {
    const prototype: unknown = Reflect.getPrototypeOf(value);
    return prototype === null || Reflect.getPrototypeOf(prototype as object) === null;
  });
}

/** An object whose keys come in one order, so that equal metadata has equal JSON. */
function inOrder(entries: readonly (readonly [string, JsonValue])[]): Metadata {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The bytes of its JSON in UTF-8. */
function sizeOf(metadata: Metadata): number {
  return encodeURIComponent(JSON.stringify(metadata)).replace(/%../g, ".").length;
}

function inside(path: string, key: string | number): string {
  return typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
}

function placed(path: string): string | null {
  return path === "" ? null : escaped(path);
}
