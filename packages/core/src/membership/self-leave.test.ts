import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import {
  acme,
  admin,
  after,
  alice,
  bob,
  carol,
  environment,
  fresh,
  idNo,
  member,
  membership,
  now,
  owner,
  settings,
} from "../../test/world.ts";
import type { Membership, UsrId } from "../model.ts";
import { decideSelfLeave, type SelfLeaveFacts, selfLeave } from "./self-leave.ts";

const alone = { transferTo: null };
const facts = { membership: member, org: acme, otherOwner: true, successor: null } satisfies SelfLeaveFacts;
const soleOwner = { ...facts, membership: owner, otherOwner: false } satisfies SelfLeaveFacts;
const coOwner: Membership = membership({ id: idNo("mem", 4), usrId: bob, role: "owner" });

test("a member who leaves ends their row, and nobody removed them", () => {
  const row = { ...member, status: "revoked", updatedAt: now };
  expect(decideSelfLeave(alone, facts, environment)).toEqual({
    ok: true,
    result: row,
    write: {
      org: { is: "existing", id: acme.id, status: null, version: null },
      at: now,
      actor: carol,
      changes: [
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
        type: "membership.left",
        data: { memId: member.id, usrId: carol, role: "member", from: "active", transfer: null },
      },
    },
  });
});

test("a suspended member may leave, and holds no role tuple to delete", () => {
  const membership: Membership = { ...member, status: "suspended" };
  expect(decideSelfLeave(alone, { ...facts, membership }, environment)).toMatchObject({
    ok: true,
    result: { status: "revoked", removedBy: null },
    write: {
      changes: [{ op: "updateMembership", expect: { status: "suspended" } }],
      event: { data: { from: "suspended" } },
    },
  });
});

test("a suspended owner is not the sole owner, and leaves like any member", () => {
  const membership: Membership = { ...owner, status: "suspended" };
  expect(decideSelfLeave(alone, { ...soleOwner, membership }, environment)).toMatchObject({
    ok: true,
    write: { org: { version: null } },
  });
});

test("it works in a suspended organization", () => {
  const org = { ...acme, status: "suspended" } as const;
  expect(decideSelfLeave(alone, { ...facts, org }, environment)).toMatchObject({ ok: true });
});

test("a sole owner cannot leave", () => {
  expect(decideSelfLeave(alone, soleOwner, environment)).toEqual({
    ok: false,
    code: "conflict.sole_owner",
    details: { orgId: acme.id },
  });
});

test("an owner beside another one leaves only if the organization is unchanged", () => {
  expect(decideSelfLeave(alone, { ...soleOwner, otherOwner: true }, environment)).toMatchObject({
    ok: true,
    write: { org: { status: null, version: acme.version } },
  });
});

test("a successor becomes owner in the same commit", () => {
  const successor = { ...admin, invitedBy: alice };
  const left = { ...owner, status: "revoked", updatedAt: now };
  const promoted = {
    ...successor,
    id: fresh.mem,
    role: "owner",
    replaces: admin.id,
    createdAt: now,
    updatedAt: now,
  };
  const tuple = { subjectType: "usr", objectType: "org", objectId: acme.id, expiresAt: null };
  expect(decideSelfLeave({ transferTo: bob }, { ...soleOwner, successor }, environment)).toEqual({
    ok: true,
    result: left,
    write: {
      org: { is: "existing", id: acme.id, status: null, version: null },
      at: now,
      actor: alice,
      changes: [
        { op: "updateMembership", row: left, expect: { status: "active", updatedAt: owner.updatedAt } },
        { op: "deleteTuple", tuple: { ...tuple, subjectId: alice, relation: "owner" } },
        {
          op: "updateMembership",
          row: { ...successor, status: "revoked", updatedAt: now },
          expect: { status: "active", updatedAt: admin.updatedAt },
        },
        { op: "deleteTuple", tuple: { ...tuple, subjectId: bob, relation: "admin" } },
        { op: "insertMembership", row: promoted, invId: null },
        { op: "insertTuple", tuple: { ...tuple, subjectId: bob, relation: "owner" } },
      ],
      event: {
        type: "membership.left",
        data: {
          memId: owner.id,
          usrId: alice,
          role: "owner",
          from: "active",
          transfer: { usrId: bob, memId: fresh.mem, replaces: admin.id, fromRole: "admin" },
        },
      },
    },
  });
});

test("a hand-over that is asked for happens also where other owners exist", () => {
  const given = { ...soleOwner, otherOwner: true, successor: admin };
  expect(decideSelfLeave({ transferTo: bob }, given, environment)).toMatchObject({
    write: { event: { data: { transfer: { usrId: bob, fromRole: "admin" } } } },
  });
});

test("a successor who is owner already stays as they are, and must still be owner at the commit", () => {
  const given = { ...soleOwner, otherOwner: true, successor: coOwner };
  expect(decideSelfLeave({ transferTo: bob }, given, environment)).toMatchObject({
    ok: true,
    write: {
      org: { status: null, version: null },
      changes: [
        { op: "updateMembership", row: { id: owner.id } },
        { op: "deleteTuple" },
        { op: "expectMembership", memId: coOwner.id, expect: { status: "active", updatedAt: coOwner.updatedAt } },
      ],
      event: { data: { transfer: { usrId: bob, memId: coOwner.id, replaces: null, fromRole: "owner" } } },
    },
  });
});

