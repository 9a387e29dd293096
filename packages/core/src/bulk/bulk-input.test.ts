import { expect, test } from "vitest";
import { codeThrown } from "../../test/precedence.ts";
import { acme, alice, idNo, settings } from "../../test/world.ts";
import { isTenancyError } from "../errors.ts";
import { addMembers } from "./add-members.ts";
import { changeRoles } from "./change-roles.ts";
import { createInvitations } from "./create-invitations.ts";
import { removeMembers } from "./remove-members.ts";

const parse = (input: unknown) => addMembers.parse(settings(), input as never);
const good = { usrId: alice, role: "member" };

test("what is left out has its default", () => {
  const row = { orgId: acme.id, usrId: alice, role: "member", invitedBy: null, metadata: {}, expiresAt: null };
  expect(parse({ orgId: acme.id, rows: [good] })).toEqual({
    orgId: acme.id,
    mode: "all",
    dryRun: false,
    rows: [{ ok: true, row }],
  });
});

test("of no row nothing happens, and 10,000 are not too many", () => {
  expect(parse({ orgId: acme.id, rows: [] }).rows).toEqual([]);
  expect(parse({ orgId: acme.id, rows: Array(10_000).fill(good) }).rows).toHaveLength(10_000);
});

test.each<readonly [code: string, input: unknown]>([
  ["precondition.invalid_input", null],
  ["precondition.invalid_input", { orgId: acme.id, rows: [good], x: 1 }],
  ["invalid_type", { orgId: alice, rows: 1, mode: 1 }],
  ["precondition.invalid_input", { orgId: acme.id, rows: [good], mode: "some" }],
  ["precondition.invalid_input", { orgId: acme.id, rows: [good], mode: null }],
  ["precondition.invalid_input", { orgId: acme.id, rows: [good], dryRun: 1 }],
  ["precondition.invalid_input", { orgId: acme.id }],
  ["precondition.invalid_input", { orgId: acme.id, rows: { length: 1 } }],
  ["precondition.invalid_input", { orgId: acme.id, rows: new Proxy([], { get: () => -1 }) }],
  ["precondition.invalid_input", { orgId: acme.id, rows: new Proxy([], { get: () => 0.5 }) }],
  ["precondition.invalid_input", { orgId: acme.id, rows: new Proxy([], { get: () => "1" }) }],
  ["precondition.too_many_rows", { orgId: acme.id, rows: Array(10_001).fill(null) }],
])("%s of %j", (code, input) => {
  expect(codeThrown(() => parse(input))).toBe(code);
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test("the first malformed row refuses the call, and its error says which it is", () => {
  const rows = [good, { ...good, role: "king" }, { ...good, usrId: acme.id }];
  const error = thrownBy(() => parse({ orgId: acme.id, rows }));
  expect(isTenancyError(error, "precondition.invalid_role") && error.details.row).toBe(1);
});

test("in mode each and in a dry run a malformed row is reported like any other", () => {
  const rows = Object.assign([good, { ...good, role: "king" }], { 3: "row" });
  for (const asked of [{ mode: "each" }, { dryRun: true }]) {
    expect(parse({ orgId: acme.id, rows, ...asked }).rows).toMatchObject([
      { ok: true },
      { ok: false, code: "precondition.invalid_role" },
      { ok: false, code: "precondition.invalid_input" },
      { ok: false, code: "precondition.invalid_input" },
    ]);
  }
});

test("a row is of no organization of its own", () => {
  expect(codeThrown(() => parse({ orgId: acme.id, rows: [{ ...good, orgId: acme.id }] }))).toBe(
    "precondition.invalid_input",
  );
});

test("a function of the host's that fails is no matter of a row", () => {
  const canonical = () => {
    throw new Error("the host's");
  };
  const row = { identifier: "a", role: "member", invitedBy: alice, expiresAt: new Date(1) };
  const call = { orgId: acme.id, rows: [row], mode: "each" } as never;
  const own = settings({ identifierPolicy: { name: "own", canonical } });
  expect(codeThrown(() => createInvitations.parse(own, call))).toBe("internal.unexpected");
});

test("rows of the other operations are those of the single ones", () => {
  const memId = idNo("mem", 3);
  expect(changeRoles.parse(settings(), { orgId: acme.id, rows: [{ memId, newRole: "guest" }] }).rows).toEqual([
    { ok: true, row: { memId, newRole: "guest" } },
  ]);
  expect(removeMembers.parse(settings(), { orgId: acme.id, rows: [{ memId, adminUsrId: alice }] }).rows).toEqual([
    { ok: true, row: { memId, adminUsrId: alice } },
  ]);
});

test("a call carries at most 100,000 grants", () => {
  const preTuples = Array.from({ length: 100 }, (_, number) => ({
    relation: "editor",
    objectType: "project",
    objectId: `p${number}`,
  }));
  const row = { identifier: "a", role: "member", invitedBy: alice, expiresAt: new Date(1), preTuples } as const;
  const rows = Array(1000).fill(row);
  expect(createInvitations.parse(settings(), { orgId: acme.id, rows }).rows).toHaveLength(1000);
  const oneMore = [...rows, { ...row, preTuples: preTuples.slice(0, 1) }, { ...row, role: "king" }];
  expect(codeThrown(() => createInvitations.parse(settings(), { orgId: acme.id, rows: oneMore, mode: "each" }))).toBe(
    "precondition.too_many_pre_tuples",
  );
});
