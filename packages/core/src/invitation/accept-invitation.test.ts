import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import {
  acme,
  admin,
  after,
  alice,
  carol,
  environment,
  fresh,
  idNo,
  member,
  now,
  offer,
  owner,
  settings,
} from "../../test/world.ts";
import type { Invitation } from "../model.ts";
import { emailIdentifiers } from "../policy.ts";
import { type AcceptInvitationFacts, acceptInvitation, decideAcceptInvitation } from "./accept-invitation.ts";

const dave = idNo("usr", 4);
const asDave = { asUsrId: dave, acceptingIdentifier: "dave@example.com" };
const asNew = { asUsrId: null, acceptingIdentifier: null };
const facts = { invitation: offer, org: acme, live: null, inviter: owner } satisfies AcceptInvitationFacts;
const ofAlice = { op: "expectMember", usrId: alice, roles: ["owner", "admin"], at: now };

test("an existing user joins: membership, role tuple, grants and the end of the invitation are one write", () => {
  const grants = [
    { relation: "viewer", objectType: "project", objectId: "p2", expiresAt: null },
    { relation: "auditor", objectType: "org", objectId: acme.id, expiresAt: null },
  ];
  const invitation: Invitation = { ...offer, preTuples: grants };
  const accepted = { ...invitation, status: "accepted", invitedUserId: dave, terminalAt: now, terminalBy: dave };
  const joined = {
    id: fresh.mem,
    usrId: dave,
    orgId: acme.id,
    role: "member",
    status: "active",
    replaces: null,
    invitedBy: alice,
    removedBy: null,
    createdAt: now,
    updatedAt: now,
    expiresAt: null,
    metadata: {},
  };
  const tuples = grants.map((grant) => ({ subjectType: "usr", subjectId: dave, ...grant }));
  expect(decideAcceptInvitation(asDave, { ...facts, invitation }, environment)).toEqual({
    ok: true,
    result: { invitation: accepted, membership: joined, materializedTuples: tuples },
    write: {
      org: { is: "existing", id: acme.id, status: "active", version: null },
      at: now,
      actor: dave,
      changes: [
        ofAlice,
        { op: "updateInvitation", row: accepted, expect: { status: "pending", expiresAt: offer.expiresAt } },
        { op: "insertMembership", row: joined, invId: offer.id },
        {
          op: "insertTuple",
          tuple: {
            subjectType: "usr",
            subjectId: dave,
            relation: "member",
            objectType: "org",
            objectId: acme.id,
            expiresAt: null,
          },
        },
        ...tuples.map((tuple) => ({ op: "grantTuple", tuple })),
      ],
      event: {
        type: "invitation.accepted",
        data: {
          invId: offer.id,
          memId: fresh.mem,
          usrId: dave,
          role: "member",
          invitedBy: alice,
          minted: false,
          tuples: grants,
          expiresAt: null,
          expired: null,
        },
      },
    },
  });
});

test("without a user a new one is minted", () => {
  expect(decideAcceptInvitation(asNew, facts, environment)).toMatchObject({
    ok: true,
    result: {
      invitation: { invitedUserId: fresh.usr, terminalBy: fresh.usr },
      membership: { usrId: fresh.usr },
      materializedTuples: [],
    },
    write: { actor: fresh.usr, event: { data: { usrId: fresh.usr, minted: true } } },
  });
});

test("for a minted user the identifier is not consulted", () => {
  const decision = decideAcceptInvitation({ ...asNew, acceptingIdentifier: "eve@example.com" }, facts, environment);
  expect(decision).toMatchObject({ ok: true, result: { membership: { usrId: fresh.usr } } });
});

describe("the identifier", () => {
  test("must be the invited one; both are hidden from the details", () => {
    const asEve = { ...asDave, acceptingIdentifier: "eve@example.com" };
    expect(decideAcceptInvitation(asEve, facts, environment)).toEqual({
      ok: false,
      code: "precondition.identifier_mismatch",
      details: { invId: offer.id },
      hidden: { acceptingIdentifier: "eve@example.com", invitationIdentifier: "dave@example.com" },
    });
  });

  test.each([
    ["the default policy", settings(), false],
    ["the e-mail policy", settings({ identifierPolicy: emailIdentifiers }), true],
  ])("under %s another case of letters and outer spaces: %s", (_, chosen, matches) => {
    const loud = { ...asDave, acceptingIdentifier: " DAVE@Example.COM" };
    expect(decideAcceptInvitation(loud, facts, { ...environment, settings: chosen }).ok).toBe(matches);
  });

  test("that the policy refuses matches nothing, not even an invitation that it would refuse too", () => {
    const policy = { ...environment, settings: settings({ identifierPolicy: emailIdentifiers }) };
    const invitation = { ...offer, identifier: "dave" };
    const decision = decideAcceptInvitation(
      { ...asDave, acceptingIdentifier: "dave" },
      { ...facts, invitation },
      policy,
    );
    expect(codeOf(decision)).toBe("precondition.identifier_mismatch");
  });
});

