import { describe, expect, test } from "vitest";
import { codeThrown, testPrecedence } from "../test/precedence.ts";
import { acme, admin, after, alice, idNo, member, now, offer, owner } from "../test/world.ts";
import {
  getInvitation,
  getMembership,
  getOrg,
  listInvitations,
  listMembers,
  listTuplesForObject,
  listTuplesForSubject,
} from "./list.ts";
import { type Invitation, roleTuple } from "./model.ts";

const elapsed: Invitation = { ...offer, id: idNo("inv", 2), expiresAt: after(-1) };
const notFound = (what: string, id: string) => ({ ok: false, code: "not_found", details: { what, id } });

describe("getOrg, getMembership, getInvitation", () => {
  test("each takes an id of its own type", () => {
    expect(getOrg.parse(acme.id)).toBe(acme.id);
    expect(getMembership.parse(member.id)).toBe(member.id);
    expect(getInvitation.parse(offer.id)).toBe(offer.id);
    expect(codeThrown(() => getOrg.parse(alice as never))).toBe("invalid_type");
    expect(codeThrown(() => getMembership.parse(acme.id as never))).toBe("invalid_type");
    expect(codeThrown(() => getInvitation.parse("inv_" as never))).toBe("invalid_id");
  });

  test("each asks for one row", () => {
    expect(getOrg.reads(acme.id, now)).toEqual({ org: { read: "org", of: { org: acme.id } } });
    expect(getMembership.reads(member.id, now)).toEqual({ membership: { read: "membership", memId: member.id } });
    expect(getInvitation.reads(offer.id, now)).toEqual({ invitation: { read: "invitation", invId: offer.id } });
  });

  test("what exists is answered in whatever state it is", () => {
    const org = { ...acme, status: "revoked" } as const;
    const membership = { ...member, status: "revoked" } as const;
    expect(getOrg.answer(acme.id, { org }, now)).toEqual({ ok: true, facts: org });
    expect(getMembership.answer(member.id, { membership }, now)).toEqual({ ok: true, facts: membership });
    expect(getInvitation.answer(offer.id, { invitation: offer }, now)).toEqual({ ok: true, facts: offer });
  });

  test("an invitation that elapsed is expired", () => {
    expect(getInvitation.answer(elapsed.id, { invitation: elapsed }, now)).toMatchObject({
      facts: { status: "expired", terminalAt: elapsed.expiresAt },
    });
  });

  test("what does not exist is not found", () => {
    expect(getOrg.answer(acme.id, { org: null }, now)).toEqual(notFound("organization", acme.id));
    expect(getMembership.answer(member.id, { membership: null }, now)).toEqual(notFound("membership", member.id));
    expect(getInvitation.answer(offer.id, { invitation: null }, now)).toEqual(notFound("invitation", offer.id));
  });
});

describe("listMembers", () => {
  const plain = { orgId: acme.id, cursor: null, limit: 50, where: { status: null, role: null }, total: false };

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
      where: { status: "revoked", role: "guest" },
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
    const where = { status: null, role: null };
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

describe("listInvitations", () => {
  const plain = { orgId: acme.id, cursor: null, limit: 50, status: null };

  test("without options it is the first fifty of any status", () => {
    expect(listInvitations.parse(acme.id)).toEqual(plain);
    expect(listInvitations.parse(acme.id, { cursor: null })).toEqual(plain);
  });

  test("filter and position are taken over; the options are checked in order", () => {
    const options = { cursor: offer.id, limit: 1, status: "expired" } as const;
    expect(listInvitations.parse(acme.id, options)).toEqual({ orgId: acme.id, ...options });
    const codes = [
      ["org", { cursor: "x" }],
      [acme.id, { role: "owner" }],
      [acme.id, { cursor: member.id, limit: 0 }],
      [acme.id, { limit: 0, status: "active" }],
      [acme.id, { status: "active" }],
    ].map(([orgId, wrong]) => codeThrown(() => listInvitations.parse(orgId as never, wrong as never)));
    expect(codes).toEqual([
      "invalid_id",
      "precondition.invalid_input",
      "precondition.invalid_cursor",
      "precondition.invalid_limit",
      "precondition.invalid_status",
    ]);
  });

  const anyTime = { expiresBefore: null, expiresFrom: null };
  test.each([
    [null, []],
    ["pending", [{ status: "pending", expiresBefore: null, expiresFrom: now }]],
    [
      "expired",
      [
        { status: "expired", ...anyTime },
        { status: "pending", expiresBefore: now, expiresFrom: null },
      ],
    ],
    ["accepted", [{ status: "accepted", ...anyTime }]],
    ["declined", [{ status: "declined", ...anyTime }]],
    ["revoked", [{ status: "revoked", ...anyTime }]],
  ] as const)("those that are %s are asked for as they are stored", (status, anyOf) => {
    expect(listInvitations.reads({ ...plain, status, limit: 3 }, now)).toEqual({
      org: { read: "org", of: { org: acme.id } },
      invitations: { read: "invitations", orgId: acme.id, anyOf, after: null, take: 4 },
    });
  });

  test("each is shown as it is now", () => {
    const answer = listInvitations.answer({ ...plain, limit: 2 }, { org: acme, invitations: [offer, elapsed] }, now);
    expect(answer).toMatchObject({
      facts: { data: [{ status: "pending" }, { status: "expired", terminalAt: after(-1) }], nextCursor: null },
    });
  });

  test("an unknown organization is not found", () => {
    expect(listInvitations.answer(plain, { org: null, invitations: [] }, now)).toEqual(
      notFound("organization", acme.id),
    );
  });
});

describe("tuples", () => {
  const tuples = [roleTuple(owner)];

  test("those of a user", () => {
    expect(listTuplesForSubject.parse("usr", alice)).toBe(alice);
    expect(listTuplesForSubject.reads(alice, now)).toEqual({ tuples: { read: "tuplesOfSubject", usrId: alice } });
    expect(listTuplesForSubject.answer(alice, { tuples }, now)).toEqual({ ok: true, facts: tuples });
  });

  test("only users are subjects, whatever id is given", () => {
    expect(codeThrown(() => listTuplesForSubject.parse("org" as never, acme.id as never))).toBe(
      "precondition.invalid_subject",
    );
    expect(codeThrown(() => listTuplesForSubject.parse("usr", acme.id as never))).toBe("invalid_type");
  });

  test("those on an object, of one relation or of any", () => {
    const any = { objectType: "org", objectId: acme.id, relation: null };
    expect(listTuplesForObject.parse("org", acme.id)).toEqual(any);
    expect(listTuplesForObject.parse("org", acme.id, undefined)).toEqual(any);
    expect(listTuplesForObject.parse("org", acme.id, "owner")).toEqual({ ...any, relation: "owner" });
    expect(listTuplesForObject.reads(any, now)).toEqual({ tuples: { read: "tuplesOfObject", ...any } });
    expect(listTuplesForObject.answer(any, { tuples }, now)).toEqual({ ok: true, facts: tuples });
  });

  test.each([
    [["Project", "", "X"], "precondition.invalid_object"],
    [["project", "", "X"], "precondition.invalid_object"],
    [["project", "p", "X"], "precondition.invalid_relation"],
    [["project", "p", null], "precondition.invalid_relation"],
  ] as const)("type, id and relation of %j are checked in this order", (args, code) => {
    expect(codeThrown(() => listTuplesForObject.parse(...(args as readonly [string, string, string])))).toBe(code);
  });
});
