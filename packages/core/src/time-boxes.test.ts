import { describe, expect, test } from "vitest";
import { codeThrown } from "../test/precedence.ts";
import { acme, after, alice, bob, carol, environment, member, now, offer, owner, settings } from "../test/world.ts";
import { preTuplesArgument } from "./input.ts";
import { acceptInvitation, decideAcceptInvitation } from "./invitation/accept-invitation.ts";
import { createInvitation, decideCreateInvitation } from "./invitation/create-invitation.ts";
import { decideResendInvitation } from "./invitation/resend-invitation.ts";
import { addMember, decideAddMember } from "./membership/add-member.ts";
import { effectiveMembership, isLastingOwner } from "./membership/membership.ts";
import { decideSelfLeave } from "./membership/self-leave.ts";
import { decideTransferOwnership } from "./membership/transfer-ownership.ts";
import { createOrg, decideCreateOrg, decideUpdateOrg } from "./org.ts";
import { settingsFrom } from "./settings.ts";

// What time boxes, limits and metadata add to operations that have tests of their own.

const boxed = { ...member, expiresAt: after(-1) };
const fullHouse = { ...environment, settings: settings({ limits: { members: 1, organizationsPerUser: 1 } }) };

describe("a membership that has lapsed", () => {
  test("is revoked, a millisecond after its last instant", () => {
    expect(effectiveMembership(boxed, now)).toEqual({ ...boxed, status: "revoked", updatedAt: now });
    expect(effectiveMembership({ ...boxed, expiresAt: now }, now)).toEqual({ ...boxed, expiresAt: now });
  });

  test("does not count among the owners of whom one stays, lapsed or not", () => {
    expect([owner, { ...owner, expiresAt: after(9) }, member].map(isLastingOwner)).toEqual([true, false, false]);
  });
});

describe("addMember", () => {
  const asked = {
    orgId: acme.id,
    usrId: carol,
    role: "member",
    invitedBy: null,
    metadata: {},
    expiresAt: null,
  } as const;

  test("a time box ends later than now", () => {
    expect(decideAddMember({ ...asked, expiresAt: now }, { org: acme, live: null }, environment)).toEqual({
      ok: false,
      code: "precondition.past_expiration",
      details: { expiresAt: now.toISOString() },
    });
    expect(decideAddMember({ ...asked, expiresAt: after(1) }, { org: acme, live: null }, environment).ok).toBe(true);
  });

  test("one who has lapsed is written down in passing; a tuple of the same role is taken over", () => {
    expect(decideAddMember(asked, { org: acme, live: boxed }, environment)).toMatchObject({
      write: {
        changes: [{ op: "updateMembership" }, { op: "insertMembership" }, { op: "insertTuple" }],
        event: { data: { expired: boxed.id, expiresAt: null } },
      },
    });
    expect(decideAddMember({ ...asked, role: "guest" }, { org: acme, live: boxed }, environment)).toMatchObject({
      write: { changes: [{}, { op: "deleteTuple" }, {}, {}] },
    });
  });

  test("a limit is asked where there is one, and needs a look if it is about somebody", () => {
    const limited = settings({ limits: { members: 3, organizationsPerUser: 3 } });
    const of = { org: acme.id };
    expect(addMember.reads(asked, limited, now)).toMatchObject({
      members: { read: "memberStock", of, at: now },
      joins: { read: "joins", usrId: carol, at: now },
    });
    expect(addMember.assume?.(asked, limited)).toBeNull();
    expect(addMember.assume?.(asked, settings({ limits: { members: 3 } }))).not.toBeNull();
    expect(addMember.assume?.(asked, settings({ limits: { members: () => 3 } }))).toBeNull();
  });

  test("the organization's limit is told before the user's own", () => {
    const full = { org: acme, live: null, members: { stored: 1, lapsed: 0 }, joins: { organizations: 1, joins: 1 } };
    expect(decideAddMember(asked, full, fullHouse)).toMatchObject({ code: "conflict.member_limit" });
    expect(decideAddMember(asked, { ...full, members: { stored: 0, lapsed: 0 } }, fullHouse)).toMatchObject({
      code: "conflict.organization_limit",
    });
    expect(
      decideAddMember(asked, { ...full, members: { stored: 2, lapsed: 2 }, live: boxed }, fullHouse),
    ).toMatchObject({
      code: "conflict.organization_limit",
    });
  });
});

