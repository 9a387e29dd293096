import { describe, expect, test } from "vitest";
import { codeOf } from "../test/precedence.ts";
import { acme, admin, after, alice, bob, environment, member, offer, owner } from "../test/world.ts";
import type { Decision } from "./decision.ts";
import { EVENT_TYPES } from "./event.ts";
import { decideAcceptInvitation } from "./invitation/accept-invitation.ts";
import { decideDeclineInvitation, decideRevokeInvitation } from "./invitation/close-invitation.ts";
import { decideCreateInvitation } from "./invitation/create-invitation.ts";
import { expireInvitations } from "./invitation/expire-invitations.ts";
import { decideResendInvitation } from "./invitation/resend-invitation.ts";
import { decideAddMember } from "./membership/add-member.ts";
import { decideAdminRemove } from "./membership/admin-remove.ts";
import { decideChangeRole } from "./membership/change-role.ts";
import { decideSelfLeave } from "./membership/self-leave.ts";
import { decideReinstateMembership, decideSuspendMembership } from "./membership/suspension.ts";
import { decideTransferOwnership } from "./membership/transfer-ownership.ts";
import {
  ADMIN_HIERARCHY,
  ID_TYPES,
  INVITATION_STATUSES,
  type Invitation,
  type Membership,
  type Organization,
  ROLES,
  STATUSES,
  type Status,
} from "./model.ts";
import { decideReinstateOrg, decideRevokeOrg, decideSuspendOrg, decideUpdateOrg } from "./org.ts";
import { INVITATION_TRANSITIONS, MEMBERSHIP_TRANSITIONS, ORG_TRANSITIONS } from "./states.ts";

// The state machines a second time, as tables of what each operation does in each state: "→ s", or the code of the
// refusal. Owners, authority and input are never in the way here.

type Cell = string;

/** What a decision does to a row: the status it leaves it in, or the code with which it refuses. */
function outcome(decision: Decision<unknown>, id: string): Cell {
  if (!decision.ok) {
    return decision.code;
  }
  const statuses = (decision.write?.changes ?? []).flatMap((change) =>
    "row" in change && "id" in change.row && change.row.id === id ? [change.row.status] : [],
  );
  return `→ ${statuses.at(-1) ?? "as it was"}`;
}

describe("organizations", () => {
  const id = { orgId: acme.id };
  const add = { ...id, usrId: bob, role: "member", invitedBy: null, metadata: {}, expiresAt: null } as const;
  const invite = {
    ...id,
    identifier: "x",
    canonical: "x",
    role: "member",
    invitedBy: alice,
    expiresAt: after(1),
    preTuples: [],
    membershipExpiresAt: null,
    membershipMetadata: {},
  } as const;

  const operations: Record<string, (org: Organization) => Decision<unknown>> = {
    updateOrg: (org) =>
      decideUpdateOrg(
        { ...id, name: "New", slug: undefined, metadata: undefined },
        { org, slugHolder: null },
        environment,
      ),
    suspendOrg: (org) => decideSuspendOrg(id, { org }, environment),
    reinstateOrg: (org) => decideReinstateOrg(id, { org }, environment),
    revokeOrg: (org) => decideRevokeOrg(id, { org }, environment),
    addMember: (org) => decideAddMember(add, { org, live: null }, environment),
    createInvitation: (org) => decideCreateInvitation(invite, { org, inviter: owner, pending: [] }, environment),
  };

  const terminal = "conflict.already_terminal";
  const inactive = "precondition.org_not_active";
  const transition = "precondition.invalid_transition";
  const table: Record<string, Record<Status, Cell>> = {
    updateOrg: { active: "→ active", suspended: "→ suspended", revoked: terminal },
    suspendOrg: { active: "→ suspended", suspended: terminal, revoked: terminal },
    reinstateOrg: { active: transition, suspended: "→ active", revoked: transition },
    revokeOrg: { active: "→ revoked", suspended: "→ revoked", revoked: terminal },
    addMember: { active: "→ as it was", suspended: inactive, revoked: inactive },
    createInvitation: { active: "→ as it was", suspended: inactive, revoked: inactive },
  };

  test.each(cells(operations, STATUSES))("%s of one that is %s", (operation, status) => {
    const decision = operations[operation]?.({ ...acme, status });
    expect(decision && outcome(decision, acme.id)).toBe(table[operation]?.[status]);
  });
});

