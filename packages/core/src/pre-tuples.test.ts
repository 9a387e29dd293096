import { expect, test } from "vitest";
import { brokenText, MEGA, noText, refusal, revoked, thrown } from "../test/value-rules.ts";
import { acme, alice, otherOrg } from "../test/world.ts";
import { preTuplesArgument } from "./input.ts";
import { ROLES } from "./model.ts";

const grant = { relation: "viewer", objectType: "project", objectId: "p1", expiresAt: null };
const check = (value: unknown) => preTuplesArgument(value, acme.id);
const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ ...grant, objectId: `p${n}` }));

test("none are an empty list", () => {
  expect(check(undefined)).toEqual([]);
  expect(check([])).toEqual([]);
});

test("a hundred are kept in order, as values of their own", () => {
  const given = numbered(100);
  const taken = check(given);
  expect(taken).toEqual(given);
  given.pop();
  Object.assign(given[0] ?? {}, { relation: "changed" });
  expect(taken).toEqual(numbered(100));
});

test("101 are too many", () => {
  const error = refusal(() => check(numbered(101)));
  expect(error.code).toBe("precondition.too_many_pre_tuples");
  expect(error.details).toEqual({ limit: 100 });
});

test("of a million only the first hundred are looked at", () => {
  const many = new Array(MEGA).fill(grant);
  many[100] = null;
  expect(refusal(() => check(many)).code).toBe("precondition.too_many_pre_tuples");
  many[99] = null;
  expect(refusal(() => check(many)).details).toEqual({ index: 99, field: null });
});

test.each<readonly [field: string, accepted: readonly string[], refused: readonly unknown[]]>([
  [
    "relation",
    ["vi", "a_b", "__", "r".repeat(32)],
    ["", "v", "VIEWER", 'viewer","admin', "viewer\n", "v1", "r".repeat(33), "r".repeat(MEGA), null, ...noText],
  ],
  [
    "objectType",
    ["project", "doc2", "my_type", "p_", "p".repeat(32)],
    ["", "P", "a", "proj-x", "1a", "_a", "project\n", "p".repeat(33), "p".repeat(MEGA), null, ...noText],
  ],
  [
    "objectId",
    ["1", "'); drop table org; --", "%", "_", "\\", "$1", "👩", " ", "o".repeat(256)],
    ["", "o".repeat(257), "o".repeat(MEGA), null, ...brokenText, ...noText],
  ],
])("a %s follows its shape", (field, accepted, refused) => {
  for (const value of accepted) {
    expect(check([{ ...grant, [field]: value }])).toEqual([{ ...grant, [field]: value }]);
  }
  for (const value of refused) {
    const error = refusal(() => check([grant, { ...grant, [field]: value }]));
    expect(error.code).toBe("precondition.invalid_pre_tuple");
    expect(error.details).toEqual({ index: 1, field });
  }
});

test("of several wrong fields the first is reported, of several wrong ones the first", () => {
  const wrong = { relation: "", objectType: "", objectId: "" };
  expect(refusal(() => check([grant, wrong, {}])).details).toEqual({ index: 1, field: "relation" });
  expect(refusal(() => check([{ ...wrong, relation: "viewer" }])).details).toEqual({ index: 0, field: "objectType" });
});

test.each<readonly [what: string, value: unknown]>([
  ["null", null],
  ["an object", { 0: grant, length: 1 }],
  ["a string", "viewer"],
  ["a Set", new Set([grant])],
])("%s is no array of them", (_, value) => {
  const error = refusal(() => check(value));
  expect(error.code).toBe("precondition.invalid_pre_tuple");
  expect(error.details).toEqual({ index: null, field: null });
});

test.each<readonly [what: string, value: unknown, field: string | null]>([
  ["null", null, null],
  ["a string", "viewer", null],
  ["an array", [], null],
  ["undefined", undefined, null],
  ["an unknown key", { ...grant, subjectId: alice }, "subjectId"],
  ["a getter that throws", Object.defineProperty({}, "relation", { get: thrown, enumerable: true }), null],
])("%s is no pre-tuple", (_, value, field) => {
  const error = refusal(() => check([grant, value]));
  expect(error.code).toBe("precondition.invalid_pre_tuple");
  expect(error.details).toEqual({ index: 1, field });
});

test("a hole is none either", () => {
  const list = Object.assign(new Array(2), { 0: grant });
  expect(refusal(() => check(list)).details).toEqual({ index: 1, field: null });
});

test("each element is read once", () => {
  let reads = 0;
  const list = Object.defineProperty([grant], 0, {
    get() {
      reads += 1;
      return grant;
    },
  });
  check(list);
  expect(reads).toBe(1);
});

test("an array that throws on reading is invalid input", () => {
  expect(refusal(() => check(Object.defineProperty([grant], 0, { get: thrown }))).code).toBe(
    "precondition.invalid_input",
  );
  expect(refusal(() => check(new Proxy([grant], { get: thrown }))).code).toBe("precondition.invalid_input");
  expect(refusal(() => check(revoked([]))).code).toBe("precondition.invalid_input");
});

test("two equal ones are refused; another spelling of the object is another object", () => {
  const error = refusal(() => check([grant, { ...grant, objectId: "p2" }, { ...grant }]));
  expect(error.code).toBe("precondition.duplicate_pre_tuple");
  expect(error.details).toEqual({ index: 2 });
  expect(check([grant, { ...grant, objectId: "P1" }])).toHaveLength(2);
});

test("values that run together are not equal", () => {
  const pair = [
    { relation: "ab", objectType: "cd", objectId: 'x","y' },
    { relation: "ab", objectType: "cd", objectId: "x" },
  ];
  expect(check(pair)).toHaveLength(2);
});

test.each(ROLES)("the role %s on an organization is granted by no invitation, not even on the own one", (relation) => {
  for (const objectId of [acme.id, otherOrg.id, "x"]) {
    const error = refusal(() => check([grant, { relation, objectType: "org", objectId }]));
    expect(error.code).toBe("precondition.reserved_relation");
    expect(error.details).toEqual({ index: 1 });
  }
  expect(check([{ relation, objectType: "project", objectId: acme.id }])).toHaveLength(1);
});

test("other relations on an organization only on the inviting one, by its id", () => {
  const onOrg = (objectId: string) => [grant, { relation: "auditor", objectType: "org", objectId }];
  expect(check(onOrg(acme.id))).toHaveLength(2);
  for (const objectId of [otherOrg.id, acme.id.slice(4), acme.id.toUpperCase()]) {
    const error = refusal(() => check(onOrg(objectId)));
    expect(error.code).toBe("precondition.foreign_org");
    expect(error.details).toEqual({ index: 1 });
  }
});

test("the rules are checked in their order, each for the whole list", () => {
  const role = { relation: "owner", objectType: "org", objectId: "x" };
  const foreign = { relation: "auditor", objectType: "org", objectId: "x" };
  const codes = [
    [foreign, role, grant, grant, null],
    [foreign, role, ...numbered(98), grant],
    [foreign, role, grant, grant],
    [foreign, role],
    [foreign],
  ].map((list) => refusal(() => check(list)).code);
  expect(codes).toEqual([
    "precondition.invalid_pre_tuple",
    "precondition.too_many_pre_tuples",
    "precondition.duplicate_pre_tuple",
    "precondition.reserved_relation",
    "precondition.foreign_org",
  ]);
});
