import { generate, type Organization, type StoredSetting } from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { decideSet, decideUnset, MOST_KEYS, MOST_TOTAL, type Put } from "./change-settings.ts";

const now = new Date("2030-01-01T00:00:00Z");
const later = new Date("2030-01-02T00:00:00Z");
const actor = generate("usr");
const org: Organization = {
  id: generate("org"),
  status: "active",
  name: null,
  slug: null,
  version: 7,
  metadata: {},
  createdAt: now,
  updatedAt: now,
};
const put = (key: string, json: string, more: Partial<Put> = {}): Put => ({
  ...{ key, json, bytes: json.length, isSealed: false, audit: "values", ...more },
});
const row = (key: string, json: string, more: Partial<StoredSetting> = {}): StoredSetting => ({
  ...{ key, json, bytes: json.length, isSealed: false, seq: 3, updatedAt: now, updatedBy: null, ...more },
});
const stock = { keys: 0, bytes: 0 };
const set = (puts: readonly Put[], settings: readonly StoredSetting[] = [], more: object = {}) =>
  decideSet(puts, { org, settings, stock, ...more }, { now, actor });

test("a value is written under the organization's version, whose next event it is", () => {
  expect(set([put("a", "1")])).toEqual({
    ok: true,
    result: { settings: [row("a", "1", { seq: 8, updatedBy: actor })] },
    write: {
      org: { is: "existing", id: org.id, status: null, version: 7 },
      at: now,
      actor: null,
      changes: [{ op: "putSetting", row: row("a", "1", { seq: 8, updatedBy: actor }) }],
      event: {
        type: "setting.changed",
        data: { key: "a", from: null, to: { value: 1 } },
        heard: { key: "a", from: null, to: { value: 1 } },
      },
    },
  });
});

test("several are one event, what is equal is not in it", () => {
  const settings = [row("a", "1"), row("b", '{ "y": 0, "x": 0 }'), row("c", "2")];
  const decision = set([put("a", "2"), put("b", '{"x":0,"y":0}'), put("c", "3")], settings);
  expect(decision).toMatchObject({
    result: {
      settings: [
        { key: "a", seq: 8 },
        { key: "b", seq: 3 },
        { key: "c", seq: 8 },
      ],
    },
    write: {
      changes: [{ row: { key: "a" } }, { row: { key: "c" } }],
      event: {
        data: {
          ...{ key: "a", from: { value: 1 }, to: { value: 2 } },
          also: [{ key: "c", from: { value: 2 }, to: { value: 3 } }],
        },
      },
    },
  });
});

test("an equal value writes nothing", () => {
  expect(set([put("a", "1")], [row("a", "1")])).toEqual({
    ok: true,
    result: { settings: [row("a", "1")] },
    write: null,
  });
  expect(set([])).toEqual({ ok: true, result: { settings: [] }, write: null });
});

test("what is sealed is no equal of what is not", () => {
  expect(set([put("a", '"x"', { isSealed: true })], [row("a", '"x"')])).toMatchObject({ write: { changes: [{}] } });
});

test("a row is never older than it was", () => {
  expect(set([put("a", "2")], [row("a", "1", { updatedAt: later })])).toMatchObject({
    result: { settings: [{ updatedAt: later }] },
  });
});

test("nothing is set or unset in a revoked organization", () => {
  const refused = { code: "conflict.already_terminal", details: { orgId: org.id, status: "revoked" } };
  const facts = { org: { ...org, status: "revoked" as const }, settings: [row("a", "1")], stock };
  expect(decideSet([put("a", "1")], facts, { now, actor })).toMatchObject(refused);
  expect(decideUnset(put("a", "1"), facts, { now })).toMatchObject(refused);
});

describe("limits of an organization, on both sides", () => {
  test("keys", () => {
    const all = { stock: { keys: MOST_KEYS - 1, bytes: 10 } };
    expect(set([put("a", "1")], [], all)).toMatchObject({ ok: true });
    expect(set([put("a", "1"), put("b", "1")], [], all)).toMatchObject({
      code: "settings.too_large",
      details: { key: null, what: "keys", limit: 200 },
    });
  });

  test("bytes", () => {
    const all = { stock: { keys: 1, bytes: MOST_TOTAL - 3 } };
    expect(set([put("a", "123")], [], all)).toMatchObject({ ok: true });
    expect(set([put("a", "1234")], [], all)).toMatchObject({
      code: "settings.too_large",
      details: { key: null, what: "total", limit: 1_048_576 },
    });
  });

  test("what changes nothing is not counted", () => {
    expect(set([put("a", "1")], [row("a", "1")], { stock: { keys: 500, bytes: 9e9 } })).toMatchObject({ write: null });
  });
});

describe("what events say", () => {
  const told = (one: Put, before: StoredSetting): unknown => {
    const decision = set([one], [before]);
    return decision.ok ? decision.write?.event : decision;
  };
  const long = (bytes: number): string => JSON.stringify("x".repeat(bytes - 2));
  const digest = (bytes: number) => ({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), bytes });

  test("a value of 1,024 bytes, of more a digest; who listens here gets all", () => {
    expect(told(put("a", long(1025)), row("a", long(1024)))).toEqual({
      type: "setting.changed",
      data: { key: "a", from: { value: JSON.parse(long(1024)) }, to: digest(1025) },
      heard: { key: "a", from: { value: JSON.parse(long(1024)) }, to: { value: JSON.parse(long(1025)) } },
    });
  });

  test("digests alone, or that there is one", () => {
    expect(told(put("a", "2", { audit: "hash" }), row("a", "1"))).toMatchObject({
      // Of the character 1.
      data: {
        from: { sha256: "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b", bytes: 1 },
        to: digest(1),
      },
      heard: { from: { value: 1 }, to: { value: 2 } },
    });
    expect(told(put("a", "2", { audit: "none" }), row("a", "1"))).toMatchObject({
      data: { from: "[redacted]", to: "[redacted]" },
      heard: { from: { value: 1 }, to: { value: 2 } },
    });
  });

  test("the digest of a value does not hang on how a database prints it", () => {
    const event = told(put("a", "2", { audit: "hash" }), row("a", '{ "b": 1, "a": 1 }')) as { data: { from: unknown } };
    const same = told(put("a", "2", { audit: "hash" }), row("a", '{"a":1,"b":1}')) as { data: { from: unknown } };
    expect(event.data.from).toEqual(same.data.from);
  });

  test("of a secret nothing, here neither, and not of what was there before it became one", () => {
    const hidden = { key: "a", from: "[redacted]", to: "[redacted]" };
    const sealed = put("a", '"s1.k.n.c"', { isSealed: true });
    expect(told(sealed, row("a", '"clear"'))).toEqual({ type: "setting.changed", data: hidden, heard: hidden });
    expect(told(put("a", "1"), row("a", '"s1.k.n.c"', { isSealed: true }))).toMatchObject({
      data: { from: "[redacted]", to: { value: 1 } },
    });
  });

  test("the end of a value", () => {
    expect(decideUnset(put("a", "1"), { org, settings: [row("a", "1")], stock }, { now })).toMatchObject({
      result: { settings: [] },
      write: {
        changes: [{ op: "deleteSetting", key: "a" }],
        event: { type: "setting.unset", data: { key: "a", from: { value: 1 }, to: null } },
      },
    });
    expect(decideUnset(put("a", "1"), { org, settings: [], stock }, { now })).toMatchObject({ write: null });
  });
});
