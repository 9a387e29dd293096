import { describe, expect, test } from "vitest";
import { acme, after, member, now, offer } from "../test/world.ts";
import { detached, fingerprint, fromJson } from "./json.ts";

describe("fingerprint", () => {
  test("equal calls have equal digests", () => {
    const digest = fingerprint("addMember", { orgId: acme.id, at: now, list: [1] });
    expect(fingerprint("addMember", { orgId: acme.id, at: new Date(now), list: [1] })).toBe(digest);
  });

  test.each<readonly [what: string, operation: string, input: unknown]>([
    ["operation", "removeMember", { a: 1, b: null, at: now }],
    ["value", "addMember", { a: 2, b: null, at: now }],
    ["absence", "addMember", { a: 1, at: now }],
    ["instant", "addMember", { a: 1, b: null, at: after(1) }],
  ])("another %s has another digest", (_, operation, input) => {
    expect(fingerprint(operation, input)).not.toBe(fingerprint("addMember", { a: 1, b: null, at: now }));
  });

  test("is what it always was: keys that were stored before are still known", () => {
    expect(fingerprint("createOrg", { name: "Zoë ☕" })).toBe("ae3d2d08-db12-5fe5-b213-e7205c73c69c");
  });

  test("a value cannot pass for two: quotes and commas are no separators", () => {
    expect(fingerprint("x", ['a","b'])).not.toBe(fingerprint("x", ["a", "b"]));
  });
});

/** What comes back from a store that keeps JSON. */
const stored = (result: unknown): unknown => JSON.parse(JSON.stringify(result));

describe("a stored result", () => {
  test.each([
    ["an organization", acme],
    ["a membership", member],
    ["an invitation with grants", { ...offer, preTuples: [{ relation: "viewer", objectType: "p", objectId: "1" }] }],
    ["an ended invitation", { ...offer, status: "declined", terminalAt: now }],
    ["several rows", { invitation: offer, membership: member, materializedTuples: [] }],
  ])("%s comes back equal, its instants included, whether or not it was kept as JSON", (_, result) => {
    expect(fromJson(stored(result))).toEqual(result);
    expect(fromJson(result)).toEqual(result);
  });

  test("text that looks like an instant stays text", () => {
    const row = { name: "2030-01-01T00:00:00.000Z", objectId: "2030-01-01T00:00:00.000Z" };
    expect(fromJson(stored(row))).toEqual(row);
  });

  test("an own key __proto__ of stored JSON changes no prototype", () => {
    const value = fromJson(JSON.parse('{"__proto__":{"polluted":true}}')) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect("polluted" in value).toBe(false);
  });
});

describe("detached", () => {
  test("a copy shares nothing with the original", () => {
    const original = { rows: [{ createdAt: new Date(now), tuple: { relation: "viewer" } }], none: null, count: 1 };
    const copy = detached(original);
    expect(copy).toEqual(original);
    original.rows[0]?.createdAt.setTime(0);
    original.rows.push({ createdAt: now, tuple: { relation: "x" } });
    expect(copy.rows).toEqual([{ createdAt: now, tuple: { relation: "viewer" } }]);
  });

  test("it is frozen at every depth", () => {
    const copy = detached({ rows: [{ tuple: {} }] });
    expect([copy, copy.rows, copy.rows[0], copy.rows[0]?.tuple].every(Object.isFrozen)).toBe(true);
  });
});

test("in details nothing is an instant, whatever its name", () => {
  const expiresAt = now.toISOString();
  expect(fromJson({ details: { expiresAt }, expiresAt })).toEqual({ details: { expiresAt }, expiresAt: now });
});
