import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import { acme, alice, carol, environment, fresh, member, now, settings } from "../../test/world.ts";
import { type AddMemberFacts, addMember, decideAddMember } from "./add-member.ts";

const asked = {
  orgId: acme.id,
  usrId: carol,
  role: "member",
  invitedBy: alice,
  metadata: {},
  expiresAt: null,
} as const;
const free: AddMemberFacts = { org: acme, live: null };

test("a new member begins a chain and holds the tuple of their role", () => {
  const row = {
    id: fresh.mem,
    usrId: carol,
    orgId: acme.id,
    role: "member",
    status: "active",
    replaces: null,
    invitedBy: alice,
    removedBy: null,
    createdAt: now,
    updatedAt: now,
    expiresAt: null,
    metadata: {},
  };
  expect(decideAddMember(asked, free, environment)).toEqual({
    ok: true,
    result: row,
    write: {
      org: { is: "existing", id: acme.id, status: "active", version: null },
      at: now,
      actor: alice,
      changes: [
        { op: "insertMembership", row, invId: null },
        {
          op: "insertTuple",
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
        type: "membership.added",
        data: { memId: fresh.mem, usrId: carol, role: "member", invitedBy: alice, expiresAt: null, expired: null },
      },
    },
  });
});

test("a member whom nobody invited names no actor", () => {
  const decision = decideAddMember({ ...asked, invitedBy: null }, free, environment);
  expect(decision).toMatchObject({ result: { invitedBy: null }, write: { actor: null } });
});

test.each(["owner", "admin", "member", "guest", "viewer", "editor"] as const)("somebody can be added as %s", (role) => {
  const decision = decideAddMember({ ...asked, role }, free, environment);
  expect(decision).toMatchObject({
    ok: true,
    result: { role },
    write: { changes: [{}, { op: "insertTuple", tuple: { relation: role } }] },
  });
});

test.each(["suspended", "revoked"] as const)("nobody joins a %s organization", (status) => {
  expect(decideAddMember(asked, { org: { ...acme, status }, live: null }, environment)).toEqual({
    ok: false,
    code: "precondition.org_not_active",
    details: { orgId: acme.id },
  });
});

test("nobody is an active member twice", () => {
  expect(decideAddMember(asked, { org: acme, live: member }, environment)).toEqual({
    ok: false,
    code: "conflict.duplicate_membership",
    details: { orgId: acme.id, usrId: carol },
  });
});

test("a suspension is not stepped around by being added again", () => {
  expect(decideAddMember(asked, { org: acme, live: { ...member, status: "suspended" } }, environment)).toEqual({
    ok: false,
    code: "precondition.membership_suspended",
    details: { orgId: acme.id, usrId: carol },
  });
});

describe("checks", () => {
  testPrecedence<AddMemberFacts>((facts) => codeOf(decideAddMember(asked, facts, environment)), free, [
    { code: "precondition.org_not_active", spoil: (facts) => ({ ...facts, org: { ...acme, status: "suspended" } }) },
    {
      code: "conflict.duplicate_membership",
      spoil: (facts) => ({ ...facts, live: member }),
      excludes: ["precondition.membership_suspended"],
    },
    {
      code: "precondition.membership_suspended",
      spoil: (facts) => ({ ...facts, live: { ...member, status: "suspended" } }),
    },
  ]);
});

describe("input", () => {
  testPrecedence<object>((input) => codeThrown(() => addMember.parse(settings(), input as never)), asked, [
    { code: "precondition.invalid_input", spoil: (input) => ({ ...input, status: "suspended" }) },
    { code: "invalid_id", spoil: (input) => ({ ...input, orgId: "" }) },
    { code: "invalid_type", spoil: (input) => ({ ...input, usrId: acme.id }) },
    { code: "invalid_id", spoil: (input) => ({ ...input, invitedBy: "" }) },
    { code: "precondition.invalid_role", spoil: (input) => ({ ...input, role: "boss" }) },
  ]);

  test("an inviter who is left out, undefined or null is nobody", () => {
    const { invitedBy: _, ...without } = asked;
    const nobody = { ...asked, invitedBy: null };
    expect(addMember.parse(settings(), without)).toEqual(nobody);
    expect(addMember.parse(settings(), { ...without, invitedBy: undefined } as never)).toEqual(nobody);
    expect(addMember.parse(settings(), nobody)).toEqual(nobody);
  });
});

test("it asks for the organization and the user's live membership there", () => {
  expect(addMember.scope(asked)).toEqual({ org: acme.id });
  expect(addMember.reads(asked, settings(), now)).toEqual({
    org: { read: "org", of: { org: acme.id } },
    live: { read: "liveMembership", of: { org: acme.id }, usrId: carol },
  });
  expect(addMember.find(asked, { org: acme, live: member }, now)).toEqual({
    ok: true,
    facts: { org: acme, live: member },
  });
});

test("an unknown organization is not found", () => {
  expect(addMember.find(asked, { org: null, live: null }, now)).toEqual({
    ok: false,
    code: "not_found",
    details: { what: "organization", id: acme.id },
  });
});

test("an active organization and a stranger are assumed, so that adding takes one round trip", () => {
  expect(addMember.assume?.(asked, settings())).toEqual({
    org: { id: acme.id, status: "active", version: 0 },
    live: null,
  });
});
