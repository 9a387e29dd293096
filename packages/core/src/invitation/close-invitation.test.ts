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
  idNo,
  member,
  now,
  offer,
  owner,
  settings,
} from "../../test/world.ts";
import type { Invitation, Membership } from "../model.ts";
import {
  type DeclineInvitationFacts,
  decideDeclineInvitation,
  decideRevokeInvitation,
  declineInvitation,
  type RevokeInvitationFacts,
  revokeInvitation,
} from "./close-invitation.ts";

const dave = idNo("usr", 4);
const elapsed: Invitation = { ...offer, expiresAt: after(-1) };
const asPending = { status: "pending", expiresAt: offer.expiresAt };

/** Invitations that are not pending any more, the one included of which only the clock tells. */
const closedOnes: readonly (readonly [state: string, invitation: Invitation])[] = [
  ["elapsed", elapsed],
  ...(["accepted", "declined", "revoked", "expired"] as const).map((status) => [status, { ...offer, status }] as const),
];

describe("declineInvitation", () => {
  const anonymously = { asUsrId: null, acceptingIdentifier: null };
  const asDave = { asUsrId: dave, acceptingIdentifier: "dave@example.com" };
  const facts = { invitation: offer, org: acme } satisfies DeclineInvitationFacts;

  test("the invitation ends, and nothing else happens", () => {
    const row = { ...offer, status: "declined", terminalAt: now, terminalBy: dave };
    expect(decideDeclineInvitation(asDave, facts, environment)).toEqual({
      ok: true,
      result: row,
      write: {
        org: { is: "existing", id: acme.id, status: "active", version: null },
        at: now,
        actor: dave,
        changes: [{ op: "updateInvitation", row, expect: asPending }],
        event: { type: "invitation.declined", data: { invId: offer.id, usrId: dave } },
      },
    });
  });

  test("an anonymous decline names nobody", () => {
    expect(decideDeclineInvitation(anonymously, facts, environment)).toMatchObject({
      ok: true,
      result: { status: "declined", terminalBy: null, invitedUserId: null },
      write: { actor: null, event: { data: { usrId: null } } },
    });
  });

  test("it works in a suspended organization, and at the last instant", () => {
    const given = { invitation: { ...offer, expiresAt: now }, org: { ...acme, status: "suspended" } } as const;
    expect(decideDeclineInvitation(asDave, given, environment)).toMatchObject({ ok: true });
  });

  test("nothing is declined in an organization that has ended, whatever the clock says", () => {
    const given = { ...facts, org: { ...acme, status: "revoked" } } as const;
    expect(codeOf(decideDeclineInvitation(asDave, given, environment))).toBe("conflict.invitation_not_pending");
  });

  test.each([dave, null])("an identifier that is given must match, whoever declines (%s)", (asUsrId) => {
    const asEve = { asUsrId, acceptingIdentifier: "eve@example.com" };
    expect(decideDeclineInvitation(asEve, facts, environment)).toEqual({
      ok: false,
      code: "precondition.identifier_mismatch",
      details: { invId: offer.id },
      hidden: { acceptingIdentifier: "eve@example.com", invitationIdentifier: "dave@example.com" },
    });
  });

  test.each(closedOnes)("one that is %s is not pending", (_, invitation) => {
    expect(decideDeclineInvitation(asDave, { ...facts, invitation }, environment)).toEqual({
      ok: false,
      code: "conflict.invitation_not_pending",
      details: { invId: offer.id },
    });
  });

  test("if the clock stepped back the invitation ends when it was made", () => {
    const invitation = { ...offer, createdAt: after(5) };
    expect(decideDeclineInvitation(asDave, { ...facts, invitation }, environment)).toMatchObject({
      result: { terminalAt: after(5) },
    });
  });

  describe("checks", () => {
    interface Asked {
      readonly acceptingIdentifier: string;
      readonly facts: DeclineInvitationFacts;
    }
    testPrecedence<Asked>(
      ({ acceptingIdentifier, facts }) =>
        codeOf(decideDeclineInvitation({ asUsrId: dave, acceptingIdentifier }, facts, environment)),
      { acceptingIdentifier: "dave@example.com", facts },
      [
        {
          code: "precondition.identifier_mismatch",
          spoil: ({ facts }) => ({ acceptingIdentifier: "eve@example.com", facts }),
        },
        {
          code: "conflict.invitation_not_pending",
          spoil: (given) => ({ ...given, facts: { ...given.facts, invitation: elapsed } }),
        },
      ],
    );
  });

  describe("input", () => {
    const input = { invId: offer.id, ...asDave };
    testPrecedence<object>((given) => codeThrown(() => declineInvitation.parse(settings(), given as never)), input, [
      { code: "precondition.invalid_input", spoil: (given) => ({ ...given, asUserId: dave }) },
      { code: "invalid_id", spoil: (given) => ({ ...given, invId: "inv" }) },
      { code: "invalid_type", spoil: (given) => ({ ...given, asUsrId: acme.id }) },
      { code: "precondition.invalid_identifier", spoil: (given) => ({ ...given, acceptingIdentifier: "a\nb" }) },
    ]);

    test("a user may decline without an identifier, unless declineBinding asks for it", () => {
      const unbound = { invId: offer.id, asUsrId: dave };
      const binding = settings({ declineBinding: "required" });
      expect(declineInvitation.parse(settings(), unbound)).toEqual({ ...unbound, acceptingIdentifier: null });
      expect(codeThrown(() => declineInvitation.parse(binding, unbound))).toBe(
        "precondition.identifier_binding_required",
      );
      expect(declineInvitation.parse(binding, { invId: offer.id })).toEqual({ invId: offer.id, ...anonymously });
      expect(declineInvitation.parse(binding, { invId: offer.id, ...asDave })).toEqual(input);
    });
  });

  test("it asks for the invitation and its organization", () => {
    const asked = { invId: offer.id, ...asDave };
    expect(declineInvitation.scope(asked)).toEqual({ invitation: offer.id });
    expect(declineInvitation.reads(asked, settings(), now)).toEqual({
      invitation: { read: "invitation", invId: offer.id },
      org: { read: "org", of: { invitation: offer.id } },
    });
    expect(declineInvitation.find(asked, facts, now)).toEqual({ ok: true, facts });
  });

  test("an unknown invitation is not found", () => {
    const asked = { invId: offer.id, ...anonymously };
    expect(declineInvitation.find(asked, { invitation: null, org: null }, now)).toEqual({
      ok: false,
      code: "not_found",
      details: { what: "invitation", id: offer.id },
    });
  });
});

