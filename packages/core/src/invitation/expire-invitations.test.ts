import { describe, expect, test } from "vitest";
import { codeThrown, testPrecedence } from "../../test/precedence.ts";
import { acme, after, environment, idNo, notFound, now, offer, otherOrg, settings } from "../../test/world.ts";
import type { Invitation } from "../model.ts";
import { expireInvitations } from "./expire-invitations.ts";

const lapsedNo = (number: number, row: Partial<Invitation> = {}): Invitation => ({
  ...offer,
  id: idNo("inv", number),
  expiresAt: after(-number),
  ...row,
});
const [one, two] = [lapsedNo(1), lapsedNo(2)];
const elsewhere = lapsedNo(3, { orgId: otherOrg.id });

describe("the look", () => {
  test("without input it is for two hundred in all organizations", () => {
    const everywhere = { orgId: null, limit: 200 };
    expect(expireInvitations.find.parse()).toEqual(everywhere);
    expect(expireInvitations.find.parse({})).toEqual(everywhere);
    expect(expireInvitations.find.parse({ orgId: null, limit: undefined } as never)).toEqual(everywhere);
    expect(expireInvitations.find.reads(everywhere, now)).toEqual({
      lapsed: { read: "lapsedInvitations", orgId: null, before: now, take: 201 },
    });
  });

  test("in one organization it asks for that too", () => {
    const asked = expireInvitations.find.parse({ orgId: acme.id, limit: 5 });
    expect(expireInvitations.find.reads(asked, now)).toEqual({
      lapsed: { read: "lapsedInvitations", orgId: acme.id, before: now, take: 6 },
      org: { read: "org", of: { org: acme.id } },
    });
    expect(expireInvitations.find.answer(asked, { lapsed: [], org: null }, now)).toEqual(
      notFound("organization", acme.id),
    );
    expect(expireInvitations.find.answer(asked, { lapsed: [], org: acme }, now)).toEqual({
      ok: true,
      facts: { byOrg: [], more: false },
    });
  });

  test("what it found is sorted by organization, and one beyond the limit says that there is more", () => {
    const asked = { orgId: null, limit: 3 };
    const found = [elsewhere, two, one];
    const byOrg = [
      { orgId: acme.id, lapsed: [two, one] },
      { orgId: otherOrg.id, lapsed: [elsewhere] },
    ];
    expect(expireInvitations.find.answer(asked, { lapsed: found }, now)).toEqual({
      ok: true,
      facts: { byOrg, more: false },
    });
    const beyond = [...found, lapsedNo(0, { orgId: idNo("org", 0) })];
    expect(expireInvitations.find.answer(asked, { lapsed: beyond }, now)).toEqual({
      ok: true,
      facts: { byOrg, more: true },
    });
  });

  describe("input", () => {
    testPrecedence<object>(
      (given) => codeThrown(() => expireInvitations.find.parse(given)),
      { orgId: acme.id, limit: 1 },
      [
        { code: "precondition.invalid_input", spoil: (given) => ({ ...given, status: "pending" }) },
        { code: "invalid_id", spoil: (given) => ({ ...given, orgId: "" }) },
        { code: "precondition.invalid_limit", spoil: (given) => ({ ...given, limit: 201 }) },
      ],
    );
  });
});

describe("an organization's part", () => {
  const asked = { orgId: acme.id, lapsed: [two, one] };

  test("each lapsed one ends at its expiry by nobody's hand, all in one event", () => {
    const ended = (row: Invitation) => ({ ...row, status: "expired", terminalAt: row.expiresAt, terminalBy: null });
    expect(expireInvitations.inOrg.decide(asked, asked, environment)).toEqual({
      ok: true,
      result: [two.id, one.id],
      write: {
        org: { is: "existing", id: acme.id, status: null, version: null },
        at: now,
        actor: null,
        changes: [two, one].map((row) => ({
          op: "updateInvitation",
          row: ended(row),
          expect: { status: "pending", expiresAt: row.expiresAt },
        })),
        event: { type: "invitation.expired", data: { invIds: [two.id, one.id] } },
      },
    });
  });

  test("one that has not lapsed, by a clock that stepped back, is left out", () => {
    const atLast = lapsedNo(4, { expiresAt: now });
    expect(expireInvitations.inOrg.decide(asked, { lapsed: [atLast, one] }, environment)).toMatchObject({
      result: [one.id],
    });
    expect(expireInvitations.inOrg.decide(asked, { lapsed: [atLast] }, environment)).toEqual({
      ok: true,
      result: [],
      write: null,
    });
  });

  test("what the look found is assumed, and looked up again where that failed", () => {
    expect(expireInvitations.inOrg.parse(settings(), asked)).toBe(asked);
    expect(expireInvitations.inOrg.scope(asked)).toEqual({ org: acme.id });
    expect(expireInvitations.inOrg.assume?.(asked, settings())).toEqual({ lapsed: [two, one] });
    expect(expireInvitations.inOrg.reads(asked, settings(), now)).toEqual({
      lapsed: { read: "lapsedInvitations", orgId: acme.id, before: now, take: 2 },
    });
    expect(expireInvitations.inOrg.find(asked, { lapsed: [one] }, now)).toEqual({ ok: true, facts: { lapsed: [one] } });
  });
});
