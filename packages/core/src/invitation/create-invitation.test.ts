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
  membership,
  now,
  offer,
  owner,
  settings,
  yesterday,
} from "../../test/world.ts";
import { type Invitation, type Membership, ROLES, type Role } from "../model.ts";
import { emailIdentifiers } from "../policy.ts";
import { type CreateInvitationFacts, createInvitation, decideCreateInvitation } from "./create-invitation.ts";

const grant = { relation: "viewer", objectType: "project", objectId: "p1", expiresAt: null };
const asked = {
  orgId: acme.id,
  identifier: "Dave@example.com",
  canonical: "dave@example.com",
  role: "member",
  invitedBy: alice,
  expiresAt: after(1000),
  preTuples: [grant],
  membershipExpiresAt: null,
  membershipMetadata: {},
} as const;
const facts = { org: acme, inviter: owner, pending: [] } satisfies CreateInvitationFacts;
const ofAlice = { op: "expectMember", usrId: alice, roles: ["owner", "admin"], at: now };

test("an invitation is pending, keeps the identifier as given and rests on its inviter's authority", () => {
  const row = {
    id: fresh.inv,
    orgId: acme.id,
    identifier: "Dave@example.com",
    role: "member",
    status: "pending",
    preTuples: [grant],
    membershipExpiresAt: null,
    membershipMetadata: {},
    invitedBy: alice,
    invitedUserId: null,
    createdAt: now,
    expiresAt: after(1000),
    terminalAt: null,
    terminalBy: null,
  };
  expect(decideCreateInvitation(asked, facts, environment)).toEqual({
    ok: true,
    result: row,
    write: {
      org: { is: "existing", id: acme.id, status: "active", version: null },
      at: now,
      actor: alice,
      changes: [ofAlice, { op: "insertInvitation", row, canonical: "dave@example.com" }],
      event: {
        type: "invitation.created",
        data: {
          invId: fresh.inv,
          role: "member",
          invitedBy: alice,
          expiresAt: "2030-01-01T00:00:01.000Z",
          preTuples: [grant],
          membershipExpiresAt: null,
          replaced: [],
        },
      },
    },
  });
});

test("neither the result nor the event holds the canonical identifier", () => {
  const decision = decideCreateInvitation(asked, facts, environment);
  expect(decision.ok && JSON.stringify([decision.result, decision.write?.event])).not.toContain(asked.canonical);
});

test.each(["suspended", "revoked"] as const)("nobody is invited into a %s organization", (status) => {
  expect(decideCreateInvitation(asked, { ...facts, org: { ...acme, status } }, environment)).toEqual({
    ok: false,
    code: "precondition.org_not_active",
    details: { orgId: acme.id },
  });
});

test.each([
  ["now", now],
  ["in the past", after(-1)],
  ["before the common era", new Date("-000001-01-01T00:00:00.000Z")],
])("an invitation cannot expire %s", (_, expiresAt) => {
  expect(decideCreateInvitation({ ...asked, expiresAt }, facts, environment)).toEqual({
    ok: false,
    code: "precondition.past_expiration",
    details: { expiresAt: expiresAt.toISOString() },
  });
});

test("an invitation may expire a millisecond from now", () => {
  const decision = decideCreateInvitation({ ...asked, expiresAt: after(1) }, facts, environment);
  expect(decision).toMatchObject({ ok: true, result: { expiresAt: after(1) } });
});

/** Who may offer which role: the code of the refusal, or `null`. */
function verdict(by: Role | "nobody", offered: Role): string | null {
  switch (by) {
    case "owner":
      return null;
    case "admin":
      return offered === "owner" ? "forbidden.role_hierarchy" : null;
    default:
      return "forbidden";
  }
}

const offers = ([...ROLES, "nobody"] as const).flatMap((by) =>
  ROLES.map((offered) => [by, offered, verdict(by, offered)] as const),
);

test.each(offers)("an offer of %s's to become %s is answered: %s", (by, role, code) => {
  const inviter = by === "nobody" ? null : membership({ id: idNo("mem", 9), usrId: bob, role: by });
  const decision = decideCreateInvitation({ ...asked, role, invitedBy: bob }, { ...facts, inviter }, environment);
  expect(codeOf(decision)).toBe(code);
});

