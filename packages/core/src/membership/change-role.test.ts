import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import {
  acme,
  admin,
  after,
  alice,
  carol,
  environment,
  fresh,
  member,
  now,
  owner,
  settings,
} from "../../test/world.ts";
import type { Membership } from "../model.ts";
import { type ChangeRoleFacts, changeRole, decideChangeRole } from "./change-role.ts";

const facts = { membership: member, org: acme, otherOwner: true } satisfies ChangeRoleFacts;

test("a role change ends the row and begins its successor at the same instant", () => {
  const row = {
    id: fresh.mem,
    usrId: carol,
    orgId: acme.id,
    role: "admin",
    status: "active",
    replaces: member.id,
    invitedBy: alice,
    removedBy: null,
    createdAt: now,
    updatedAt: now,
    expiresAt: null,
    metadata: {},
  };
  expect(decideChangeRole({ newRole: "admin" }, facts, environment)).toEqual({
    ok: true,
    result: row,
    write: {
      org: { is: "existing", id: acme.id, status: "active", version: null },
      at: now,
      actor: null,
      changes: [
        {
          op: "updateMembership",
          row: { ...member, status: "revoked", updatedAt: now },
          expect: { status: "active", updatedAt: member.updatedAt },
        },
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
        { op: "insertMembership", row, invId: null },
        {
          op: "insertTuple",
          tuple: {
            subjectType: "usr",
            subjectId: carol,
            relation: "admin",
            objectType: "org",
            objectId: acme.id,
            expiresAt: null,
          },
        },
      ],
      event: {
        type: "membership.role_changed",
        data: { memId: fresh.mem, replaces: member.id, usrId: carol, from: "member", to: "admin" },
      },
    },
  });
});

test("the same role again changes nothing", () => {
  expect(decideChangeRole({ newRole: "member" }, facts, environment)).toEqual({
    ok: true,
    result: member,
    write: null,
  });
});

test("the sole owner stays owner without a change", () => {
  const sole = { ...facts, membership: owner, otherOwner: false };
  expect(decideChangeRole({ newRole: "owner" }, sole, environment)).toEqual({ ok: true, result: owner, write: null });
});

test("a sole owner cannot be demoted", () => {
  const sole = { ...facts, membership: owner, otherOwner: false };
  expect(decideChangeRole({ newRole: "admin" }, sole, environment)).toEqual({
    ok: false,
    code: "conflict.sole_owner",
    details: { orgId: acme.id },
  });
});

test("an owner beside another one is demoted only if the organization is unchanged", () => {
  expect(decideChangeRole({ newRole: "admin" }, { ...facts, membership: owner }, environment)).toMatchObject({
    ok: true,
    write: { org: { status: null, version: acme.version } },
  });
});

test("a promotion to owner takes no owner away, so the organization need only be active", () => {
  expect(decideChangeRole({ newRole: "owner" }, { ...facts, membership: admin }, environment)).toMatchObject({
    ok: true,
    write: { org: { status: "active", version: null } },
  });
});

test.each(["suspended", "revoked"] as const)("the role of a %s membership cannot change", (status) => {
  const membership: Membership = { ...member, status };
  expect(decideChangeRole({ newRole: "admin" }, { ...facts, membership }, environment)).toEqual({
    ok: false,
    code: "precondition.mem_not_active",
    details: { memId: member.id, status },
  });
});

test("in an organization that is not active roles do not change, not even to the same one", () => {
  const org = { ...acme, status: "suspended" } as const;
  expect(decideChangeRole({ newRole: "member" }, { ...facts, org }, environment)).toEqual({
    ok: false,
    code: "precondition.org_not_active",
    details: { orgId: acme.id },
  });
});

test("under a frozen clock the successor begins a millisecond after the row that it replaces", () => {
  const membership = { ...member, createdAt: now, updatedAt: now };
  expect(decideChangeRole({ newRole: "admin" }, { ...facts, membership }, environment)).toMatchObject({
    result: { createdAt: after(1), updatedAt: after(1) },
    write: { at: after(1), changes: [{ row: { updatedAt: after(1) } }, {}, {}, {}] },
  });
});

describe("checks", () => {
  const given: ChangeRoleFacts = { ...facts, membership: owner };
  testPrecedence<ChangeRoleFacts>(
    (facts) => codeOf(decideChangeRole({ newRole: "admin" }, facts, environment)),
    given,
    [
      {
        code: "precondition.mem_not_active",
        spoil: (facts) => ({ ...facts, membership: { ...facts.membership, status: "suspended" } }),
      },
      { code: "precondition.org_not_active", spoil: (facts) => ({ ...facts, org: { ...acme, status: "suspended" } }) },
      { code: "conflict.sole_owner", spoil: (facts) => ({ ...facts, otherOwner: false }) },
    ],
  );
});

describe("input", () => {
  testPrecedence<object>(
    (input) => codeThrown(() => changeRole.parse(settings(), input as never)),
    { memId: member.id, newRole: "admin" },
    [
      { code: "precondition.invalid_input", spoil: (input) => ({ ...input, role: "admin" }) },
      { code: "invalid_type", spoil: (input) => ({ ...input, memId: alice }) },
      { code: "precondition.invalid_role", spoil: (input) => ({ ...input, newRole: "Admin" }) },
    ],
  );
});

test("it asks for the membership, its organization and whether another owner is there", () => {
  const asked = { memId: member.id, newRole: "admin" } as const;
  expect(changeRole.scope(asked)).toEqual({ membership: member.id });
  expect(changeRole.reads(asked, settings(), now)).toEqual({
    membership: { read: "membership", memId: member.id },
    org: { read: "org", of: { membership: member.id } },
    owners: { read: "owners", of: { membership: member.id }, take: 2 },
  });
  const { membership, org } = facts;
  expect(changeRole.find(asked, { membership, org, owners: [member.id, owner.id] }, now)).toEqual({ ok: true, facts });
});

test("an unknown membership is not found", () => {
  const asked = { memId: member.id, newRole: "admin" } as const;
  expect(changeRole.find(asked, { membership: null, org: null, owners: [] }, now)).toEqual({
    ok: false,
    code: "not_found",
    details: { what: "membership", id: member.id },
  });
});