describe("revokeInvitation", () => {
  const byBob = { adminUsrId: bob };
  const facts = { invitation: offer, org: acme, admin } satisfies RevokeInvitationFacts;

  test("the invitation ends in the name of the admin, whose authority must last", () => {
    const row = { ...offer, status: "revoked", terminalAt: now, terminalBy: bob };
    expect(decideRevokeInvitation(byBob, facts, environment)).toEqual({
      ok: true,
      result: row,
      write: {
        org: { is: "existing", id: acme.id, status: null, version: null },
        at: now,
        actor: bob,
        changes: [
          { op: "expectMember", usrId: bob, roles: ["owner", "admin"], at: now },
          { op: "updateInvitation", row, expect: asPending },
        ],
        event: { type: "invitation.revoked", data: { invId: offer.id, adminUsrId: bob } },
      },
    });
  });

  test("an admin may withdraw an offer of ownership: there is no rank test", () => {
    const invitation: Invitation = { ...offer, role: "owner" };
    expect(decideRevokeInvitation(byBob, { ...facts, invitation }, environment)).toMatchObject({ ok: true });
  });

  test.each<readonly [who: string, admin: Membership | null]>([
    ["a stranger", null],
    ["a member", { ...member, usrId: bob }],
    ["a suspended admin", { ...admin, status: "suspended" }],
    ["a suspended owner", { ...owner, usrId: bob, status: "suspended" }],
  ])("%s withdraws nothing", (_, someone) => {
    expect(decideRevokeInvitation(byBob, { ...facts, admin: someone }, environment)).toEqual({
      ok: false,
      code: "forbidden",
      details: { subject: "admin", usrId: bob },
    });
  });

  test.each(closedOnes)("one that is %s is not pending", (_, invitation) => {
    expect(decideRevokeInvitation(byBob, { ...facts, invitation }, environment)).toEqual({
      ok: false,
      code: "conflict.invitation_not_pending",
      details: { invId: offer.id },
    });
  });

  test("it works in a suspended organization", () => {
    const org = { ...acme, status: "suspended" } as const;
    expect(decideRevokeInvitation(byBob, { ...facts, org }, environment)).toMatchObject({ ok: true });
  });

  describe("checks", () => {
    testPrecedence<RevokeInvitationFacts>((given) => codeOf(decideRevokeInvitation(byBob, given, environment)), facts, [
      { code: "forbidden", spoil: (given) => ({ ...given, admin: null }) },
      { code: "conflict.invitation_not_pending", spoil: (given) => ({ ...given, invitation: elapsed }) },
    ]);
  });

  describe("input", () => {
    testPrecedence<object>(
      (given) => codeThrown(() => revokeInvitation.parse(settings(), given as never)),
      { invId: offer.id, adminUsrId: bob },
      [
        { code: "precondition.invalid_input", spoil: (given) => ({ ...given, orgId: acme.id }) },
        { code: "invalid_type", spoil: (given) => ({ ...given, invId: alice }) },
        { code: "invalid_id", spoil: (given) => ({ ...given, adminUsrId: null }) },
      ],
    );
  });

  test("it asks for the invitation, its organization and the admin's membership there", () => {
    const asked = { invId: offer.id, adminUsrId: carol };
    expect(revokeInvitation.scope(asked)).toEqual({ invitation: offer.id });
    expect(revokeInvitation.reads(asked, settings(), now)).toEqual({
      invitation: { read: "invitation", invId: offer.id },
      org: { read: "org", of: { invitation: offer.id } },
      admin: { read: "liveMembership", of: { invitation: offer.id }, usrId: carol },
    });
    expect(revokeInvitation.find(asked, facts, now)).toEqual({ ok: true, facts });
  });

  test("an unknown invitation is not found", () => {
    const asked = { invId: offer.id, ...byBob };
    expect(revokeInvitation.find(asked, { invitation: null, org: null, admin: null }, now)).toEqual({
      ok: false,
      code: "not_found",
      details: { what: "invitation", id: offer.id },
    });
  });
});