describe("memberships", () => {
  const facts = (membership: Membership) => ({ membership, org: acme, otherOwner: true, otherLive: false });
  const as = (role: Membership["role"], membership: Membership) => facts({ ...membership, role });
  const add = {
    orgId: acme.id,
    usrId: member.usrId,
    role: "member",
    invitedBy: null,
    metadata: {},
    expiresAt: null,
  } as const;
  const accept = { asUsrId: member.usrId, acceptingIdentifier: offer.identifier };
  /** Only a live membership is found as one. */
  const live = (membership: Membership) => (membership.status === "revoked" ? null : membership);

  const operations: Record<string, (membership: Membership) => Decision<unknown>> = {
    changeRole: (row) => decideChangeRole({ newRole: "guest" }, facts(row), environment),
    suspendMembership: (row) => decideSuspendMembership({ memId: row.id }, facts(row), environment),
    reinstateMembership: (row) => decideReinstateMembership({ memId: row.id }, facts(row), environment),
    selfLeave: (row) => decideSelfLeave({ transferTo: null }, { ...facts(row), successor: null }, environment),
    adminRemove: (row) => decideAdminRemove({ adminUsrId: bob }, { ...facts(row), admin }, environment),
    "transferOwnership from": (row) =>
      decideTransferOwnership({}, { org: acme, from: as("owner", row).membership, to: admin }, environment),
    "transferOwnership to": (row) => decideTransferOwnership({}, { org: acme, from: owner, to: row }, environment),
    addMember: (row) => decideAddMember(add, { org: acme, live: live(row) }, environment),
    acceptInvitation: (row) =>
      decideAcceptInvitation(accept, { invitation: offer, org: acme, live: live(row), inviter: owner }, environment),
  };

  const over = "precondition.mem_not_active";
  const transition = "precondition.invalid_transition";
  const from = "precondition.from_not_active";
  const to = "precondition.to_not_active";
  const twice = "conflict.duplicate_membership";
  const paused = "precondition.membership_suspended";
  const table: Record<string, Record<Status, Cell>> = {
    changeRole: { active: "→ revoked", suspended: over, revoked: over },
    suspendMembership: { active: "→ suspended", suspended: over, revoked: over },
    reinstateMembership: { active: transition, suspended: "→ active", revoked: transition },
    selfLeave: { active: "→ revoked", suspended: "→ revoked", revoked: over },
    adminRemove: { active: "→ revoked", suspended: "→ revoked", revoked: over },
    "transferOwnership from": { active: "→ revoked", suspended: from, revoked: from },
    "transferOwnership to": { active: "→ revoked", suspended: to, revoked: to },
    addMember: { active: twice, suspended: paused, revoked: "→ as it was" },
    acceptInvitation: { active: twice, suspended: paused, revoked: "→ as it was" },
  };

  test.each(cells(operations, STATUSES))("%s of one that is %s", (operation, status) => {
    const decision = operations[operation]?.({ ...member, status });
    expect(decision && outcome(decision, member.id)).toBe(table[operation]?.[status]);
  });

  /** Operations on an entity, by what a suspended organization does to them. */
  const inSuspendedOrg: Record<string, Cell | null> = {
    changeRole: "precondition.org_not_active",
    reinstateMembership: "precondition.org_not_active",
    suspendMembership: null,
    selfLeave: null,
    adminRemove: null,
    transferOwnership: null,
    acceptInvitation: "precondition.org_not_active",
    declineInvitation: null,
    revokeInvitation: null,
    resendInvitation: "precondition.org_not_active",
  };
  const org: Organization = { ...acme, status: "suspended" };
  const there = { ...facts(member), org };
  const answers: Record<string, Decision<unknown>> = {
    changeRole: decideChangeRole({ newRole: "guest" }, there, environment),
    reinstateMembership: decideReinstateMembership(
      { memId: member.id },
      { ...there, membership: { ...member, status: "suspended" } },
      environment,
    ),
    suspendMembership: decideSuspendMembership({ memId: member.id }, there, environment),
    selfLeave: decideSelfLeave({ transferTo: null }, { ...there, successor: null }, environment),
    adminRemove: decideAdminRemove({ adminUsrId: bob }, { ...there, admin }, environment),
    transferOwnership: decideTransferOwnership({}, { org, from: owner, to: admin }, environment),
    acceptInvitation: decideAcceptInvitation(
      { asUsrId: null, acceptingIdentifier: null },
      { invitation: offer, org, live: null, inviter: owner },
      environment,
    ),
    declineInvitation: decideDeclineInvitation(
      { asUsrId: null, acceptingIdentifier: null },
      { invitation: offer, org },
      environment,
    ),
    revokeInvitation: decideRevokeInvitation({ adminUsrId: bob }, { invitation: offer, org, admin }, environment),
    resendInvitation: decideResendInvitation(
      { adminUsrId: bob, expiresAt: after(1) },
      { invitation: offer, org, admin },
      environment,
    ),
  };

  test.each(Object.entries(inSuspendedOrg))("%s in a suspended organization", (operation, code) => {
    expect(answers[operation] && codeOf(answers[operation])).toBe(code);
  });
});

