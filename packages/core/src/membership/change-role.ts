import { stillActive, unchanged } from "../change.ts";
import { accept, type Decision, found, noChange, reject } from "../decision.ts";
import { addressed, fields, roleArgument } from "../input.ts";
import type { Membership, MemId, Metadata, Role } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import type { OrgFact } from "../presumed.ts";
import type { Read } from "../read.ts";
import {
  effectiveMembership,
  foundMembership,
  heldMember,
  isAmongOthers,
  isLastingOwner,
  linkTime,
  relinked,
  twoOwners,
} from "./membership.ts";

export interface ChangeRoleInput<M = Metadata> {
  readonly memId: MemId | Membership<M>;
  readonly newRole: Role;
}

interface RoleChange {
  readonly memId: MemId;
  readonly newRole: Role;
  readonly held?: Membership | undefined;
}

export interface ChangeRoleFacts {
  readonly membership: Membership;
  readonly org: OrgFact;
  /** Whether somebody else is an active owner without a time box. */
  readonly otherOwner: boolean;
}

export const changeRole: Mutation<
  readonly [ChangeRoleInput],
  RoleChange,
  { readonly membership: Read<"membership">; readonly org: Read<"org">; readonly owners: Read<"owners"> },
  ChangeRoleFacts,
  Membership,
  "mem"
> = {
  name: "changeRole",
  mints: ["mem"],
  admitsVersion: true,
  parse(_, input) {
    const given = fields(input, ["memId", "newRole"]);
    const { id: memId, held } = addressed("mem", given.memId);
    return { memId, held, newRole: roleArgument(given.newRole) };
  },
  scope: ({ memId }) => ({ membership: memId }),
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
  decide: decideChangeRole,
  concerns: ({ newRole }, { membership: { usrId, role } }) => [
    { usrId, role },
    { usrId, role: newRole },
  ],
};

/** Give an active member another role: their row ends and a successor that `replaces` it begins. */
export function decideChangeRole(
  { newRole }: Pick<ChangeRoleInput, "newRole">,
  { membership: stored, org, otherOwner }: ChangeRoleFacts,
  { now, ids }: Environment<"mem">,
): Decision<Membership> {
  // What is over when the link would begin is over.
  const at = linkTime(now, stored);
  const membership = effectiveMembership(stored, at);
  const { id: memId, usrId, role: from, status } = membership;
  if (status !== "active") {
    return reject("precondition.mem_not_active", { memId, status });
  }
  if (org.status !== "active") {
    return reject("precondition.org_not_active", { orgId: org.id });
  }
  if (from === newRole) {
    return noChange(membership);
  }
  if (isLastingOwner(membership) && !otherOwner) {
    return reject("conflict.sole_owner", { orgId: org.id });
  }
  const { row, changes } = relinked(membership, newRole, ids.mem, at);
  return accept(row, {
    // Two owners demoted at once each see the other one; only the organization's version tells them apart.
    org: isLastingOwner(membership) ? unchanged(org) : stillActive(org),
    at,
    actor: null,
    changes,
    event: { type: "membership.role_changed", data: { memId: row.id, replaces: memId, usrId, from, to: newRole } },
  });
}
