import { asRead, existing, unchanged } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import type { EventData } from "../event.ts";
import { addressed, fields, optionalId } from "../input.ts";
import type { Membership, MemId, Metadata, UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import type { OrgFact } from "../presumed.ts";
import type { Read } from "../read.ts";
import {
  canEnd,
  effectiveMembership,
  ended,
  foundMembership,
  heldMember,
  isActiveOwner,
  isAmongOthers,
  isLastingOwner,
  linkTime,
  relinked,
  twoOwners,
} from "./membership.ts";

export interface SelfLeaveInput<M = Metadata> {
  readonly memId: MemId | Membership<M>;
  /** The member who becomes owner in the same commit. */
  readonly transferTo?: UsrId | null | undefined;
}

interface Leave {
  readonly memId: MemId;
  readonly transferTo: UsrId | null;
  readonly held?: Membership | undefined;
}

export interface SelfLeaveFacts {
  readonly membership: Membership;
  readonly org: OrgFact;
  /** Whether somebody else is an active owner without a time box. */
  readonly otherOwner: boolean;
  /** The membership of `transferTo` that is stored as live. */
  readonly successor: Membership | null;
}

export const selfLeave: Mutation<
  readonly [SelfLeaveInput],
  Leave,
  {
    readonly membership: Read<"membership">;
    readonly org: Read<"org">;
    readonly owners: Read<"owners">;
    readonly successor: Read<"liveMembership">;
  },
  SelfLeaveFacts,
  Membership,
  "mem"
> = {
  name: "selfLeave",
  mints: ["mem"],
  admitsVersion: true,
  parse(_, input) {
    const given = fields(input, ["memId", "transferTo"]);
    const { id: memId, held } = addressed("mem", given.memId);
    return { memId, held, transferTo: optionalId("usr", given.transferTo, "transferTo") };
  },
  scope: ({ memId }) => ({ membership: memId }),
  reads: ({ memId, transferTo }) => ({
    membership: { read: "membership", memId },
    org: { read: "org", of: { membership: memId } },
    owners: twoOwners(memId),
    successor: { read: "liveMembership", of: { membership: memId }, usrId: transferTo },
  }),
  find({ memId }, answers) {
    const both = foundMembership(memId, answers);
    return both.ok
      ? found({ successor: answers.successor, otherOwner: isAmongOthers(memId, answers.owners), ...both.facts })
      : both;
  },
  assume({ held, transferTo }) {
    const known = heldMember(held);
    return known === null || transferTo !== null ? null : { ...known, successor: null };
  },
  decide: decideSelfLeave,
  concerns: (_, { membership }) => [membership],
};

/** End one's own membership, active or suspended; a hand-over that is asked for happens in the same commit. */
export function decideSelfLeave(
  { transferTo }: Pick<Leave, "transferTo">,
  { membership: stored, org, otherOwner, successor: named }: SelfLeaveFacts,
  { now, ids }: Environment<"mem">,
): Decision<Membership> {
  const membership = effectiveMembership(stored, now);
  const successor = named === null ? null : effectiveMembership(named, now);
  const { id: memId, usrId, role, status } = membership;
  if (!canEnd(membership)) {
    return reject("precondition.mem_not_active", { memId, status });
  }
  if (transferTo === usrId) {
    return reject("precondition.self_transfer", { usrId });
  }
  if (transferTo !== null && !isActiveOwner(membership)) {
    return reject("precondition.from_not_owner", { memId });
  }
  if (transferTo === null && isLastingOwner(membership) && !otherOwner) {
    return reject("conflict.sole_owner", { orgId: org.id });
  }
  if (transferTo !== null && successor?.status !== "active") {
    return reject("not_found", { what: "member", id: transferTo });
  }
  if (successor !== null && successor.expiresAt !== null) {
    return reject("precondition.to_time_boxed", { memId: successor.id });
  }
  const handover = successor === null ? null : promoted(successor, ids.mem, now);
  const at = handover?.at ?? now;
  const leaving = ended(membership, at);
  return accept(leaving.row, {
    // Two owners who leave at once each see the other one; only the organization's version tells them apart. With a
    // successor the rows of both are guard enough: the successor stays.
    org: isLastingOwner(membership) && successor === null ? unchanged(org) : existing(org),
    at,
    actor: usrId,
    changes: [...leaving.changes, ...(handover?.changes ?? [])],
    event: {
      type: "membership.left",
      data: { memId, usrId, role, from: status, transfer: handover?.transfer ?? null },
    },
  });
}

/** What makes an active member an owner; nothing but the expectation that they still are one, if they are already. */
export function promoted(
  member: Membership,
  id: MemId,
  now: Date,
  ...alsoReplaced: readonly Membership[]
): {
  readonly at: Date;
  readonly row: Membership;
  readonly changes: ReturnType<typeof relinked>["changes"];
  readonly transfer: NonNullable<EventData["membership.left"]["transfer"]>;
} {
  const { id: memId, usrId, role: fromRole } = member;
  if (isActiveOwner(member)) {
    return {
      at: linkTime(now, ...alsoReplaced),
      row: member,
      changes: [{ op: "expectMembership", memId, expect: asRead(member) }],
      transfer: { usrId, memId, replaces: null, fromRole },
    };
  }
  const at = linkTime(now, member, ...alsoReplaced);
  return { ...relinked(member, "owner", id, at), at, transfer: { usrId, memId: id, replaces: memId, fromRole } };
}