describe("the state of the invitation", () => {
  test("at its last instant it can be accepted", () => {
    const invitation = { ...offer, expiresAt: now };
    expect(decideAcceptInvitation(asDave, { ...facts, invitation }, environment)).toMatchObject({ ok: true });
  });

  test.each<readonly [state: string, invitation: Invitation]>([
    ["a millisecond after it", { ...offer, expiresAt: after(-1) }],
    ["once a sweep wrote it down", { ...offer, status: "expired", terminalAt: offer.expiresAt }],
  ])("%s it is expired", (_, invitation) => {
    expect(decideAcceptInvitation(asDave, { ...facts, invitation }, environment)).toEqual({
      ok: false,
      code: "conflict.invitation_expired",
      details: { invId: offer.id },
    });
  });

  test.each(["accepted", "declined", "revoked"] as const)("%s, it is not pending, also after its expiry", (status) => {
    const invitation: Invitation = { ...offer, status, expiresAt: after(-1), terminalAt: after(-2) };
    expect(decideAcceptInvitation(asDave, { ...facts, invitation }, environment)).toEqual({
      ok: false,
      code: "conflict.invitation_not_pending",
      details: { invId: offer.id },
    });
  });

  test("if the clock stepped back everything happens when the invitation was made", () => {
    const invitation = { ...offer, createdAt: after(5) };
    expect(decideAcceptInvitation(asDave, { ...facts, invitation }, environment)).toMatchObject({
      result: { invitation: { terminalAt: after(5) }, membership: { createdAt: after(5), updatedAt: after(5) } },
      write: { at: after(5) },
    });
  });
});

test("a suspended organization cannot be joined", () => {
  expect(decideAcceptInvitation(asDave, { ...facts, org: { ...acme, status: "suspended" } }, environment)).toEqual({
    ok: false,
    code: "precondition.org_not_active",
    details: { orgId: acme.id },
  });
});

test.each([
  ["active", "conflict.duplicate_membership"],
  ["suspended", "precondition.membership_suspended"],
] as const)("a user whose membership is %s cannot accept", (status, code) => {
  expect(decideAcceptInvitation(asDave, { ...facts, live: { ...member, status } }, environment)).toEqual({
    ok: false,
    code,
    details: { orgId: acme.id, usrId: carol },
  });
});

describe("the inviter, asked again", () => {
  const gone: AcceptInvitationFacts = { ...facts, inviter: null };
  const demoted: AcceptInvitationFacts = { ...facts, invitation: { ...offer, role: "owner" }, inviter: admin };

  test("who has left has no authority any more", () => {
    expect(decideAcceptInvitation(asDave, gone, environment)).toEqual({
      ok: false,
      code: "forbidden",
      details: { subject: "inviter", usrId: alice },
    });
  });

  test("who was demoted below the role cannot give it", () => {
    expect(decideAcceptInvitation(asDave, demoted, environment)).toEqual({
      ok: false,
      code: "forbidden.role_hierarchy",
      details: { usrId: alice, role: "owner" },
    });
  });

  test.each([
    ["recheckInviter: false", { recheckInviter: false }],
    ['inviterCheck: "any"', { inviterCheck: "any" }],
  ] as const)("is no matter with %s, and nothing rests on their row", (_, options) => {
    const lenient = { ...environment, settings: settings(options) };
    for (const given of [gone, demoted]) {
      expect(decideAcceptInvitation(asDave, given, lenient)).toMatchObject({
        ok: true,
        write: { changes: [{ op: "updateInvitation" }, { op: "insertMembership" }, { op: "insertTuple" }] },
      });
    }
  });
});

