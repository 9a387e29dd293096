import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import { acme, after, alice, carol, environment, member, now, owner, settings } from "../../test/world.ts";
import type { Membership } from "../model.ts";
import {
  decideReinstateMembership,
  decideSuspendMembership,
  type ReinstateMembershipFacts,
  reinstateMembership,
  type SuspendMembershipFacts,
  suspendMembership,
} from "./suspension.ts";

const addressed = { memId: member.id };
const tuple = {
  subjectType: "usr",
  subjectId: carol,
  relation: "member",
  objectType: "org",
  objectId: acme.id,
  expiresAt: null,
};

describe("suspendMembership", () => {
  const facts = { membership: member, org: acme, otherOwner: true } satisfies SuspendMembershipFacts;

  test("the same row is suspended and its role tuple is gone", () => {
    const row = { ...member, status: "suspended", updatedAt: now };
    expect(decideSuspendMembership(addressed, facts, environment)).toEqual({
      ok: true,
      result: row,
      write: {
        org: { is: "existing", id: acme.id, status: null, version: null },
        at: now,
        actor: null,
        changes: [
          { op: "updateMembership", row, expect: { status: "active", updatedAt: member.updatedAt } },
          { op: "deleteTuple", tuple },
        ],
        event: { type: "membership.suspended", data: { memId: member.id, usrId: carol, role: "member" } },
      },
    });
  });

  test("a sole owner cannot be suspended", () => {
    const sole = { ...facts, membership: owner, otherOwner: false };
    expect(decideSuspendMembership(addressed, sole, environment)).toEqual({
      ok: false,
      code: "conflict.sole_owner",
      details: { orgId: acme.id },
    });
  });

  test("an owner beside another one is suspended only if the organization is unchanged", () => {
    expect(decideSuspendMembership(addressed, { ...facts, membership: owner }, environment)).toMatchObject({
      ok: true,
      write: { org: { status: null, version: acme.version } },
    });
  });

  test("it works in a suspended organization", () => {
    const org = { ...acme, status: "suspended" } as const;
    expect(decideSuspendMembership(addressed, { ...facts, org }, environment)).toMatchObject({ ok: true });
  });

  test.each(["suspended", "revoked"] as const)("a %s membership cannot be suspended", (status) => {
    const membership: Membership = { ...member, status };
    expect(decideSuspendMembership(addressed, { ...facts, membership }, environment)).toEqual({
      ok: false,
      code: "precondition.mem_not_active",
      details: { memId: member.id, status },
    });
  });

  test("if the clock stepped back the row keeps its later time", () => {
    const membership = { ...member, updatedAt: after(5) };
    expect(decideSuspendMembership(addressed, { ...facts, membership }, environment)).toMatchObject({
      result: { updatedAt: after(5) },
      write: { changes: [{ expect: { updatedAt: after(5) } }, {}] },
    });
  });

  describe("checks", () => {
    testPrecedence<SuspendMembershipFacts>(
      (given) => codeOf(decideSuspendMembership(addressed, given, environment)),
      { ...facts, membership: owner },
      [
        {
          code: "precondition.mem_not_active",
          spoil: (given) => ({ ...given, membership: { ...given.membership, status: "revoked" } }),
        },
        { code: "conflict.sole_owner", spoil: (given) => ({ ...given, otherOwner: false }) },
      ],
    );
  });

  test("it asks for the membership, its organization and whether another owner is there", () => {
    expect(suspendMembership.reads(addressed, settings(), now)).toEqual({
      membership: { read: "membership", memId: member.id },
      org: { read: "org", of: { membership: member.id } },
      owners: { read: "owners", of: { membership: member.id }, take: 2 },
    });
    const { membership, org } = facts;
    const answers = { membership, org, owners: [member.id, owner.id] };
    expect(suspendMembership.find(addressed, answers, now)).toEqual({ ok: true, facts });
  });

  test("an unknown membership is not found", () => {
    expect(suspendMembership.find(addressed, { membership: null, org: null, owners: [] }, now)).toEqual({
      ok: false,
      code: "not_found",
      details: { what: "membership", id: member.id },
    });
  });
});

describe("reinstateMembership", () => {
  const suspended: Membership = { ...member, status: "suspended" };
  const facts = { membership: suspended, org: acme, otherLive: false } satisfies ReinstateMembershipFacts;

  test("the same row is active again and its role tuple is back", () => {
    const row = { ...member, updatedAt: now };
    expect(decideReinstateMembership(addressed, facts, environment)).toEqual({
      ok: true,
      result: row,
      write: {
        org: { is: "existing", id: acme.id, status: "active", version: null },
        at: now,
        actor: null,
        changes: [
          { op: "updateMembership", row, expect: { status: "suspended", updatedAt: member.updatedAt } },
          { op: "insertTuple", tuple },
        ],
        event: { type: "membership.reinstated", data: { memId: member.id, usrId: carol, role: "member" } },
      },
    });
  });

  test.each(["active", "revoked"] as const)("a membership that is %s cannot be reinstated", (status) => {
    const membership: Membership = { ...member, status };
    expect(decideReinstateMembership(addressed, { ...facts, membership }, environment)).toEqual({
      ok: false,
      code: "precondition.invalid_transition",
      details: { id: member.id, status },
    });
  });

  test("nobody is reinstated in an organization that is not active", () => {
    const org = { ...acme, status: "suspended" } as const;
    expect(decideReinstateMembership(addressed, { ...facts, org }, environment)).toEqual({
      ok: false,
      code: "precondition.org_not_active",
      details: { orgId: acme.id },
    });
  });

  test("nobody is reinstated beside another live membership of theirs", () => {
    expect(decideReinstateMembership(addressed, { ...facts, otherLive: true }, environment)).toEqual({
      ok: false,
      code: "conflict.duplicate_membership",
      details: { orgId: acme.id, usrId: carol },
    });
  });

  describe("checks", () => {
    testPrecedence<ReinstateMembershipFacts>(
      (given) => codeOf(decideReinstateMembership(addressed, given, environment)),
      facts,
      [
        { code: "precondition.invalid_transition", spoil: (given) => ({ ...given, membership: member }) },
        {
          code: "precondition.org_not_active",
          spoil: (given) => ({ ...given, org: { ...acme, status: "suspended" } }),
        },
        { code: "conflict.duplicate_membership", spoil: (given) => ({ ...given, otherLive: true }) },
      ],
    );
  });

  test("it asks for the membership, its organization and whether the user has another live one there", () => {
    expect(reinstateMembership.reads(addressed, settings(), now)).toEqual({
      membership: { read: "membership", memId: member.id },
      org: { read: "org", of: { membership: member.id } },
      otherLive: { read: "otherLiveMembership", memId: member.id },
    });
    expect(reinstateMembership.find(addressed, facts, now)).toEqual({ ok: true, facts });
  });

  test("an unknown membership is not found", () => {
    expect(reinstateMembership.find(addressed, { membership: null, org: null, otherLive: false }, now)).toEqual({
      ok: false,
      code: "not_found",
      details: { what: "membership", id: member.id },
    });
  });
});

test.each([suspendMembership, reinstateMembership])("$name takes the id of a membership", ({ parse, scope }) => {
  expect(parse(settings(), member.id)).toEqual(addressed);
  expect(codeThrown(() => parse(settings(), alice as never))).toBe("invalid_type");
  expect(scope(addressed)).toEqual({ membership: member.id });
});
