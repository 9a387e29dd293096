import { expect, test } from "vitest";
import { isText } from "./text.ts";

test.each(["", "abc", "é", "日本語", "👩‍👩‍👧", "\u202eabc", "a\u200db", " ", "\u00a0", "~", "\u00ad"])(
  "%j is text",
  (value) => {
    expect(isText(value, 100)).toBe(true);
  },
);

test("control characters are none: U+0000 to U+001F and U+007F to U+009F", () => {
  const refused = Array.from({ length: 0x100 }, (_, unit) => unit).filter(
    (unit) => !isText(`a${String.fromCharCode(unit)}b`, 3),
  );
  const between = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);
  expect(refused).toEqual([...between(0x00, 0x1f), ...between(0x7f, 0x9f)]);
});

test.each(["\ud83d", "\udc69", "a\ud83d", "\udc69\ud83d", "\ud83d\ud83d\udc69"])(
  "a lone surrogate is no text: %j",
  (value) => {
    expect(isText(value, 100)).toBe(false);
  },
);

test("lengths count UTF-16 units", () => {
  expect(isText("👩", 2)).toBe(true);
  expect(isText("👩", 1)).toBe(false);
});

test.each([undefined, null, 42, [], {}, new String("abc")])("what is no string is no text", (value) => {
  expect(isText(value, 100)).toBe(false);
});