describe("checks", () => {
  interface Asked {
    readonly acceptingIdentifier: string;
    readonly facts: AcceptInvitationFacts;
  }
  const spoilt =
    (patch: (facts: AcceptInvitationFacts) => Partial<AcceptInvitationFacts>) =>
    ({ facts, ...input }: Asked): Asked => ({ ...input, facts: { ...facts, ...patch(facts) } });
  testPrecedence<Asked>(
    ({ acceptingIdentifier, facts }) =>
      codeOf(decideAcceptInvitation({ asUsrId: dave, acceptingIdentifier }, facts, environment)),
    { acceptingIdentifier: "dave@example.com", facts: { ...facts, inviter: admin } },
    [
      {
        code: "precondition.identifier_mismatch",
        spoil: ({ facts }) => ({ acceptingIdentifier: "eve@example.com", facts }),
      },
      {
        code: "conflict.invitation_expired",
        spoil: spoilt(({ invitation }) => ({ invitation: { ...invitation, expiresAt: after(-1) } })),
        excludes: ["conflict.invitation_not_pending"],
      },
      {
        code: "conflict.invitation_not_pending",
        spoil: spoilt(({ invitation }) => ({ invitation: { ...invitation, status: "declined" } })),
      },
      {
        code: "precondition.org_not_active",
        spoil: spoilt(() => ({ org: { ...acme, status: "suspended" } })),
      },
      {
        code: "conflict.duplicate_membership",
        spoil: spoilt(() => ({ live: member })),
        excludes: ["precondition.membership_suspended"],
      },
      {
        code: "precondition.membership_suspended",
        spoil: spoilt(() => ({ live: { ...member, status: "suspended" } })),
      },
      { code: "forbidden", spoil: spoilt(() => ({ inviter: null })) },
      {
        code: "forbidden.role_hierarchy",
        spoil: spoilt(({ invitation }) => ({ invitation: { ...invitation, role: "owner" } })),
      },
    ],
  );
});

describe("input", () => {
  const input = { invId: offer.id, ...asDave };
  testPrecedence<object>((given) => codeThrown(() => acceptInvitation.parse(settings(), given as never)), input, [
    { code: "precondition.invalid_input", spoil: (given) => ({ ...given, asUserId: dave }) },
    { code: "invalid_type", spoil: (given) => ({ ...given, invId: dave }) },
    { code: "invalid_id", spoil: (given) => ({ ...given, asUsrId: "" }) },
    { code: "precondition.invalid_identifier", spoil: (given) => ({ ...given, acceptingIdentifier: "" }) },
  ]);

  test.each([undefined, null])("a user without an identifier (%s) is not bound", (acceptingIdentifier) => {
    const given = { invId: offer.id, asUsrId: dave, acceptingIdentifier };
    expect(codeThrown(() => acceptInvitation.parse(settings(), given as never))).toBe(
      "precondition.identifier_binding_required",
    );
  });

  test("whatever is left out, undefined or null is nobody and nothing", () => {
    const nobody = { invId: offer.id, ...asNew };
    const undefineds = { invId: offer.id, asUsrId: undefined, acceptingIdentifier: undefined };
    expect(acceptInvitation.parse(settings(), { invId: offer.id })).toEqual(nobody);
    expect(acceptInvitation.parse(settings(), undefineds as never)).toEqual(nobody);
    expect(acceptInvitation.parse(settings(), nobody)).toEqual(nobody);
  });
});

test("it asks for the invitation, its organization, the user's membership there and the inviter's", () => {
  const asked = { invId: offer.id, ...asDave };
  expect(acceptInvitation.scope(asked)).toEqual({ invitation: offer.id });
  expect(acceptInvitation.reads(asked, settings(), now)).toEqual({
    invitation: { read: "invitation", invId: offer.id },
    org: { read: "org", of: { invitation: offer.id } },
    live: { read: "liveMembership", of: { invitation: offer.id }, usrId: dave },
    inviter: { read: "inviter", invId: offer.id },
  });
  expect(acceptInvitation.find(asked, facts, now)).toEqual({ ok: true, facts });
});

test("an unknown invitation is not found", () => {
  const nothing = { invitation: null, org: null, live: null, inviter: null };
  expect(acceptInvitation.find({ invId: offer.id, ...asDave }, nothing, now)).toEqual({
    ok: false,
    code: "not_found",
    details: { what: "invitation", id: offer.id },
  });
});