test("a suspended admin invites nobody", () => {
  const inviter: Membership = { ...admin, status: "suspended" };
  expect(decideCreateInvitation({ ...asked, invitedBy: bob }, { ...facts, inviter }, environment)).toEqual({
    ok: false,
    code: "forbidden",
    details: { subject: "inviter", usrId: bob },
  });
});

test("the details of a rank too low name the inviter and the role on offer", () => {
  const given = { ...asked, role: "owner", invitedBy: bob } as const;
  expect(decideCreateInvitation(given, { ...facts, inviter: admin }, environment)).toEqual({
    ok: false,
    code: "forbidden.role_hierarchy",
    details: { usrId: bob, role: "owner" },
  });
});

test.each<readonly [who: string, inviter: Membership | null]>([
  ["a stranger", null],
  ["a mere member", membership({ id: idNo("mem", 9), usrId: carol })],
])('with inviterCheck "any" %s may offer ownership, and nothing rests on their row', (_, inviter) => {
  const any = { ...environment, settings: settings({ inviterCheck: "any" }) };
  const given = { ...asked, role: "owner", invitedBy: carol } as const;
  expect(decideCreateInvitation(given, { ...facts, inviter }, any)).toMatchObject({
    ok: true,
    write: { changes: [{ op: "insertInvitation" }], actor: carol },
  });
});

describe("another invitation to the same identifier", () => {
  const elapsed: Invitation = { ...offer, id: idNo("inv", 2), expiresAt: after(-1) };
  const last: Invitation = { ...offer, id: idNo("inv", 3), expiresAt: now };

  test("is allowed by default", () => {
    const decision = decideCreateInvitation(asked, facts, environment);
    expect(decision).toMatchObject({ ok: true, write: { org: { status: "active", version: null } } });
  });

  test('is refused while one is pending, with reinvite "reject"', () => {
    const strict = { ...environment, settings: settings({ reinvite: "reject" }) };
    expect(decideCreateInvitation(asked, { ...facts, pending: [elapsed, last, offer] }, strict)).toEqual({
      ok: false,
      code: "conflict.duplicate_invitation",
      details: { orgId: acme.id, invId: last.id },
    });
  });

  test('may follow one that lapsed, with reinvite "reject", if the organization is unchanged', () => {
    const strict = { ...environment, settings: settings({ reinvite: "reject" }) };
    expect(decideCreateInvitation(asked, { ...facts, pending: [elapsed] }, strict)).toMatchObject({
      ok: true,
      write: { org: { status: null, version: acme.version }, event: { data: { replaced: [] } } },
    });
  });

  test('revokes those that are pending, with reinvite "replace"', () => {
    const replacing = { ...environment, settings: settings({ reinvite: "replace" }) };
    const ahead: Invitation = { ...offer, id: idNo("inv", 4), createdAt: after(5) };
    const decision = decideCreateInvitation(asked, { ...facts, pending: [elapsed, offer, ahead] }, replacing);
    expect(decision).toMatchObject({
      ok: true,
      write: {
        org: { status: null, version: acme.version },
        changes: [
          ofAlice,
          {
            op: "updateInvitation",
            row: { ...offer, status: "revoked", terminalAt: now, terminalBy: alice, invitedUserId: null },
            expect: { status: "pending", expiresAt: offer.expiresAt },
          },
          { op: "updateInvitation", row: { id: ahead.id, terminalAt: after(5) } },
          { op: "insertInvitation" },
        ],
        event: { data: { replaced: [offer.id, ahead.id] } },
      },
    });
  });

  test.each([
    ["allow", null],
    ["reject", "dave@example.com"],
    ["replace", "dave@example.com"],
  ] as const)("with reinvite %s the store is asked for those to %s", (reinvite, canonical) => {
    expect(createInvitation.reads(asked, settings({ reinvite }), now)).toEqual({
      org: { read: "org", of: { org: acme.id } },
      inviter: { read: "liveMembership", of: { org: acme.id }, usrId: alice },
      pending: { read: "pendingInvitations", orgId: acme.id, canonical },
    });
  });
});

