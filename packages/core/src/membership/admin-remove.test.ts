import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import {
  acme,
  admin,
  alice,
  bob,
  carol,
  environment,
  idNo,
  member,
  membership,
  now,
  owner,
  settings,
} from "../../test/world.ts";
import { type Membership, ROLES, type Role } from "../model.ts";
import { type AdminRemoveFacts, adminRemove, decideAdminRemove } from "./admin-remove.ts";

const facts = { membership: member, org: acme, admin } satisfies AdminRemoveFacts;
const byBob = { adminUsrId: bob };

test("a removal ends the row, names the admin and deletes the role tuple", () => {
  const row = { ...member, status: "revoked", removedBy: bob, updatedAt: now };
  expect(decideAdminRemove(byBob, facts, environment)).toEqual({
    ok: true,
    result: row,
    write: {
      org: { is: "existing", id: acme.id, status: null, version: null },
      at: now,
      actor: bob,
      changes: [
        { op: "expectMember", usrId: bob, roles: ["owner", "admin"], at: now },
        { op: "updateMembership", row, expect: { status: "active", updatedAt: member.updatedAt } },
        {
          op: "deleteTuple",
          tuple: {
            subjectType: "usr",
            subjectId: carol,
            relation: "member",
            objectType: "org",
            objectId: acme.id,
            expiresAt: null,
          },
        },
      ],
      event: {
        type: "membership.removed",
        data: { memId: member.id, usrId: carol, role: "member", from: "active", removedBy: bob },
      },
    },
  });
});

test("a suspended target is removed; it has no role tuple to delete", () => {
  const suspended: Membership = { ...member, status: "suspended" };
  const decision = decideAdminRemove(byBob, { ...facts, membership: suspended }, environment);
  expect(decision).toMatchObject({
    ok: true,
    result: { status: "revoked", removedBy: bob },
    write: {
      changes: [{ op: "expectMember" }, { op: "updateMembership", expect: { status: "suspended" } }],
      event: { data: { from: "suspended" } },
    },
  });
});

test("an admin who removes themself needs authority as over anybody else", () => {
  const decision = decideAdminRemove(byBob, { ...facts, membership: admin }, environment);
  expect(decision).toMatchObject({
    ok: true,
    write: {
      changes: [{ op: "expectMember" }, { op: "updateMembership", row: { id: admin.id } }, { op: "deleteTuple" }],
    },
  });
});

test("it works in a suspended organization", () => {
  const org = { ...acme, status: "suspended" } as const;
  expect(decideAdminRemove(byBob, { ...facts, org }, environment)).toMatchObject({ ok: true });
});

/** Who may remove whom, with an active admin and an active target: the code of the refusal, or `null`. */
const verdicts: readonly (readonly [by: Role | "nobody", target: Role, code: string | null])[] = [
  ["owner", "owner", "forbidden.role_hierarchy"],
  ["owner", "admin", null],
  ["owner", "member", null],
  ["owner", "guest", null],
  ["owner", "viewer", "precondition.scope_mismatch"],
  ["owner", "editor", "precondition.scope_mismatch"],
  ["admin", "owner", "forbidden.role_hierarchy"],
  ["admin", "admin", null],
  ["admin", "member", null],
  ["admin", "guest", null],
  ["admin", "viewer", "precondition.scope_mismatch"],
  ["admin", "editor", "precondition.scope_mismatch"],
  ...ROLES.flatMap((target) =>
    (["member", "guest", "viewer", "editor", "nobody"] as const).map((by) => [by, target, "forbidden"] as const),
  ),
];

test.each(verdicts)("what a removal by %s of one who is %s is answered: %s", (by, role, code) => {
  const remover = by === "nobody" ? null : membership({ id: idNo("mem", 9), usrId: bob, role: by });
  const decision = decideAdminRemove(byBob, { ...facts, membership: { ...member, role }, admin: remover }, environment);
  expect(codeOf(decision)).toBe(code);
});

test("a suspended admin has no authority", () => {
  const suspended: Membership = { ...admin, status: "suspended" };
  expect(decideAdminRemove(byBob, { ...facts, admin: suspended }, environment)).toEqual({
    ok: false,
    code: "forbidden",
    details: { subject: "admin", usrId: bob },
  });
});

test("not even a suspended owner is removed", () => {
  const suspended: Membership = { ...owner, status: "suspended" };
  expect(decideAdminRemove(byBob, { ...facts, membership: suspended }, environment)).toEqual({
    ok: false,
    code: "forbidden.role_hierarchy",
    details: { usrId: bob, role: "owner" },
  });
});

test("what has ended is not removed", () => {
  const revoked: Membership = { ...member, status: "revoked" };
  expect(decideAdminRemove(byBob, { ...facts, membership: revoked }, environment)).toEqual({
    ok: false,
    code: "precondition.mem_not_active",
    details: { memId: member.id, status: "revoked" },
  });
});

test("a role without rank is no matter of removal", () => {
  const viewer: Membership = { ...member, role: "viewer" };
  expect(decideAdminRemove(byBob, { ...facts, membership: viewer }, environment)).toEqual({
    ok: false,
    code: "precondition.scope_mismatch",
    details: { memId: member.id, role: "viewer" },
  });
});

describe("checks", () => {
  const withRole = (role: Role) => (given: AdminRemoveFacts) => ({
    ...given,
    membership: { ...given.membership, role },
  });
  testPrecedence<AdminRemoveFacts>((given) => codeOf(decideAdminRemove(byBob, given, environment)), facts, [
    {
      code: "precondition.mem_not_active",
      spoil: (given) => ({ ...given, membership: { ...given.membership, status: "revoked" } }),
    },
    { code: "forbidden", spoil: (given) => ({ ...given, admin: null }) },
    {
      code: "forbidden.role_hierarchy",
      spoil: withRole("owner"),
      excludes: ["precondition.scope_mismatch"],
    },
    { code: "precondition.scope_mismatch", spoil: withRole("viewer") },
  ]);

  test("missing authority answers before a role without rank", () => {
    const given = { ...withRole("viewer")(facts), admin: null };
    expect(codeOf(decideAdminRemove(byBob, given, environment))).toBe("forbidden");
  });
});

describe("input", () => {
  testPrecedence<object>(
    (input) => codeThrown(() => adminRemove.parse(settings(), input as never)),
    { memId: member.id, adminUsrId: bob },
    [
      { code: "precondition.invalid_input", spoil: (input) => ({ ...input, removedBy: alice }) },
      { code: "invalid_type", spoil: (input) => ({ ...input, memId: alice }) },
      { code: "invalid_id", spoil: (input) => ({ ...input, adminUsrId: undefined }) },
    ],
  );
});

test("it asks for the membership, its organization and the admin's membership there", () => {
  const asked = { memId: member.id, adminUsrId: bob };
  expect(adminRemove.scope(asked)).toEqual({ membership: member.id });
  expect(adminRemove.reads(asked, settings(), now)).toEqual({
    membership: { read: "membership", memId: member.id },
    org: { read: "org", of: { membership: member.id } },
    admin: { read: "liveMembership", of: { membership: member.id }, usrId: bob },
  });
  expect(adminRemove.find(asked, facts, now)).toEqual({ ok: true, facts });
});

test("an unknown membership is not found", () => {
  const asked = { memId: member.id, adminUsrId: bob };
  expect(adminRemove.find(asked, { membership: null, org: null, admin: null }, now)).toEqual({
    ok: false,
    code: "not_found",
    details: { what: "membership", id: member.id },
  });
});
