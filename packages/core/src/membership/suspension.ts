import { asRead, existing, stillActive, unchanged } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { addressed } from "../input.ts";
import { latest, type Membership, type MemId, roleTuple } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { type OrgFact, presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import type { Settings } from "../settings.ts";
import { canBecome, MEMBERSHIP_TRANSITIONS } from "../states.ts";
import {
  effectiveMembership,
  foundMembership,
  heldMember,
  isAmongOthers,
  isLastingOwner,
  twoOwners,
} from "./membership.ts";

interface MemIdInput {
  readonly memId: MemId;
  readonly held?: Membership | undefined;
}

export interface SuspendMembershipFacts {
  readonly membership: Membership;
  readonly org: OrgFact;
  /** Whether somebody else is an active owner without a time box. */
  readonly otherOwner: boolean;
}

const byMemId = {
  mints: [],
  admitsVersion: true,
  parse(_: Settings, member: MemId | Membership): MemIdInput {
    const { id: memId, held } = addressed("mem", member);
    return { memId, held };
  },
  scope: ({ memId }: MemIdInput) => ({ membership: memId }),
} as const;

export const suspendMembership: Mutation<
  readonly [MemId | Membership],
  MemIdInput,
  { readonly membership: Read<"membership">; readonly org: Read<"org">; readonly owners: Read<"owners"> },
  SuspendMembershipFacts,
  Membership,
  never
> = {
  ...byMemId,
  name: "suspendMembership",
  reads: ({ memId }) => ({
    membership: { read: "membership", memId },
    org: { read: "org", of: { membership: memId } },
    owners: twoOwners(memId),
  }),
  find({ memId }, answers) {
    const both = foundMembership(memId, answers);
    return both.ok ? found({ otherOwner: isAmongOthers(memId, answers.owners), ...both.facts }) : both;
  },
  assume: ({ held }) => heldMember(held),
  decide: decideSuspendMembership,
  concerns: (_, { membership }) => [membership],
};

/** Suspend an active membership: same row, same role, its role tuple gone until it is reinstated. */
export function decideSuspendMembership(
  _: Pick<MemIdInput, "memId">,
  { membership: stored, org, otherOwner }: SuspendMembershipFacts,
  { now }: Environment,
): Decision<Membership> {
  const membership = effectiveMembership(stored, now);
  const { id: memId, usrId, role, status } = membership;
  if (!canBecome(MEMBERSHIP_TRANSITIONS, status, "suspended")) {
    return reject("precondition.mem_not_active", { memId, status });
  }
  if (isLastingOwner(membership) && !otherOwner) {
    return reject("conflict.sole_owner", { orgId: org.id });
  }
  const row: Membership = { ...membership, status: "suspended", updatedAt: latest(now, membership.updatedAt) };
  return accept(row, {
    // Two owners suspended at once each see the other one; only the organization's version tells them apart.
    org: isLastingOwner(membership) ? unchanged(org) : existing(org),
    at: now,
    actor: null,
    changes: [
      { op: "updateMembership", row, expect: asRead(membership) },
      { op: "deleteTuple", tuple: roleTuple(membership) },
    ],
    event: { type: "membership.suspended", data: { memId, usrId, role } },
  });
}

export interface ReinstateMembershipFacts {
  readonly membership: Membership;
  readonly org: OrgFact;
  /** Another live membership of the user, as only imported data can have. */
  readonly otherLive: boolean;
}

export const reinstateMembership: Mutation<
  readonly [MemId | Membership],
  MemIdInput,
  {
    readonly membership: Read<"membership">;
    readonly org: Read<"org">;
    readonly otherLive: Read<"otherLiveMembership">;
  },
  ReinstateMembershipFacts,
  Membership,
  never
> = {
  ...byMemId,
  name: "reinstateMembership",
  reads: ({ memId }) => ({
    membership: { read: "membership", memId },
    org: { read: "org", of: { membership: memId } },
    otherLive: { read: "otherLiveMembership", memId },
  }),
  find({ memId }, answers) {
    const both = foundMembership(memId, answers);
    return both.ok ? found({ otherLive: answers.otherLive, ...both.facts }) : both;
  },
  assume: ({ held }) =>
    held === undefined ? null : { membership: held, org: presumablyActive(held.orgId), otherLive: false },
  decide: decideReinstateMembership,
  concerns: (_, { membership }) => [membership],
};

/** Reinstate a suspended membership: same row, its role tuple back. */
export function decideReinstateMembership(
  _: Pick<MemIdInput, "memId">,
  { membership: stored, org, otherLive }: ReinstateMembershipFacts,
  { now }: Environment,
): Decision<Membership> {
  const membership = effectiveMembership(stored, now);
  const { id: memId, usrId, role, status } = membership;
  if (!canBecome(MEMBERSHIP_TRANSITIONS, status, "active")) {
    return reject("precondition.invalid_transition", { id: memId, status });
  }
  if (org.status !== "active") {
    return reject("precondition.org_not_active", { orgId: org.id });
  }
  if (otherLive) {
    return reject("conflict.duplicate_membership", { orgId: org.id, usrId });
  }
  const row: Membership = { ...membership, status: "active", updatedAt: latest(now, membership.updatedAt) };
  return accept(row, {
    org: stillActive(org),
    at: now,
    actor: null,
    changes: [
      { op: "updateMembership", row, expect: asRead(membership) },
      { op: "insertTuple", tuple: roleTuple(row) },
    ],
    event: { type: "membership.reinstated", data: { memId, usrId, role } },
  });
}
