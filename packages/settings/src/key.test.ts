import { expect, test } from "vitest";
import { isKey, keyArgument } from "./key.ts";

test.each(["a", "maxUsers", "smtp.host", "a-b_c.d", "x".repeat(120), "toString", "A.__proto", "constructors"])(
  "%s names a setting",
  (key) => {
    expect(keyArgument(key)).toBe(key);
  },
);

test.each<readonly [what: string, key: unknown]>([
  ["nothing", ""],
  ["121 characters", "x".repeat(121)],
  ["a digit first", "1a"],
  ["a dot first", ".a"],
  ["a space", "a b"],
  ["a colon", "a:b"],
  ["a line break at the end", "a\n"],
  ["another script", "ключ"],
  ["the prototype", "__proto__"],
  ["the prototype as a part", "a.__proto__"],
  ["the constructor", "constructor"],
  ["the constructor as a part", "a.constructor.b"],
  ["a prototype as a part", "prototype.a"],
  ["a number", 1],
  ["a symbol", Symbol("a")],
  ["what pretends to be text", { toString: () => "a" }],
  ["nothing at all", undefined],
])("%s is no key, and the error does not show it", (_, key) => {
  expect(isKey(key)).toBe(false);
  expect(() => keyArgument(key)).toThrow(expect.objectContaining({ code: "settings.invalid_key", details: {} }));
});
