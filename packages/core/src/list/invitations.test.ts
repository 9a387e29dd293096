import { describe, expect, test } from "vitest";
import { codeThrown, testPrecedence } from "../../test/precedence.ts";
import { acme, after, idNo, member, notFound, now, offer, otherOrg, settings } from "../../test/world.ts";
import type { Invitation } from "../model.ts";
import { emailIdentifiers } from "../policy.ts";
import { getInvitation, listInvitations, listInvitationsFor } from "./invitations.ts";

const elapsed: Invitation = { ...offer, id: idNo("inv", 2), expiresAt: after(-1) };

describe("getInvitation", () => {
  test("asks for one row, by an id of its type", () => {
    expect(getInvitation.parse(offer.id)).toBe(offer.id);
    expect(codeThrown(() => getInvitation.parse("inv_" as never))).toBe("invalid_id");
    expect(getInvitation.reads(offer.id, now)).toEqual({ invitation: { read: "invitation", invId: offer.id } });
  });

  test("one that elapsed is expired; one that does not exist is not found", () => {
    expect(getInvitation.answer(offer.id, { invitation: offer }, now)).toEqual({ ok: true, facts: offer });
    expect(getInvitation.answer(elapsed.id, { invitation: elapsed }, now)).toMatchObject({
      facts: { status: "expired", terminalAt: elapsed.expiresAt },
    });
    expect(getInvitation.answer(offer.id, { invitation: null }, now)).toEqual(notFound("invitation", offer.id));
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

describe("listInvitationsFor", () => {
  const exact = listInvitationsFor(settings());
  const email = listInvitationsFor(settings({ identifierPolicy: emailIdentifiers }));
  const plain = { canonical: "dave@example.com", cursor: null, limit: 50, status: null };

  test("looks for the canonical form, which is the policy's", () => {
    expect(exact.parse("dave@example.com")).toEqual(plain);
    expect(exact.parse("Dave@example.com")).toEqual({ ...plain, canonical: "Dave@example.com" });
    expect(email.parse(" Dave@Example.com ", {})).toEqual(plain);
  });

  test("filter and position are taken over", () => {
    const options = { cursor: offer.id, limit: 2, status: "expired" } as const;
    expect(exact.parse("dave@example.com", options)).toEqual({ ...plain, ...options });
  });

  describe("input", () => {
    interface Asked {
      readonly identifier: unknown;
      readonly options: object;
    }
    const withOption =
      (option: object) =>
      ({ identifier, options }: Asked): Asked => ({ identifier, options: { ...options, ...option } });
    testPrecedence<Asked>(
      ({ identifier, options }) => codeThrown(() => email.parse(identifier as never, options)),
      { identifier: "dave@example.com", options: {} },
      [
        { code: "precondition.invalid_identifier", spoil: ({ options }) => ({ identifier: "dave", options }) },
        { code: "precondition.invalid_input", spoil: withOption({ orgId: acme.id }) },
        { code: "precondition.invalid_cursor", spoil: withOption({ cursor: member.id }) },
        { code: "precondition.invalid_limit", spoil: withOption({ limit: 0 }) },
        { code: "precondition.invalid_status", spoil: withOption({ status: "active" }) },
      ],
    );
  });

  test("asks for them as they are stored, and shows each as it is now, with its organization", () => {
    const page = { ...plain, limit: 1, status: "pending" } as const;
    const anyOf = [{ status: "pending", expiresBefore: null, expiresFrom: now }];
    expect(exact.reads(page, now)).toEqual({
      invitations: { read: "invitationsFor", canonical: "dave@example.com", anyOf, after: null, take: 2 },
    });
    const rows = [
      { ...elapsed, org: acme },
      { ...offer, id: idNo("inv", 3), org: otherOrg },
    ];
    expect(exact.answer(page, { invitations: rows }, now)).toEqual({
      ok: true,
      facts: {
        data: [{ ...elapsed, status: "expired", terminalAt: after(-1), terminalBy: null, org: acme }],
        nextCursor: elapsed.id,
      },
    });
  });
});