describe("checks", () => {
  interface Asked {
    readonly input: Parameters<typeof decideCreateInvitation>[0];
    readonly facts: CreateInvitationFacts;
  }
  const strict = { ...environment, settings: settings({ reinvite: "reject" }) };
  testPrecedence<Asked>(
    ({ input, facts }) => codeOf(decideCreateInvitation(input, facts, strict)),
    { input: { ...asked, invitedBy: bob }, facts: { ...facts, inviter: admin } },
    [
      {
        code: "precondition.org_not_active",
        spoil: ({ input, facts }) => ({ input, facts: { ...facts, org: { ...acme, status: "suspended" } } }),
      },
      {
        code: "precondition.past_expiration",
        spoil: ({ input, facts }) => ({ input: { ...input, expiresAt: now }, facts }),
      },
      { code: "forbidden", spoil: ({ input, facts }) => ({ input, facts: { ...facts, inviter: null } }) },
      {
        code: "forbidden.role_hierarchy",
        spoil: ({ input, facts }) => ({ input: { ...input, role: "owner" }, facts }),
      },
      {
        code: "conflict.duplicate_invitation",
        spoil: ({ input, facts }) => ({ input, facts: { ...facts, pending: [offer] } }),
      },
    ],
  );
});

describe("input", () => {
  const input = {
    orgId: acme.id,
    identifier: "dave@example.com",
    role: "member",
    invitedBy: alice,
    expiresAt: after(1),
    preTuples: [grant],
  };
  testPrecedence<object>((given) => codeThrown(() => createInvitation.parse(settings(), given as never)), input, [
    { code: "precondition.invalid_input", spoil: (given) => ({ ...given, status: "accepted" }) },
    { code: "invalid_type", spoil: (given) => ({ ...given, orgId: alice }) },
    { code: "invalid_id", spoil: (given) => ({ ...given, invitedBy: null }) },
    { code: "precondition.invalid_identifier", spoil: (given) => ({ ...given, identifier: "" }) },
    { code: "precondition.invalid_role", spoil: (given) => ({ ...given, role: null }) },
    { code: "precondition.invalid_expiration", spoil: (given) => ({ ...given, expiresAt: "tomorrow" }) },
    { code: "precondition.invalid_pre_tuple", spoil: (given) => ({ ...given, preTuples: null }) },
  ]);

  test("the identifier is kept as given, beside its canonical form", () => {
    const policy = settings({ identifierPolicy: emailIdentifiers });
    const given = { ...input, identifier: " Dave@Example.com " };
    expect(createInvitation.parse(policy, given as never)).toEqual({
      ...given,
      canonical: "dave@example.com",
      membershipExpiresAt: null,
      membershipMetadata: {},
    });
  });

  test("no pre-tuples is an empty list", () => {
    const { preTuples: _, ...without } = input;
    expect(createInvitation.parse(settings(), without as never)).toMatchObject({ preTuples: [] });
  });
});

test("its keys are those of the organization, which must exist", () => {
  expect(createInvitation.scope(asked)).toEqual({ org: acme.id });
  expect(createInvitation.find(asked, facts, now)).toEqual({ ok: true, facts });
  expect(createInvitation.find(asked, { org: null, inviter: null, pending: [] }, now)).toEqual({
    ok: false,
    code: "not_found",
    details: { what: "organization", id: acme.id },
  });
});

test("an invitation that the clock has overtaken backwards ends no earlier than it began", () => {
  const replacing = { ...environment, now: after(-100_000_000), settings: settings({ reinvite: "replace" }) };
  const decision = decideCreateInvitation(asked, { ...facts, pending: [offer] }, replacing);
  expect(decision).toMatchObject({
    write: { changes: [{ ...ofAlice, at: replacing.now }, { row: { terminalAt: yesterday } }, {}] },
  });
});

test("an active organization and an inviter of rank are assumed, unless the policy looks at pending invitations", () => {
  expect(createInvitation.assume?.(asked, settings())).toEqual({
    org: { id: acme.id, status: "active", version: 0 },
    inviter: { role: "owner", status: "active", expiresAt: null },
    pending: [],
  });
  expect(createInvitation.assume?.(asked, settings({ reinvite: "reject" }))).toBeNull();
  expect(createInvitation.assume?.(asked, settings({ reinvite: "replace" }))).toBeNull();
});
