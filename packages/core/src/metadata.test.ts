import { describe, expect, test, vi } from "vitest";
import { refusal as refused, revoked } from "../test/value-rules.ts";
import { changedKeys, judge, type MetadataSchema, metadataArgument, newMetadata } from "./metadata.ts";

const taken = (value: unknown) => metadataArgument(value, "metadata");
const problem = (value: unknown) => refused(() => taken(value)).details;

/** A schema that answers this. */
const answering = (answer: unknown): MetadataSchema => ({ "~standard": { validate: () => answer as never } });

function deep(levels: number): object {
  return levels === 1 ? {} : { a: deep(levels - 1) };
}

describe("what it may hold", () => {
  test("left out is no metadata, and null is none either", () => {
    expect(taken(undefined)).toBeUndefined();
    expect(problem(null)).toEqual({ key: "metadata", reason: "kind", path: null });
  });

  test("values are rebuilt: nothing of the caller's is kept", () => {
    const given = { a: [{ b: "x" }], c: true, d: null, e: 1.5 };
    const own = taken(given);
    expect(own).toEqual(given);
    given.a.pop();
    expect(own).toEqual({ a: [{ b: "x" }], c: true, d: null, e: 1.5 });
  });

  test("keys come in one order, `undefined` is left out, -0 is 0", () => {
    expect(JSON.stringify(taken({ b: 1, a: { d: undefined, c: -0 } }))).toBe('{"a":{"c":0},"b":1}');
  });

  test("an object without prototype is plain, and so is one of another realm", () => {
    expect(taken(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
    expect(taken(Object.assign(Object.create(Object.create(null)), { a: 1 }))).toEqual({ a: 1 });
  });

  test.each<readonly [value: unknown, path: string | null]>([
    ["text", null],
    [[], null],
    [new Date(0), null],
    [new Map(), null],
    [{ a: Number.NaN }, "a"],
    [{ a: { b: [0, Number.POSITIVE_INFINITY] } }, "a.b[1]"],
    [{ a: [undefined] }, "a[0]"],
    [{ a: 1n }, "a"],
    [{ a: () => 1 }, "a"],
    [{ a: Symbol("x") }, "a"],
    [{ a: "\u0000" }, "a"],
    [{ a: "\ud800" }, "a"],
    [{ a: { "\udfff": 1 } }, "a"],
    [{ a: new (class Own {})() }, "a"],
  ])("%o is no plain JSON, at %s", (value, path) => {
    expect(problem(value)).toEqual({ key: "metadata", reason: "kind", path });
  });

  test.each<readonly [value: object, path: string | null]>([
    [JSON.parse('{"__proto__":{"polluted":true}}'), null],
    [{ a: [{ constructor: 1 }] }, "a[0]"],
    [{ a: { prototype: 1 } }, "a"],
    [{ [Symbol("x")]: 1 }, null],
  ])("a key of %o is refused, at %s", (value, path) => {
    expect(problem(value)).toEqual({ key: "metadata", reason: "key", path });
  });

  test("sixteen levels fit, seventeen do not", () => {
    expect(taken(deep(16))).toEqual(deep(16));
    expect(problem(deep(17))).toMatchObject({ reason: "depth" });
    const circular: unknown[] = [];
    circular.push(circular);
    expect(problem({ circular })).toMatchObject({ reason: "depth" });
  });

  test.each(["x", "é", "€", "👩"])("16,384 bytes of %s fit, more does not", (letter) => {
    const bytes = new TextEncoder().encode(letter).length;
    const fits = letter.repeat(Math.floor((16_384 - '{"a":""}'.length) / bytes));
    expect(taken({ a: fits })).toEqual({ a: fits });
    expect(problem({ a: fits + letter })).toEqual({ key: "metadata", reason: "size", path: null });
  });

  test("what is far too large is not looked at to its end", () => {
    const last = vi.fn();
    const large = { a: "x".repeat(20_000) };
    Object.defineProperty(large, "b", { get: last, enumerable: true });
    expect(problem(large)).toMatchObject({ reason: "size" });
    expect(problem({ a: new Array(1_000_000) })).toMatchObject({ reason: "size" });
    expect(last).not.toHaveBeenCalled();
  });

  test("what cannot be read is a wrong value and nothing else", () => {
    const throwing = Object.defineProperty({}, "a", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    const lying = (length: unknown) => new Proxy([], { get: (_, key) => (key === "length" ? length : 1) });
    const lists = [1n, Number.NaN, -1, 1.5, "2", {}].map((length) => ({ a: lying(length) }));
    for (const value of [revoked({}), { a: revoked([]) }, throwing, ...lists]) {
      expect(refused(() => taken(value))).toMatchObject({ code: "precondition.invalid_input" });
    }
  });
});

describe("how it changes", () => {
  const merged = (before: object, patch: object) => judge(before as never, patch as never, "metadata", null);

  test("keys are merged one level deep, null removes", () => {
    const before = { a: 1, b: { c: 1 }, d: 2 };
    expect(merged(before, { b: { e: 1 }, d: null, f: null })).toEqual({ ok: true, metadata: { a: 1, b: { e: 1 } } });
  });

  test("as a whole it may be too large", () => {
    const half = "x".repeat(9000);
    expect(merged({ a: half }, { b: half })).toEqual({
      ok: false,
      details: { key: "metadata", reason: "size", path: null },
    });
  });

  test("what a polluted prototype has is no part of it", () => {
    Object.assign(Object.prototype, { plan: null });
    try {
      expect(merged({ plan: "pro" }, { y: 1 })).toEqual({ ok: true, metadata: { plan: "pro", y: 1 } });
      Object.assign(Object.prototype, { plan: "pro" });
      expect(changedKeys({}, { plan: "pro" })).toEqual(["plan"]);
    } finally {
      Reflect.deleteProperty(Object.prototype, "plan");
    }
  });

  test("the keys that differ are named, in order", () => {
    expect(changedKeys({ a: 1, b: { c: 1 }, d: 2 }, { b: { c: 1 }, d: 3, e: null })).toEqual(["a", "d", "e"]);
  });
});

describe("schemas", () => {
  const created = (value: unknown, schema: MetadataSchema) => newMetadata(value, "membershipMetadata", schema);

  test("the whole is shown, a copy of it, and what is answered is stored", () => {
    const validate = vi.fn((value: unknown) => {
      Object.assign(value as object, { changed: true });
      return { value: { z: 1, a: 2 } };
    });
    const schema: MetadataSchema = { "~standard": { validate } };
    const before = { b: 1 };
    expect(judge(before, { c: { d: 1 } }, "metadata", schema)).toEqual({ ok: true, metadata: { a: 2, z: 1 } });
    expect(validate).toHaveBeenCalledTimes(1);
    expect(before).toEqual({ b: 1 });
    expect(created(undefined, answering({ value: { plan: "free" } }))).toEqual({ plan: "free" });
  });

  test.each<readonly [path: unknown, shown: string | null]>([
    [undefined, null],
    [[], null],
    [["a", 0, "b"], "a[0].b"],
    [[{ key: "a" }, { key: Symbol("x") }], "a.symbol"],
  ])("a refusal at %o says where, and keeps the issues to itself", (path, shown) => {
    const issues = [{ message: "secret", path }];
    const error = refused(() => created({}, answering({ issues })));
    expect(error).toMatchObject({
      code: "precondition.invalid_metadata",
      details: { key: "membershipMetadata", reason: "schema", path: shown },
      issues,
    });
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(judge({}, {}, "metadata", answering({ issues: [] }))).toMatchObject({ details: { path: null } });
  });

  test("creation that is too large is refused without a schema, too", () => {
    const error = refused(() => newMetadata(1, "metadata", null));
    expect(error).toMatchObject({ code: "precondition.invalid_metadata", details: { reason: "kind" } });
    expect(newMetadata({ a: null, b: 1 }, "metadata", null)).toEqual({ b: 1 });
  });

  test.each<readonly [what: string, schema: MetadataSchema]>([
    ["answers a promise", answering(Promise.resolve({ value: {} }))],
    ["makes no metadata of it", answering({ value: new Date(0) })],
    [
      "throws",
      {
        "~standard": {
          validate() {
            throw new Error("no");
          },
        },
      },
    ],
  ])("one that %s is a defect of the host's", (_, schema) => {
    expect(refused(() => created({}, schema))).toMatchObject({ code: "internal.unexpected" });
  });
});
