import { describe, expect, test } from "vitest";
import { MOST_BYTES, MOST_LEVELS, parsed, rebuilt, Unfit } from "./json-value.ts";

const unfit = (value: unknown): Pick<Unfit, "what" | "path"> | null => {
  try {
    rebuilt(value);
    return null;
  } catch (error) {
    if (error instanceof Unfit) {
      return { what: error.what, path: error.path };
    }
    throw error;
  }
};
const nested = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => [inner], "x");
class Instance {
  readonly a = 1;
}
const circle: { self?: unknown } = {};
circle.self = circle;
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const trap = new Proxy(
  {},
  {
    ownKeys() {
      throw new Error("gotcha");
    },
  },
);
const extra: unknown[] & { more?: number } = [1];
extra.more = 1;

describe("plain JSON", () => {
  test.each<readonly [value: unknown, json: string]>([
    [null, "null"],
    [false, "false"],
    [0, "0"],
    ["", '""'],
    [1e308, "1e+308"],
    [5e-324, "5e-324"],
    ["\u0001 𐐷 é", '"\\u0001 𐐷 é"'],
    [[], "[]"],
    [{}, "{}"],
    [{ b: 1, a: { d: [1, { z: 0, y: 0 }], c: null } }, '{"a":{"c":null,"d":[1,{"y":0,"z":0}]},"b":1}'],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    [{ toString: 1, hasOwnProperty: 2, prototype: 3 }, '{"hasOwnProperty":2,"prototype":3,"toString":1}'],
  ])("%j is rebuilt in one form", (value, json) => {
    expect(rebuilt(value).json).toBe(json);
    expect(JSON.stringify(parsed(json))).toBe(json);
  });

  test("has no prototype, and nobody can change it", () => {
    for (const value of [rebuilt({ a: { b: [{}] } }).value, parsed('{"a":{"b":[{}]}}')] as { a: { b: object[] } }[]) {
      for (const part of [value, value.a, value.a.b, value.a.b[0]]) {
        expect(Object.isFrozen(part)).toBe(true);
        expect(Array.isArray(part) ? null : Object.getPrototypeOf(part)).toBeNull();
      }
    }
  });

  test("shares nothing with what was given, also where that has a thing twice", () => {
    const twice = [1];
    const { value, json } = rebuilt([twice, twice]);
    twice.push(2);
    expect([json, value]).toEqual(["[[1],[1]]", [[1], [1]]]);
  });
});

describe("what is no JSON", () => {
  test.each<readonly [what: string, value: unknown]>([
    ["NaN", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["minus infinity", Number.NEGATIVE_INFINITY],
    ["minus zero", -0],
    ["a big integer", 1n],
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["an instance", new Instance()],
    ["a boxed string", new String("a")],
    ["a pattern", /a/],
    ["a hole", Array(1)],
    ["a getter", Object.defineProperty({}, "a", { get: () => 1, enumerable: true })],
    ["what is hidden", Object.defineProperty({}, "a", { value: 1 })],
    ["a getter in an array", Object.defineProperty([1], "0", { get: () => 1, enumerable: true })],
    ["an array with more than items", extra],
    [
      "a toJSON that throws",
      {
        toJSON: () => {
          throw new Error("gotcha");
        },
      },
    ],
    ["a key that is a symbol", { [Symbol("a")]: 1 }],
    ["NUL", "a\0b"],
    ["half a character", "\ud800"],
    ["NUL in a key", { "a\0": 1 }],
    ["half a character in a key", { "\udfff": 1 }],
    ["a prototype of its own", JSON.parse('{"__proto__": {"polluted": true}}')],
    ["a constructor of its own", { constructor: { prototype: { polluted: true } } }],
    ["a revoked proxy", revoked],
    ["a trap", trap],
  ])("%s", (_, value) => {
    const { path } = unfit(value) ?? {};
    expect(unfit(value)).toEqual({ what: "json", path });
    const inside = path === "" || path?.startsWith("[") ? path : `.${path}`;
    expect(unfit({ a: [0, { b: value }] })).toEqual({ what: "json", path: `a[1].b${inside}` });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("a circle", () => {
    expect(unfit(circle)).toEqual({ what: "json", path: "self" });
  });
});

describe("limits, on both sides", () => {
  test("levels", () => {
    expect(unfit(nested(MOST_LEVELS))).toBeNull();
    expect(unfit(nested(MOST_LEVELS + 1))).toEqual({ what: "depth", path: "" });
    expect(unfit(nested(100_000))).toEqual({ what: "depth", path: "" });
  });

  test("bytes, not characters", () => {
    // Two quotes.
    expect(unfit("x".repeat(MOST_BYTES - 2))).toBeNull();
    expect(unfit("x".repeat(MOST_BYTES - 1))).toEqual({ what: "bytes", path: "" });
    expect(unfit("é".repeat(MOST_BYTES / 2 - 1))).toBeNull();
    expect(unfit("é".repeat(MOST_BYTES / 2))).toEqual({ what: "bytes", path: "" });
    expect(unfit("x".repeat(10_000_000))).toEqual({ what: "bytes", path: "" });
  });

  test("what has no end in sight is not looked at to its end", () => {
    let many: unknown = "x";
    for (let level = 0; level < 31; level += 1) {
      many = [many, many, many];
    }
    expect(unfit(many)).toEqual({ what: "bytes", path: "" });
  });

  test("no JSON is said before too large", () => {
    expect(unfit([nested(MOST_LEVELS + 5), Number.NaN])).toEqual({ what: "json", path: "[1]" });
    expect(unfit(["x".repeat(MOST_BYTES), undefined])).toEqual({ what: "json", path: "[1]" });
  });
});
