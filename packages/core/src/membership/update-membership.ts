import { asRead, type Change, existing, unchanged } from "../change.ts";
import { accept, type Decision, found, noChange, reject } from "../decision.ts";
import type { EventData } from "../event.ts";
import { addressed, fields, optionalExpiration } from "../input.ts";
import { changedKeys, judge, type MetadataPatch, metadataArgument } from "../metadata.ts";
import { isPast, latest, type Membership, type MemId, type Metadata, roleTuple } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import type { OrgFact } from "../presumed.ts";
import { presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import {
  canEnd,
  effectiveMembership,
  foundMembership,
  isAmongOthers,
  isLastingOwner,
  twoOwners,
} from "./membership.ts";

export interface UpdateMembershipInput<M = Metadata> {
  readonly memId: MemId | Membership<M>;
  /** Merged key by key: what is left out stays, `null` removes. */
  readonly metadata?: MetadataPatch<M> | undefined;
  /** The last instant of the membership. Absent or `undefined` leaves it as it is; `null` lifts the time box. */
  readonly expiresAt?: Date | null | undefined;
}

interface MembershipUpdate {
  readonly memId: MemId;
  readonly metadata: Metadata | undefined;
  readonly expiresAt: Date | null | undefined;
  readonly held?: Membership | undefined;
}

export interface UpdateMembershipFacts {
  readonly membership: Membership;
  readonly org: OrgFact;
  /** Whether somebody else is an active owner without a time box. */
  readonly otherOwner: boolean;
}

export const updateMembership: Mutation<
  readonly [UpdateMembershipInput],
  MembershipUpdate,
  { readonly membership: Read<"membership">; readonly org: Read<"org">; readonly owners: Read<"owners"> },
  UpdateMembershipFacts,
  Membership,
  never
> = {
  name: "updateMembership",
  mints: [],
  admitsVersion: true,
  parse(_, input) {
    const given = fields(input, ["memId", "metadata", "expiresAt"]);
    const { id: memId, held } = addressed("mem", given.memId);
    return {
      memId,
      held,
      metadata: metadataArgument(given.metadata, "metadata"),
      expiresAt: given.expiresAt === undefined ? undefined : optionalExpiration(given.expiresAt),
    };
  },
  scope: ({ memId }) => ({ membership: memId }),
  reads: ({ memId }) => ({
    membership: { read: "membership", memId },
    org: { read: "org", of: { membership: memId } },
    owners: twoOwners(memId),
  }),
  find({ memId }, answers) {
    const both = foundMembership(memId, answers);
    return both.ok ? found({ ...both.facts, otherOwner: isAmongOthers(memId, answers.owners) }) : both;
  },
  assume: ({ held }) =>
    held === undefined ? null : { membership: held, org: presumablyActive(held.orgId), otherOwner: false },
  decide: decideUpdateMembership,
  concerns: (_, { membership }) => [membership],
  favours: ({ expiresAt }, { membership }, usrId) =>
    usrId === membership.usrId && isLonger(expiresAt, membership.expiresAt),
};

/** Change what the host keeps of a member, or how long they stay. What equals the stored value is no change. */
export function decideUpdateMembership(
  { metadata: patch, expiresAt }: Pick<MembershipUpdate, "metadata" | "expiresAt">,
  { membership: stored, org, otherOwner }: UpdateMembershipFacts,
  { now, settings }: Environment,
): Decision<Membership> {
  // No two states of a row have one time: what a caller holds of an earlier one is never taken for this one.
  const at = latest(now, new Date(stored.updatedAt.getTime() + 1));
  const membership = effectiveMembership(stored, at);
  const { id: memId, usrId, role, status } = membership;
  if (!canEnd(membership)) {
    return reject("precondition.mem_not_active", { memId, status });
  }
  if (expiresAt instanceof Date && isPast(expiresAt, at)) {
    return reject("precondition.past_expiration", { expiresAt: expiresAt.toISOString() });
  }
  // One who is boxed counts no more among the owners of whom one always stays.
  const goes = isLastingOwner(membership) && expiresAt instanceof Date;
  if (goes && !otherOwner) {
    return reject("conflict.sole_owner", { orgId: org.id });
  }
  const judged =
    patch === undefined
      ? ({ ok: true, metadata: membership.metadata } as const)
      : judge(membership.metadata, patch, "metadata", settings.metadata.membership);
  if (!judged.ok) {
    return reject("precondition.invalid_metadata", judged.details, judged.hidden);
  }
  const row: Membership = {
    ...membership,
    metadata: judged.metadata,
    expiresAt: expiresAt === undefined ? membership.expiresAt : expiresAt,
    updatedAt: at,
  };
  const keys = changedKeys(membership.metadata, row.metadata);
  const [from, to] = [textOf(membership.expiresAt), textOf(row.expiresAt)];
  const changes: EventData["membership.updated"]["changes"] = {
    ...(keys.length === 0 ? {} : { metadata: keys }),
    ...(from === to ? {} : { expiresAt: { from, to } }),
  };
  if (Object.keys(changes).length === 0) {
    return noChange(membership);
  }
  const retimed: readonly Change[] =
    from === to || status !== "active" ? [] : [{ op: "insertTuple", tuple: roleTuple(row) }];
  return accept(row, {
    // Two owners boxed at once each see the other one; only the organization's version tells them apart.
    org: goes ? unchanged(org) : existing(org),
    at,
    actor: null,
    changes: [{ op: "updateMembership", row, expect: asRead(membership) }, ...retimed],
    event: { type: "membership.updated", data: { memId, usrId, role, changes } },
  });
}

/** Whether a time box that there is would be lifted, or end later. */
function isLonger(to: Date | null | undefined, from: Date | null): boolean {
  return to !== undefined && from !== null && (to === null || to.getTime() > from.getTime());
}

function textOf(expiresAt: Date | null): string | null {
  return expiresAt?.toISOString() ?? null;
}
