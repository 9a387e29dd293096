import { describe, expect, test } from "vitest";
import { emailIdentifiers, exactIdentifiers } from "./policy.ts";

describe("exactIdentifiers", () => {
  test.each(["Dave@Example.com ", "é", "e\u0301", ""])("%j stays as it is", (raw) => {
    expect(exactIdentifiers.canonical(raw)).toBe(raw);
  });
});

describe("emailIdentifiers", () => {
  test.each([
    ["Dave@Example.COM", "dave@example.com"],
    ["  dave@example.com   ", "dave@example.com"],
    ["a b @c", "a b @c"],
    ["a@b@c", "a@b@c"],
    ["@@c", "@@c"],
    ["a@ b", "a@ b"],
    ["d.a.v.e+tag@example.com.", "d.a.v.e+tag@example.com."],
    ["É@\u212a.x", "É@\u212a.x"],
    ["\u0130@x", "\u0130@x"],
    ["\u00a0a@b\u00a0", "\u00a0a@b\u00a0"],
  ])("%j is compared as %j", (raw, canonical) => {
    expect(emailIdentifiers.canonical(raw)).toBe(canonical);
  });

  test.each(["", " ", "dave", "@x", "x@", " @x ", "x@ ", "x@y@", "@"])("%j is no e-mail address", (raw) => {
    expect(emailIdentifiers.canonical(raw)).toBeNull();
  });

  test("however many spaces there are, they cost no time", () => {
    const begun = performance.now();
    for (const raw of [" ".repeat(100_000), `a@${" ".repeat(100_000)}b`, " @".repeat(50_000)]) {
      emailIdentifiers.canonical(raw);
    }
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

test("the policies have names and cannot be changed", () => {
  expect(exactIdentifiers.name).toBe("exact");
  expect(emailIdentifiers.name).toBe("email");
  expect(Object.isFrozen(exactIdentifiers)).toBe(true);
  expect(Object.isFrozen(emailIdentifiers)).toBe(true);
});
