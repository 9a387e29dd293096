import { existing } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { idArgument } from "../id.ts";
import { addressed, fields } from "../input.ts";
import { type Membership, type MemId, type Metadata, type Organization, rankOf, type UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { type AuthorityFact, PRESUMED_AUTHORITY, presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import { authority, canEnd, effectiveMembership, ended, foundMembership, isAdministrator } from "./membership.ts";

export interface AdminRemoveInput<M = Metadata> {
  readonly memId: MemId | Membership<M>;
  readonly adminUsrId: UsrId;
}

interface Removal {
  readonly memId: MemId;
  readonly adminUsrId: UsrId;
  readonly held?: Membership | undefined;
}

export interface AdminRemoveFacts {
  readonly membership: Membership;
  readonly org: Pick<Organization, "id">;
  /** The membership of `adminUsrId`, stored as live, in the target's organization. */
  readonly admin: AuthorityFact | null;
}

export const adminRemove: Mutation<
  readonly [AdminRemoveInput],
  Removal,
  { readonly membership: Read<"membership">; readonly org: Read<"org">; readonly admin: Read<"liveMembership"> },
  AdminRemoveFacts,
  Membership,
  never
> = {
  name: "adminRemove",
  mints: [],
  admitsVersion: true,
  parse(_, input) {
    const given = fields(input, ["memId", "adminUsrId"]);
    const { id: memId, held } = addressed("mem", given.memId);
    return { memId, held, adminUsrId: idArgument("usr", given.adminUsrId, "adminUsrId") };
  },
  scope: ({ memId }) => ({ membership: memId }),
  reads: ({ memId, adminUsrId }) => ({
    membership: { read: "membership", memId },
    org: { read: "org", of: { membership: memId } },
    admin: { read: "liveMembership", of: { membership: memId }, usrId: adminUsrId },
  }),
  find({ memId }, answers) {
    const both = foundMembership(memId, answers);
    return both.ok ? found({ admin: answers.admin, ...both.facts }) : both;
  },
  assume: ({ held }) =>
    held === undefined ? null : { membership: held, org: presumablyActive(held.orgId), admin: PRESUMED_AUTHORITY },
  decide: decideAdminRemove,
  concerns: (_, { membership }) => [membership],
  actsFor: ({ adminUsrId }) => adminUsrId,
};

/** End somebody's membership, active or suspended. Equal rank is enough; an owner is never removed this way. */
export function decideAdminRemove(
  { adminUsrId }: Pick<AdminRemoveInput, "adminUsrId">,
  { membership: stored, org, admin }: AdminRemoveFacts,
  { now }: Environment,
): Decision<Membership> {
  const membership = effectiveMembership(stored, now);
  const { id: memId, usrId, role, status } = membership;
  if (!canEnd(membership)) {
    return reject("precondition.mem_not_active", { memId, status });
  }
  if (!isAdministrator(admin, now)) {
    return reject("forbidden", { subject: "admin", usrId: adminUsrId });
  }
  if (role === "owner") {
    return reject("forbidden.role_hierarchy", { usrId: adminUsrId, role });
  }
  if (rankOf(role) === null) {
    return reject("precondition.scope_mismatch", { memId, role });
  }
  // Nobody is left whom an admin does not equal in rank, so rank needs no check of its own.
  const { row, changes } = ended(membership, now, adminUsrId);
  return accept(row, {
    org: existing(org),
    at: now,
    actor: adminUsrId,
    changes: [authority(adminUsrId, role, now), ...changes],
    event: { type: "membership.removed", data: { memId, usrId, role, from: status, removedBy: adminUsrId } },
  });
}