describe("invitations", () => {
  const grant = { relation: "viewer", objectType: "doc", objectId: "1", expiresAt: offer.expiresAt };

  test("a full organization takes nobody who accepts", () => {
    const facts = { invitation: offer, org: acme, live: null, inviter: owner, members: { stored: 1, lapsed: 0 } };
    const anybody = { asUsrId: null, acceptingIdentifier: null };
    expect(decideAcceptInvitation(anybody, facts, fullHouse)).toMatchObject({ code: "conflict.member_limit" });
    const held = { invId: offer.id, ...anybody, held: offer };
    expect(acceptInvitation.assume?.(held, fullHouse.settings)).toBeNull();
  });

  test("what is offered outlasts the offer", () => {
    const input = { orgId: acme.id, identifier: "x", role: "member", invitedBy: alice, expiresAt: offer.expiresAt };
    const parsed = (more: object) =>
      codeThrown(() => createInvitation.parse(settings(), { ...input, ...more } as never));
    expect(parsed({ membershipExpiresAt: offer.expiresAt })).toBe("precondition.short_time_box");
    expect(parsed({ preTuples: [grant] })).toBe("precondition.short_time_box");
    const resend = { invId: offer.id, adminUsrId: bob, expiresAt: after(99) };
    const invitation = { ...offer, membershipExpiresAt: after(99) };
    expect(decideResendInvitation(resend, { invitation, org: acme, admin: owner }, environment)).toEqual({
      ok: false,
      code: "precondition.short_time_box",
      details: { index: null },
    });
  });

  test("the end of a grant is an instant", () => {
    expect(() => preTuplesArgument([{ ...grant, expiresAt: "x" }], acme.id)).toThrow(
      expect.objectContaining({ code: "precondition.invalid_pre_tuple", details: { index: 0, field: "expiresAt" } }),
    );
    expect(preTuplesArgument([{ ...grant, expiresAt: undefined }], acme.id)).toEqual([{ ...grant, expiresAt: null }]);
  });

  test("as many may be open as the limit says", () => {
    const asked = { ...offer, canonical: "x", orgId: acme.id };
    const limited = settings({ limits: { pendingInvitations: 1 } });
    const facts = { org: acme, inviter: owner, pending: [], stock: { stored: 1, lapsed: 0 } };
    expect(decideCreateInvitation(asked, facts, { ...environment, settings: limited })).toMatchObject({
      code: "conflict.invitation_limit",
    });
    expect(createInvitation.reads(asked, limited, now)).toMatchObject({ stock: { read: "invitationStock", at: now } });
  });
});

describe("ownership is handed over for good", () => {
  const successor = { ...member, expiresAt: after(9) };
  const refused = { ok: false, code: "precondition.to_time_boxed", details: { memId: member.id } };

  test("nobody with a time box receives it", () => {
    expect(decideTransferOwnership({}, { org: acme, from: owner, to: successor }, environment)).toEqual(refused);
    const leave = { membership: owner, org: acme, otherOwner: false, successor };
    expect(decideSelfLeave({ transferTo: carol }, leave, environment)).toEqual(refused);
  });
});

describe("organizations", () => {
  test("a user founds as many as they may be in", () => {
    const asked = { creator: alice, name: null, slug: null, metadata: {}, membershipMetadata: {} };
    const joins = { organizations: 1, joins: 1 };
    expect(decideCreateOrg(asked, { slugHolder: null, joins }, fullHouse)).toMatchObject({
      code: "conflict.organization_limit",
    });
    expect(createOrg.reads(asked, fullHouse.settings, now)).toMatchObject({ joins: { usrId: alice, at: now } });
    expect(createOrg.assume?.(asked, fullHouse.settings)).toBeNull();
  });

  test("metadata is merged; the event names the keys; too much of it is refused", () => {
    const asked = { orgId: acme.id, name: undefined, slug: undefined };
    const facts = { org: acme, slugHolder: null };
    expect(decideUpdateOrg({ ...asked, metadata: { plan: "pro" } }, facts, environment)).toMatchObject({
      result: { metadata: { plan: "pro" } },
      write: { event: { data: { changes: { metadata: ["plan"] } } } },
    });
    const half = "x".repeat(9000);
    const full = { ...facts, org: { ...acme, metadata: { a: half } } };
    expect(decideUpdateOrg({ ...asked, metadata: { b: half } }, full, environment)).toMatchObject({
      code: "precondition.invalid_metadata",
    });
  });
});

test("a schema is what follows the standard", () => {
  const schema = { "~standard": { validate: () => ({ value: {} }) } };
  expect(settingsFrom({ metadata: { organization: schema } }).metadata).toEqual({
    organization: schema,
    membership: null,
  });
  for (const wrong of [{}, { "~standard": {} }, null, 1]) {
    expect(codeThrown(() => settingsFrom({ metadata: { membership: wrong } }))).toBe("precondition.invalid_input");
  }
});
