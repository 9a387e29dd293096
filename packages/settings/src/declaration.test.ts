import { describe, expect, test } from "vitest";
import { z } from "zod";
import { checked, defineSettings } from "./declaration.ts";

const number = z.number();

test("declarations are what was given, and nobody can change them", () => {
  const given = { a: { schema: number, default: 1 }, b: { schema: z.string(), secret: true } } as const;
  const declared = defineSettings(given);
  expect({ ...checked(declared).get("a") }).toEqual({ schema: number, default: 1, secret: false, audit: "values" });
  expect(checked(declared).get("b")).not.toHaveProperty("default");
  expect([Object.isFrozen(declared), Object.isFrozen(declared.a)]).toEqual([true, true]);
});

test("a default is a copy, without a prototype", () => {
  const sizes = [1];
  const declared = defineSettings({ a: { schema: z.object({ sizes: z.array(number) }), default: { sizes } } });
  sizes.push(2);
  const value = checked(declared).get("a")?.default as { sizes: unknown };
  expect(value).toEqual({ sizes: [1] });
  expect([Object.getPrototypeOf(value), Object.isFrozen(value.sizes)]).toEqual([null, true]);
});

test("a default whose schema answers later is taken as it is", () => {
  const later = z.number().refine(async () => Promise.reject(new Error("too late")));
  const schema = { "~standard": { ...later["~standard"], validate: () => Promise.reject(new Error("late")) } };
  expect(checked(defineSettings({ a: { schema, default: 1 } })).get("a")?.default).toBe(1);
});

describe("what is no declaration", () => {
  test.each<readonly [path: string, declarations: unknown]>([
    ["settings", null],
    ["settings", 1],
    ["settings", { "a b": { schema: number } }],
    ["settings", JSON.parse('{"__proto__": {}}')],
    ["settings", { constructor: { schema: number } }],
    ["a", { a: null }],
    ["a", { a: { schema: number, secrets: true } }],
    ["a.schema", { a: {} }],
    ["a.schema", { a: { schema: { "~standard": {} } } }],
    ["a.secret", { a: { schema: number, secret: "yes" } }],
    ["a.audit", { a: { schema: number, audit: "all" } }],
    ["a.default", { a: { schema: number, default: "canary" } }],
    ["a.default", { a: { schema: z.any(), default: Number.NaN } }],
    ["a.default", { a: { schema: z.string(), secret: true, default: "canary" } }],
  ])("%s: %j", (path, declarations) => {
    const build = (): unknown => defineSettings(declarations as never);
    expect(build).toThrow(
      expect.objectContaining({
        code: "config.invalid",
        details: { faults: [{ path, expected: expect.any(String) }] },
      }),
    );
    expect(build).not.toThrow("canary");
  });

  test("all of it is said at once", () => {
    const build = (): unknown => defineSettings({ a: { schema: 1 }, b: { schema: 2 } } as never);
    expect(build).toThrow(expect.objectContaining({ details: { faults: [expect.anything(), expect.anything()] } }));
  });

  test("a schema that throws is the host's to see", () => {
    const schema = {
      "~standard": {
        ...number["~standard"],
        validate: () => {
          throw new TypeError("host");
        },
      },
    };
    expect(() => defineSettings({ a: { schema, default: 1 } } as never)).toThrow(TypeError);
  });
});