test("under a frozen clock the successor's new row begins a millisecond after the old one, and the leaver ends then", () => {
  const successor = { ...admin, createdAt: now, updatedAt: now };
  expect(decideSelfLeave({ transferTo: bob }, { ...soleOwner, successor }, environment)).toMatchObject({
    result: { updatedAt: after(1) },
    write: {
      at: after(1),
      changes: [{}, {}, { row: { updatedAt: after(1) } }, {}, { row: { createdAt: after(1) } }, {}],
    },
  });
});

test("nobody is their own successor", () => {
  expect(decideSelfLeave({ transferTo: alice }, { ...soleOwner, successor: owner }, environment)).toEqual({
    ok: false,
    code: "precondition.self_transfer",
    details: { usrId: alice },
  });
});

test.each<readonly [who: string, leaver: Membership]>([
  ["who is no owner", member],
  ["who is a suspended owner", { ...owner, status: "suspended" }],
])("somebody %s has nothing to hand over", (_, leaver) => {
  const given = { ...facts, membership: leaver, successor: admin };
  expect(decideSelfLeave({ transferTo: bob }, given, environment)).toEqual({
    ok: false,
    code: "precondition.from_not_owner",
    details: { memId: leaver.id },
  });
});

test.each<readonly [who: string, successor: Membership | null]>([
  ["a stranger", null],
  ["a suspended member", { ...admin, status: "suspended" }],
])("%s cannot become the successor", (_, successor) => {
  expect(decideSelfLeave({ transferTo: bob }, { ...soleOwner, successor }, environment)).toEqual({
    ok: false,
    code: "not_found",
    details: { what: "member", id: bob },
  });
});

test("nobody leaves twice", () => {
  const membership: Membership = { ...member, status: "revoked" };
  expect(decideSelfLeave(alone, { ...facts, membership }, environment)).toEqual({
    ok: false,
    code: "precondition.mem_not_active",
    details: { memId: member.id, status: "revoked" },
  });
});

describe("checks with a successor", () => {
  interface Asked {
    readonly transferTo: UsrId;
    readonly facts: SelfLeaveFacts;
  }
  const given: Asked = { transferTo: bob, facts: { ...soleOwner, successor: admin } };
  testPrecedence<Asked>(({ transferTo, facts }) => codeOf(decideSelfLeave({ transferTo }, facts, environment)), given, [
    {
      code: "precondition.mem_not_active",
      spoil: ({ transferTo, facts }) => ({
        transferTo,
        facts: { ...facts, membership: { ...facts.membership, status: "revoked" } },
      }),
    },
    { code: "precondition.self_transfer", spoil: ({ facts }) => ({ transferTo: alice, facts }) },
    {
      code: "precondition.from_not_owner",
      spoil: ({ transferTo, facts }) => ({
        transferTo,
        facts: { ...facts, membership: { ...facts.membership, role: "admin" } },
      }),
    },
    { code: "not_found", spoil: ({ transferTo, facts }) => ({ transferTo, facts: { ...facts, successor: null } }) },
  ]);
});

describe("checks without a successor", () => {
  testPrecedence<SelfLeaveFacts>(
    (given) => codeOf(decideSelfLeave(alone, given, environment)),
    { ...soleOwner, otherOwner: true },
    [
      {
        code: "precondition.mem_not_active",
        spoil: (given) => ({ ...given, membership: { ...given.membership, status: "revoked" } }),
      },
      { code: "conflict.sole_owner", spoil: (given) => ({ ...given, otherOwner: false }) },
    ],
  );
});

describe("input", () => {
  testPrecedence<object>(
    (input) => codeThrown(() => selfLeave.parse(settings(), input as never)),
    { memId: owner.id, transferTo: bob },
    [
      { code: "precondition.invalid_input", spoil: (input) => ({ ...input, transferto: bob }) },
      { code: "invalid_type", spoil: (input) => ({ ...input, memId: alice }) },
      { code: "invalid_id", spoil: (input) => ({ ...input, transferTo: "" }) },
    ],
  );

  test("a successor who is left out, undefined or null is nobody", () => {
    const nobody = { memId: owner.id, transferTo: null };
    expect(selfLeave.parse(settings(), { memId: owner.id })).toEqual(nobody);
    expect(selfLeave.parse(settings(), { memId: owner.id, transferTo: undefined } as never)).toEqual(nobody);
    expect(selfLeave.parse(settings(), nobody)).toEqual(nobody);
  });
});

test("it asks for the membership, its organization, other owners and the successor", () => {
  const asked = { memId: owner.id, transferTo: bob };
  expect(selfLeave.scope(asked)).toEqual({ membership: owner.id });
  expect(selfLeave.reads(asked, settings(), now)).toEqual({
    membership: { read: "membership", memId: owner.id },
    org: { read: "org", of: { membership: owner.id } },
    owners: { read: "owners", of: { membership: owner.id }, take: 2 },
    successor: { read: "liveMembership", of: { membership: owner.id }, usrId: bob },
  });
  const { membership, org, successor } = soleOwner;
  const answers = { membership, org, successor, owners: [owner.id] };
  expect(selfLeave.find(asked, answers, now)).toEqual({ ok: true, facts: soleOwner });
});

test("an unknown membership is not found", () => {
  const nothing = { membership: null, org: null, owners: [], successor: null };
  expect(selfLeave.find({ memId: owner.id, transferTo: null }, nothing, now)).toEqual({
    ok: false,
    code: "not_found",
    details: { what: "membership", id: owner.id },
  });
});