describe("invitations", () => {
  /** The state of an invitation as everybody sees it; one that elapsed is stored as pending still. */
  const states = [...INVITATION_STATUSES, "elapsed"] as const;
  type State = (typeof states)[number];
  const inState = (state: State): Invitation =>
    state === "elapsed" ? { ...offer, expiresAt: after(-1) } : { ...offer, status: state };

  const nobody = { asUsrId: null, acceptingIdentifier: null };
  const operations: Record<string, (invitation: Invitation) => Decision<unknown>> = {
    acceptInvitation: (invitation) =>
      decideAcceptInvitation(nobody, { invitation, org: acme, live: null, inviter: owner }, environment),
    declineInvitation: (invitation) => decideDeclineInvitation(nobody, { invitation, org: acme }, environment),
    revokeInvitation: (invitation) =>
      decideRevokeInvitation({ adminUsrId: bob }, { invitation, org: acme, admin }, environment),
    resendInvitation: (invitation) =>
      decideResendInvitation({ adminUsrId: bob, expiresAt: after(1) }, { invitation, org: acme, admin }, environment),
    expireInvitations: (invitation) =>
      expireInvitations.inOrg.decide({ orgId: acme.id, lapsed: [invitation] }, { lapsed: [invitation] }, environment),
  };

  const expired = "conflict.invitation_expired";
  const closed = "conflict.invitation_not_pending";
  const table: Record<string, Record<State, Cell>> = {
    acceptInvitation: {
      pending: "→ accepted",
      elapsed: expired,
      expired,
      accepted: closed,
      declined: closed,
      revoked: closed,
    },
    declineInvitation: {
      pending: "→ declined",
      elapsed: closed,
      expired: closed,
      accepted: closed,
      declined: closed,
      revoked: closed,
    },
    revokeInvitation: {
      pending: "→ revoked",
      elapsed: closed,
      expired: closed,
      accepted: closed,
      declined: closed,
      revoked: closed,
    },
    resendInvitation: {
      pending: "→ pending",
      elapsed: closed,
      expired: closed,
      accepted: closed,
      declined: closed,
      revoked: closed,
    },
    expireInvitations: {
      pending: "→ as it was",
      elapsed: "→ expired",
      expired: "→ as it was",
      accepted: "→ as it was",
      declined: "→ as it was",
      revoked: "→ as it was",
    },
  };

  test.each(cells(operations, states))("%s of one that is %s", (operation, state) => {
    const decision = operations[operation]?.(inState(state));
    expect(decision && outcome(decision, offer.id)).toBe(table[operation]?.[state]);
  });
});

test("the exported tables name every transition and no other", () => {
  const ofStatus = { active: ["suspended", "revoked"], suspended: ["active", "revoked"], revoked: [] };
  expect(ORG_TRANSITIONS).toEqual(ofStatus);
  expect(MEMBERSHIP_TRANSITIONS).toEqual(ofStatus);
  expect(INVITATION_TRANSITIONS).toEqual({
    pending: ["accepted", "declined", "revoked", "expired"],
    accepted: [],
    declined: [],
    revoked: [],
    expired: [],
  });
});

/** Every operation in every state. */
function cells<S extends string>(
  operations: Readonly<Record<string, unknown>>,
  states: readonly S[],
): readonly (readonly [operation: string, state: S])[] {
  return Object.keys(operations).flatMap((operation) => states.map((state) => [operation, state] as const));
}

test("the tables and the lists of roles and statuses cannot be changed", () => {
  const lists = [ID_TYPES, ROLES, ADMIN_HIERARCHY, STATUSES, INVITATION_STATUSES, EVENT_TYPES];
  const tables = [ORG_TRANSITIONS, MEMBERSHIP_TRANSITIONS, INVITATION_TRANSITIONS];
  const rows = tables.flatMap((table) => Object.values(table));
  expect([...lists, ...tables, ...rows].every(Object.isFrozen)).toBe(true);
});
