import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import {
  acme,
  admin,
  after,
  alice,
  bob,
  environment,
  fresh,
  idNo,
  member,
  membership,
  now,
  otherOrg,
  owner,
  settings,
} from "../../test/world.ts";
import { decideTransferOwnership, type TransferOwnershipFacts, transferOwnership } from "./transfer-ownership.ts";

const facts: TransferOwnershipFacts = { org: acme, from: owner, to: admin };

test("ownership moves in one commit: the receiver becomes owner, the giver member", () => {
  const gave = {
    ...owner,
    id: fresh.mem,
    role: "member",
    replaces: owner.id,
    createdAt: now,
    updatedAt: now,
  };
  const received = {
    ...admin,
    id: fresh.otherMem,
    role: "owner",
    replaces: admin.id,
    createdAt: now,
    updatedAt: now,
  };
  const tuple = { subjectType: "usr", objectType: "org", objectId: acme.id, expiresAt: null };
  expect(decideTransferOwnership({}, facts, environment)).toEqual({
    ok: true,
    result: { fromMembership: gave, toMembership: received },
    write: {
      org: { is: "existing", id: acme.id, status: null, version: null },
      at: now,
      actor: alice,
      changes: [
        {
          op: "updateMembership",
          row: { ...owner, status: "revoked", updatedAt: now },
          expect: { status: "active", updatedAt: owner.updatedAt },
        },
        { op: "deleteTuple", tuple: { ...tuple, subjectId: alice, relation: "owner" } },
        { op: "insertMembership", row: gave, invId: null },
        { op: "insertTuple", tuple: { ...tuple, subjectId: alice, relation: "member" } },
        {
          op: "updateMembership",
          row: { ...admin, status: "revoked", updatedAt: now },
          expect: { status: "active", updatedAt: admin.updatedAt },
        },
        { op: "deleteTuple", tuple: { ...tuple, subjectId: bob, relation: "admin" } },
        { op: "insertMembership", row: received, invId: null },
        { op: "insertTuple", tuple: { ...tuple, subjectId: bob, relation: "owner" } },
      ],
      event: {
        type: "ownership.transferred",
        data: {
          from: { usrId: alice, memId: fresh.mem, replaces: owner.id },
          to: { usrId: bob, memId: fresh.otherMem, replaces: admin.id, fromRole: "admin" },
        },
      },
    },
  });
});

test("a receiver who is owner already keeps their row, and must still be owner at the commit", () => {
  const coOwner = membership({ id: idNo("mem", 4), usrId: bob, role: "owner" });
  expect(decideTransferOwnership({}, { ...facts, to: coOwner }, environment)).toMatchObject({
    ok: true,
    result: { fromMembership: { id: fresh.mem, role: "member" }, toMembership: coOwner },
    write: {
      changes: [
        {},
        {},
        {},
        {},
        { op: "expectMembership", memId: coOwner.id, expect: { status: "active", updatedAt: coOwner.updatedAt } },
      ],
      event: { data: { to: { usrId: bob, memId: coOwner.id, replaces: null, fromRole: "owner" } } },
    },
  });
});

test.each([
  ["giver", { ...facts, from: { ...owner, createdAt: after(4), updatedAt: after(4) } }],
  ["receiver", { ...facts, to: { ...admin, createdAt: after(4), updatedAt: after(4) } }],
])("if the %s's row began ahead of the clock, both links begin a millisecond after it", (_, given) => {
  expect(decideTransferOwnership({}, given, environment)).toMatchObject({
    result: { fromMembership: { createdAt: after(5) }, toMembership: { createdAt: after(5) } },
    write: { at: after(5) },
  });
});

test("where the receiver is owner already, the giver's link alone sets the time", () => {
  const coOwner = membership({
    id: idNo("mem", 4),
    usrId: bob,
    role: "owner",
    createdAt: after(9),
    updatedAt: after(9),
  });
  const from = { ...owner, createdAt: now, updatedAt: now };
  expect(decideTransferOwnership({}, { ...facts, from, to: coOwner }, environment)).toMatchObject({
    result: { fromMembership: { createdAt: after(1) } },
    write: { at: after(1) },
  });
});

