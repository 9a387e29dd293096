import { describe, expect, test } from "vitest";
import { codeThrown, testPrecedence } from "../../test/precedence.ts";
import { acme, after, alice, bob, idNo, member, notFound, now, owner } from "../../test/world.ts";
import type { TenancyEvent } from "../event.ts";
import { listEvents, membersAsOf, membershipHistory } from "./history.ts";

describe("membershipHistory", () => {
  const before = { ...member, status: "revoked" } as const;
  const link = { ...member, id: idNo("mem", 4), role: "admin", replaces: member.id } as const;

  test("is the chain around a membership, whichever link it is", () => {
    expect(membershipHistory.parse(link.id)).toBe(link.id);
    expect(membershipHistory.reads(link.id, now)).toEqual({ chain: { read: "chain", memId: link.id } });
    const chain = [before, link];
    expect(membershipHistory.answer(link.id, { chain }, now)).toEqual({ ok: true, facts: chain });
  });

  test("an unknown membership has none", () => {
    expect(membershipHistory.answer(link.id, { chain: [] }, now)).toEqual(notFound("membership", link.id));
    expect(codeThrown(() => membershipHistory.parse(acme.id as never))).toBe("invalid_type");
  });
});

describe("membersAsOf", () => {
  const plain = { orgId: acme.id, at: now, cursor: null, limit: 50 };

  test("without options it is the first fifty", () => {
    expect(membersAsOf.parse(acme.id, now)).toEqual(plain);
    expect(membersAsOf.parse(acme.id, now, {})).toEqual(plain);
    expect(membersAsOf.parse(acme.id, now, { cursor: member.id, limit: 2 })).toEqual({
      ...plain,
      cursor: member.id,
      limit: 2,
    });
  });

  describe("input", () => {
    interface Asked {
      readonly orgId: string;
      readonly at: unknown;
      readonly options: object;
    }
    const withOption =
      (option: object) =>
      (asked: Asked): Asked => ({ ...asked, options: { ...asked.options, ...option } });
    testPrecedence<Asked>(
      ({ orgId, at, options }) => codeThrown(() => membersAsOf.parse(orgId as never, at as never, options)),
      { orgId: acme.id, at: now, options: {} },
      [
        { code: "invalid_type", spoil: (asked) => ({ ...asked, orgId: alice }) },
        { code: "precondition.invalid_date", spoil: (asked) => ({ ...asked, at: now.toISOString() }) },
        { code: "precondition.invalid_input", spoil: withOption({ status: "active" }) },
        { code: "precondition.invalid_cursor", spoil: withOption({ cursor: acme.id }) },
        { code: "precondition.invalid_limit", spoil: withOption({ limit: 0 }) },
      ],
    );
  });

  test("asks for one row more than the page holds", () => {
    expect(membersAsOf.reads({ ...plain, cursor: member.id, limit: 2 }, now)).toEqual({
      org: { read: "org", of: { org: acme.id } },
      members: { read: "membersAt", orgId: acme.id, at: now, after: member.id, take: 3 },
    });
  });

  test("shows what a membership was then, not what became of it", () => {
    const { id, usrId, orgId, role, replaces, invitedBy, createdAt } = member;
    const then = { id, usrId, orgId, role, replaces, invitedBy, createdAt };
    const ended = { ...member, status: "revoked", removedBy: bob, updatedAt: after(1) } as const;
    const members = (["membership.suspended", "membership.reinstated", null] as const).map((pause, place) => ({
      membership: { ...ended, id: idNo("mem", 10 + place) },
      pause,
    }));
    expect(membersAsOf.answer({ ...plain, limit: 2 }, { org: acme, members }, now)).toEqual({
      ok: true,
      facts: {
        data: [
          { ...then, id: idNo("mem", 10), status: "suspended" },
          { ...then, id: idNo("mem", 11), status: "active" },
        ],
        nextCursor: idNo("mem", 11),
      },
    });
    const last = { membership: owner, pause: null };
    expect(membersAsOf.answer(plain, { org: acme, members: [last] }, now)).toMatchObject({
      facts: { data: [{ id: owner.id, status: "active" }], nextCursor: null },
    });
  });

  test("an unknown organization is not found", () => {
    expect(membersAsOf.answer(plain, { org: null, members: [] }, now)).toEqual(notFound("organization", acme.id));
  });
});

describe("listEvents", () => {
  const plain = { orgId: acme.id, after: 0, limit: 50, where: { types: null, actor: null } };
  const eventNo = (seq: number): TenancyEvent => ({
    orgId: acme.id,
    seq,
    type: "org.suspended",
    at: now,
    actor: null,
    idempotencyKey: null,
    data: {},
  });

  test("without options it is the first fifty of any type and actor", () => {
    expect(listEvents.parse(acme.id)).toEqual(plain);
    expect(listEvents.parse(acme.id, {})).toEqual(plain);
    expect(listEvents.parse(acme.id, { actor: null })).toEqual(plain);
  });

  test("filters and position are taken over", () => {
    expect(listEvents.parse(acme.id, { after: 3, limit: 2, types: ["org.revoked"], actor: alice })).toEqual({
      orgId: acme.id,
      after: 3,
      limit: 2,
      where: { types: ["org.revoked"], actor: alice },
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
      ({ orgId, options }) => codeThrown(() => listEvents.parse(orgId as never, options)),
      { orgId: acme.id, options: {} },
      [
        { code: "invalid_id", spoil: ({ options }) => ({ orgId: "org", options }) },
        { code: "precondition.invalid_input", spoil: withOption({ cursor: null }) },
        { code: "invalid_type", spoil: withOption({ actor: acme.id }) },
        { code: "precondition.invalid_cursor", spoil: withOption({ after: -1 }) },
        { code: "precondition.invalid_limit", spoil: withOption({ limit: 0 }) },
        { code: "precondition.invalid_input", spoil: withOption({ types: [] }) },
      ],
    );
  });

  test("asks for one event more than the part holds", () => {
    expect(listEvents.reads({ ...plain, after: 3, limit: 2 }, now)).toEqual({
      org: { read: "org", of: { org: acme.id } },
      events: { read: "events", orgId: acme.id, where: plain.where, after: 3, take: 3 },
    });
  });

  // Acme is at version 7.
  test.each<readonly [what: string, after: number, found: readonly number[], expected: object]>([
    ["more follows: it was looked up to the last one that is shown", 0, [2, 4, 6], { lastSeq: 4, hasMore: true }],
    ["nothing follows: it was looked up to the newest event", 0, [2, 4], { lastSeq: 7, hasMore: false }],
    ["the last one is the newest", 5, [6, 7], { lastSeq: 7, hasMore: false }],
    ["none matched: it was looked up to the newest event", 3, [], { lastSeq: 7, hasMore: false }],
    ["there was none", 7, [], { lastSeq: 7, hasMore: false }],
    ["a position beyond the end stays", 9, [], { lastSeq: 9, hasMore: false }],
  ])("%s", (_, position, found, expected) => {
    const page = { ...plain, after: position, limit: 2 };
    const events = found.map(eventNo);
    expect(listEvents.answer(page, { org: acme, events }, now)).toEqual({
      ok: true,
      facts: { data: events.slice(0, 2), ...expected },
    });
  });

  test("an unknown organization is not found", () => {
    expect(listEvents.answer(plain, { org: null, events: [] }, now)).toEqual(notFound("organization", acme.id));
  });
});
