import { describe, expect, test } from "vitest";
import { codeThrown, testPrecedence } from "../../test/precedence.ts";
import { acme, admin, alice, bob, idNo, member, notFound, now, otherOrg, owner } from "../../test/world.ts";
import { getMembership, listMembers, listMemberships } from "./memberships.ts";

describe("getMembership", () => {
  test("asks for one row, by an id of its type", () => {
    expect(getMembership.parse(member.id)).toBe(member.id);
    expect(codeThrown(() => getMembership.parse(acme.id as never))).toBe("invalid_type");
    expect(getMembership.reads(member.id, now)).toEqual({ membership: { read: "membership", memId: member.id } });
  });

  test("what exists is answered in whatever state it is; what does not is not found", () => {
    const membership = { ...member, status: "revoked" } as const;
    expect(getMembership.answer(member.id, { membership }, now)).toEqual({ ok: true, facts: membership });
    expect(getMembership.answer(member.id, { membership: null }, now)).toEqual(notFound("membership", member.id));
  });
});

describe("listMembers", () => {
  const plain = { orgId: acme.id, cursor: null, limit: 50, status: null, role: null, total: false };

  test("without options it is the first fifty rows of any status and role", () => {
    expect(listMembers.parse(acme.id)).toEqual(plain);
    expect(listMembers.parse(acme.id, {})).toEqual(plain);
    expect(listMembers.parse(acme.id, undefined)).toEqual(plain);
  });

  test("filters, position and count are taken over", () => {
    const options = { cursor: member.id, limit: 2, status: "revoked", role: "guest", total: true } as const;
    expect(listMembers.parse(acme.id, options)).toEqual({
      orgId: acme.id,
      cursor: member.id,
      limit: 2,
      status: "revoked",
      role: "guest",
      total: true,
    });
  });

  describe("input", () => {
    interface Asked {
      readonly orgId: string;
      readonly options: object;
    }
    const withOption =
      (option: object) =>
      ({ orgId, options }: Asked): Asked => ({ orgId, options: { ...options, ...option } });
    testPrecedence<Asked>(
      ({ orgId, options }) => codeThrown(() => listMembers.parse(orgId as never, options)),
      { orgId: acme.id, options: {} },
      [
        { code: "invalid_type", spoil: ({ options }) => ({ orgId: alice, options }) },
        { code: "precondition.invalid_input", spoil: withOption({ order: "name" }) },
        { code: "precondition.invalid_cursor", spoil: withOption({ cursor: acme.id }) },
        { code: "precondition.invalid_limit", spoil: withOption({ limit: 0 }) },
        { code: "precondition.invalid_status", spoil: withOption({ status: "pending" }) },
        { code: "precondition.invalid_role", spoil: withOption({ role: null }) },
        { code: "precondition.invalid_input", spoil: withOption({ total: 1 }) },
      ],
    );
  });

  test("one row more than the page holds is asked for, and a count only if it is wanted", () => {
    const where = { anyOf: [], role: null };
    expect(listMembers.reads({ ...plain, cursor: member.id, limit: 2 }, now)).toEqual({
      org: { read: "org", of: { org: acme.id } },
      members: { read: "members", orgId: acme.id, where, after: member.id, take: 3 },
    });
    expect(listMembers.reads({ ...plain, total: true }, now)).toMatchObject({
      total: { read: "memberCount", orgId: acme.id, where },
    });
  });

  test("the row more says that another page follows, and is not shown", () => {
    const page = { ...plain, limit: 2 };
    const rows = [owner, admin, member];
    expect(listMembers.answer(page, { org: acme, members: rows }, now)).toEqual({
      ok: true,
      facts: { data: [owner, admin], nextCursor: admin.id },
    });
    expect(listMembers.answer(page, { org: acme, members: rows.slice(0, 2) }, now)).toEqual({
      ok: true,
      facts: { data: [owner, admin], nextCursor: null },
    });
    expect(listMembers.answer(page, { org: acme, members: [] }, now)).toEqual({
      ok: true,
      facts: { data: [], nextCursor: null },
    });
  });

  test("a count of none is a count", () => {
    expect(listMembers.answer(plain, { org: acme, members: [], total: 0 }, now)).toMatchObject({ facts: { total: 0 } });
    expect(listMembers.answer(plain, { org: acme, members: [] }, now)).not.toHaveProperty("facts.total");
  });

  test("an unknown organization is not found", () => {
    expect(listMembers.answer(plain, { org: null, members: [] }, now)).toEqual(notFound("organization", acme.id));
  });
});

describe("listMemberships", () => {
  const plain = { usrId: alice, cursor: null, limit: 50, status: null };
  const here = { ...owner, org: acme };
  const there = { ...owner, id: idNo("mem", 9), orgId: otherOrg.id, org: otherOrg };

  test("without options it is the first fifty of any status", () => {
    expect(listMemberships.parse(alice)).toEqual(plain);
    expect(listMemberships.parse(alice, {})).toEqual(plain);
  });

  test("filter and position are taken over", () => {
    const options = { cursor: member.id, limit: 2, status: "active" } as const;
    expect(listMemberships.parse(bob, options)).toEqual({ usrId: bob, ...options });
  });

  describe("input", () => {
    interface Asked {
      readonly usrId: string;
      readonly options: object;
    }
    const withOption =
      (option: object) =>
      ({ usrId, options }: Asked): Asked => ({ usrId, options: { ...options, ...option } });
    testPrecedence<Asked>(
      ({ usrId, options }) => codeThrown(() => listMemberships.parse(usrId as never, options)),
      { usrId: alice, options: {} },
      [
        { code: "invalid_type", spoil: ({ options }) => ({ usrId: acme.id, options }) },
        { code: "precondition.invalid_input", spoil: withOption({ role: "owner" }) },
        { code: "precondition.invalid_cursor", spoil: withOption({ cursor: acme.id }) },
        { code: "precondition.invalid_limit", spoil: withOption({ limit: "10" }) },
        { code: "precondition.invalid_status", spoil: withOption({ status: "left" }) },
      ],
    );
  });

  test("each row comes with its organization; one more than the page holds is asked for", () => {
    const page = { ...plain, limit: 1 };
    expect(listMemberships.reads(page, now)).toEqual({
      memberships: { read: "membershipsOf", usrId: alice, anyOf: [], after: null, take: 2 },
    });
    expect(listMemberships.answer(page, { memberships: [here, there] }, now)).toEqual({
      ok: true,
      facts: { data: [here], nextCursor: here.id },
    });
  });

  test("a stranger has none", () => {
    expect(listMemberships.answer(plain, { memberships: [] }, now)).toEqual({
      ok: true,
      facts: { data: [], nextCursor: null },
    });
  });
});