test("it works in a suspended organization", () => {
  const org = { ...acme, status: "suspended" } as const;
  expect(decideTransferOwnership({}, { ...facts, org }, environment)).toMatchObject({ ok: true });
});

test.each(["suspended", "revoked"] as const)("a giver or receiver who is %s is refused", (status) => {
  expect(decideTransferOwnership({}, { ...facts, from: { ...owner, status } }, environment)).toEqual({
    ok: false,
    code: "precondition.from_not_active",
    details: { memId: owner.id, status },
  });
  expect(decideTransferOwnership({}, { ...facts, to: { ...admin, status } }, environment)).toEqual({
    ok: false,
    code: "precondition.to_not_active",
    details: { memId: admin.id, status },
  });
});

test.each([
  ["giver", { ...facts, from: { ...owner, orgId: otherOrg.id } }],
  ["receiver", { ...facts, to: { ...admin, orgId: otherOrg.id } }],
])("a %s of another organization is refused", (_, given) => {
  expect(decideTransferOwnership({}, given, environment)).toEqual({
    ok: false,
    code: "precondition.org_mismatch",
    details: { orgId: acme.id },
  });
});

test("only an owner has ownership to give", () => {
  expect(decideTransferOwnership({}, { ...facts, from: member }, environment)).toEqual({
    ok: false,
    code: "precondition.from_not_owner",
    details: { memId: member.id },
  });
});

test("an owner cannot give to themself", () => {
  expect(decideTransferOwnership({}, { ...facts, to: owner }, environment)).toEqual({
    ok: false,
    code: "precondition.self_transfer",
    details: { usrId: alice },
  });
});

describe("checks", () => {
  testPrecedence<TransferOwnershipFacts>((given) => codeOf(decideTransferOwnership({}, given, environment)), facts, [
    {
      code: "precondition.from_not_active",
      spoil: (given) => ({ ...given, from: { ...given.from, status: "suspended" } }),
    },
    {
      code: "precondition.to_not_active",
      spoil: (given) => ({ ...given, to: { ...given.to, status: "suspended" } }),
    },
    { code: "precondition.org_mismatch", spoil: (given) => ({ ...given, to: { ...given.to, orgId: otherOrg.id } }) },
    { code: "precondition.from_not_owner", spoil: (given) => ({ ...given, from: { ...given.from, role: "admin" } }) },
    { code: "precondition.self_transfer", spoil: (given) => ({ ...given, to: { ...given.to, usrId: alice } }) },
  ]);
});

const asked = { orgId: acme.id, fromMemId: owner.id, toMemId: admin.id };

describe("input", () => {
  testPrecedence<object>((input) => codeThrown(() => transferOwnership.parse(settings(), input as never)), asked, [
    { code: "precondition.invalid_input", spoil: (input) => ({ ...input, fromMemid: owner.id }) },
    { code: "invalid_type", spoil: (input) => ({ ...input, orgId: alice }) },
    { code: "invalid_id", spoil: (input) => ({ ...input, fromMemId: "mem" }) },
    { code: "invalid_type", spoil: (input) => ({ ...input, toMemId: alice }) },
  ]);
});

describe("existence", () => {
  test("it asks for the organization and both memberships", () => {
    expect(transferOwnership.scope(asked)).toEqual({ org: acme.id });
    expect(transferOwnership.reads(asked, settings(), now)).toEqual({
      org: { read: "org", of: { org: acme.id } },
      from: { read: "membership", memId: owner.id },
      to: { read: "membership", memId: admin.id },
    });
    expect(transferOwnership.find(asked, facts, now)).toEqual({ ok: true, facts });
  });

  test.each([
    [
      { org: null, from: null, to: null },
      { what: "organization", id: acme.id },
    ],
    [
      { org: acme, from: null, to: null },
      { what: "membership", id: owner.id },
    ],
    [
      { org: acme, from: owner, to: null },
      { what: "membership", id: admin.id },
    ],
  ])("of several things that do not exist the first of the signature is reported", (answers, details) => {
    expect(transferOwnership.find(asked, answers, now)).toEqual({ ok: false, code: "not_found", details });
  });
});
