import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import {
  acme,
  admin,
  after,
  alice,
  bob,
  environment,
  member,
  notFound,
  now,
  offer,
  owner,
  settings,
  yesterday,
} from "../../test/world.ts";
import type { Invitation, Membership } from "../model.ts";
import { decideResendInvitation, type ResendInvitationFacts, resendInvitation } from "./resend-invitation.ts";

const byBob = { adminUsrId: bob, expiresAt: after(60_000) };
const facts = { invitation: offer, org: acme, admin };
const elapsed: Invitation = { ...offer, expiresAt: after(-1) };

test("the expiry changes and nothing else, in the name of the admin, whose authority must last", () => {
  const row = { ...offer, expiresAt: after(60_000) };
  expect(decideResendInvitation(byBob, facts, environment)).toEqual({
    ok: true,
    result: row,
    write: {
      org: { is: "existing", id: acme.id, status: "active", version: null },
      at: now,
      actor: bob,
      changes: [
        { op: "expectMember", usrId: bob, roles: ["owner", "admin"], at: now },
        { op: "updateInvitation", row, expect: { status: "pending", expiresAt: offer.expiresAt } },
      ],
      event: {
        type: "invitation.resent",
        data: {
          invId: offer.id,
          from: offer.expiresAt.toISOString(),
          to: after(60_000).toISOString(),
          adminUsrId: bob,
        },
      },
    },
  });
});

test("the same expiry is an event too: it is to be sent again", () => {
  const again = { ...byBob, expiresAt: offer.expiresAt };
  expect(decideResendInvitation(again, facts, environment)).toMatchObject({
    ok: true,
    result: offer,
    write: { event: { type: "invitation.resent" } },
  });
});

test("it works at the last instant; a millisecond later the invitation has expired", () => {
  const last = { ...facts, invitation: { ...offer, expiresAt: now } };
  expect(codeOf(decideResendInvitation(byBob, last, environment))).toBeNull();
  expect(codeOf(decideResendInvitation(byBob, { ...facts, invitation: elapsed }, environment))).toBe(
    "conflict.invitation_not_pending",
  );
});

test.each<readonly [who: string, admin: Membership | null]>([
  ["a stranger", null],
  ["a member", { ...member, usrId: bob }],
  ["a suspended admin", { ...admin, status: "suspended" }],
])("%s sends nothing again", (_, someone) => {
  expect(decideResendInvitation(byBob, { ...facts, admin: someone }, environment)).toEqual({
    ok: false,
    code: "forbidden",
    details: { subject: "admin", usrId: bob },
  });
});

test("an offer of ownership is sent again by an owner, who must be one until the commit", () => {
  const invitation: Invitation = { ...offer, role: "owner" };
  expect(decideResendInvitation(byBob, { ...facts, invitation }, environment)).toEqual({
    ok: false,
    code: "forbidden.role_hierarchy",
    details: { usrId: bob, role: "owner" },
  });
  const byAlice = { ...byBob, adminUsrId: alice };
  expect(decideResendInvitation(byAlice, { ...facts, invitation, admin: owner }, environment)).toMatchObject({
    write: { changes: [{ op: "expectMember", usrId: alice, roles: ["owner"], at: now }, {}] },
  });
});

test("with inviterCheck: any nobody's authority is asked for, nor has to last", () => {
  const anybody = { ...environment, settings: settings({ inviterCheck: "any" }) };
  const decision = decideResendInvitation(byBob, { ...facts, admin: null }, anybody);
  expect(decision).toMatchObject({ ok: true, write: { changes: [{ op: "updateInvitation" }] } });
});

test.each([0, -1])("an expiry that is not later than now is past (%i)", (milliseconds) => {
  const past = { ...byBob, expiresAt: after(milliseconds) };
  expect(decideResendInvitation(past, facts, environment)).toEqual({
    ok: false,
    code: "precondition.past_expiration",
    details: { expiresAt: after(milliseconds).toISOString() },
  });
});

test("if the clock stepped back the expiry is later than the invitation", () => {
  const invitation = { ...offer, createdAt: after(5) };
  const at = (milliseconds: number) =>
    codeOf(decideResendInvitation({ ...byBob, expiresAt: after(milliseconds) }, { ...facts, invitation }, environment));
  expect([at(5), at(6)]).toEqual(["precondition.past_expiration", null]);
});

describe("checks", () => {
  interface Asked {
    readonly expiresAt: Date;
    readonly facts: ResendInvitationFacts;
  }
  const withFacts =
    (change: Partial<ResendInvitationFacts>) =>
    (asked: Asked): Asked => ({ ...asked, facts: { ...asked.facts, ...change } });
  testPrecedence<Asked>(
    ({ expiresAt, facts: given }) => codeOf(decideResendInvitation({ adminUsrId: bob, expiresAt }, given, environment)),
    { expiresAt: after(1), facts },
    [
      { code: "forbidden", spoil: withFacts({ admin: null }), excludes: ["forbidden.role_hierarchy"] },
      {
        code: "forbidden.role_hierarchy",
        spoil: (asked) => ({
          ...asked,
          facts: { ...asked.facts, invitation: { ...asked.facts.invitation, role: "owner" } },
        }),
      },
      {
        code: "conflict.invitation_not_pending",
        spoil: (asked) => ({
          ...asked,
          facts: { ...asked.facts, invitation: { ...asked.facts.invitation, expiresAt: after(-1) } },
        }),
      },
      { code: "precondition.org_not_active", spoil: withFacts({ org: { ...acme, status: "suspended" } }) },
      { code: "precondition.past_expiration", spoil: (asked) => ({ ...asked, expiresAt: yesterday }) },
    ],
  );
});

describe("input", () => {
  testPrecedence<object>(
    (given) => codeThrown(() => resendInvitation.parse(settings(), given as never)),
    { invId: offer.id, ...byBob },
    [
      { code: "precondition.invalid_input", spoil: (given) => ({ ...given, invitedBy: bob }) },
      { code: "invalid_type", spoil: (given) => ({ ...given, invId: alice }) },
      { code: "invalid_id", spoil: (given) => ({ ...given, adminUsrId: null }) },
      { code: "precondition.invalid_expiration", spoil: (given) => ({ ...given, expiresAt: now.toISOString() }) },
    ],
  );
});

test("it asks for the invitation, its organization and the admin's membership there", () => {
  const asked = { invId: offer.id, ...byBob };
  expect(resendInvitation.scope(asked)).toEqual({ invitation: offer.id });
  expect(resendInvitation.reads(asked, settings(), now)).toEqual({
    invitation: { read: "invitation", invId: offer.id },
    org: { read: "org", of: { invitation: offer.id } },
    admin: { read: "liveMembership", of: { invitation: offer.id }, usrId: bob },
  });
  expect(resendInvitation.find(asked, facts, now)).toEqual({ ok: true, facts });
});

test("of an invitation that the caller holds only its being as it was is expected", () => {
  const asked = { invId: offer.id, ...byBob };
  expect(resendInvitation.assume?.(asked, settings())).toBeNull();
  expect(resendInvitation.assume?.({ ...asked, held: offer }, settings())).toEqual({
    invitation: offer,
    org: { id: acme.id, status: "active", version: 0 },
    admin: { role: "owner", status: "active", expiresAt: null },
  });
});

test("an unknown invitation is not found", () => {
  const asked = { invId: offer.id, ...byBob };
  expect(resendInvitation.find(asked, { invitation: null, org: null, admin: null }, now)).toEqual(
    notFound("invitation", offer.id),
  );
});
