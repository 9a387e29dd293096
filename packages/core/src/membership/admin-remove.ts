import { asRead, type Change, existing } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { idArgument } from "../id.ts";
import { fields } from "../input.ts";
import { type Membership, type MemId, type Organization, rankOf, type UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import type { Read } from "../read.ts";
import { canEnd, ended, foundMembership, isAdministrator } from "./membership.ts";

export interface AdminRemoveInput {
  readonly memId: MemId;
  readonly adminUsrId: UsrId;
}

export interface AdminRemoveFacts {
  readonly membership: Membership;
  readonly org: Organization;
  /** The live membership of `adminUsrId` in the target's organization. */
  readonly admin: Membership | null;
}

export const adminRemove: Mutation<
  readonly [AdminRemoveInput],
  AdminRemoveInput,
  { readonly membership: Read<"membership">; readonly org: Read<"org">; readonly admin: Read<"liveMembership"> },
  AdminRemoveFacts,
  Membership,
  never
> = {
  name: "adminRemove",
  mints: [],
  admitsVersion: true,
  parse(_, input) {
    const { memId, adminUsrId } = fields(input, ["memId", "adminUsrId"]);
    return { memId: idArgument("mem", memId), adminUsrId: idArgument("usr", adminUsrId) };
  },
  scope: ({ memId }) => ({ membership: memId }),
  reads: ({ memId, adminUsrId }) => ({
    membership: { read: "membership", memId },
    org: { read: "org", of: { membership: memId } },
    admin: { read: "liveMembership", of: { membership: memId }, usrId: adminUsrId },
  }),
  find({ memId }, answers) {
    const both = foundMembership(memId, answers);
    return both.ok ? found({ ...both.facts, admin: answers.admin }) : both;
  },
  decide: decideAdminRemove,
};

/** End somebody's membership, active or suspended. Equal rank is enough; an owner is never removed this way. */
export function decideAdminRemove(
  { adminUsrId }: Pick<AdminRemoveInput, "adminUsrId">,
  { membership, org, admin }: AdminRemoveFacts,
  { now }: Environment,
): Decision<Membership> {
  const { id: memId, usrId, role, status } = membership;
  if (!canEnd(membership)) {
    return reject("precondition.mem_not_active", { memId, status });
  }
  if (!isAdministrator(admin)) {
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
    changes: [...authorityOf(admin, membership), ...changes],
    event: { type: "membership.removed", data: { memId, usrId, role, from: status, removedBy: adminUsrId } },
  });
}

/** Somebody who removes themself is guarded by the row that ends. */
function authorityOf(admin: Membership, target: Membership): readonly Change[] {
  return admin.id === target.id ? [] : [{ op: "expectMembership", memId: admin.id, expect: asRead(admin) }];
}
