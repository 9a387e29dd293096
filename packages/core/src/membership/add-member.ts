import { type Change, stillActive } from "../change.ts";
import { accept, type Decision, found, type Rejected, reject } from "../decision.ts";
import { idArgument } from "../id.ts";
import { fields, optionalId, roleArgument } from "../input.ts";
import {
  type InvId,
  type Membership,
  type Organization,
  type OrgId,
  type Role,
  roleTuple,
  type UsrId,
} from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import type { Read } from "../read.ts";

export interface AddMemberInput {
  readonly orgId: OrgId;
  readonly usrId: UsrId;
  readonly role: Role;
  /** Recorded, not checked. */
  readonly invitedBy?: UsrId | null;
}

export interface AddMemberFacts {
  readonly org: Pick<Organization, "id" | "status">;
  /** The user's live membership in the organization. */
  readonly live: Membership | null;
}

export const addMember: Mutation<
  readonly [AddMemberInput],
  Required<AddMemberInput>,
  { readonly org: Read<"org">; readonly live: Read<"liveMembership"> },
  AddMemberFacts,
  Membership,
  "mem"
> = {
  name: "addMember",
  mints: ["mem"],
  admitsVersion: true,
  parse(_, input) {
    const { orgId, usrId, role, invitedBy } = fields(input, ["orgId", "usrId", "role", "invitedBy"]);
    return {
      orgId: idArgument("org", orgId),
      usrId: idArgument("usr", usrId),
      invitedBy: optionalId("usr", invitedBy),
      role: roleArgument(role),
    };
  },
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, usrId }) => ({
    org: { read: "org", of: { org: orgId } },
    live: { read: "liveMembership", of: { org: orgId }, usrId },
  }),
  find: ({ orgId }, { org, live }) => (org === null ? noOrg(orgId) : found({ org, live })),
  assume: ({ orgId }) => ({ org: { id: orgId, status: "active" }, live: null }),
  decide: decideAddMember,
  concerns: ({ usrId, role }) => [{ usrId, role }],
};

/** Add somebody in any role. After a membership that ended this begins a new chain. */
export function decideAddMember(
  { usrId, role, invitedBy }: Required<AddMemberInput>,
  { org, live }: AddMemberFacts,
  { now, ids }: Environment<"mem">,
): Decision<Membership> {
  if (org.status !== "active") {
    return reject("precondition.org_not_active", { orgId: org.id });
  }
  const refusal = refuseLive(live);
  if (refusal !== null) {
    return refusal;
  }
  const { row, changes } = joined({ id: ids.mem, orgId: org.id, usrId, role, invitedBy }, now, null);
  return accept(row, {
    // A second membership of the user is refused by the database itself, so the version need not stand still.
    org: stillActive(org),
    at: now,
    actor: invitedBy,
    changes,
    event: { type: "membership.added", data: { memId: row.id, usrId, role, invitedBy } },
  });
}

/** Nobody has two live memberships in one organization; a suspension is not stepped around. */
export function refuseLive(live: Membership | null): Rejected | null {
  if (live === null) {
    return null;
  }
  const { orgId, usrId, status } = live;
  return status === "active"
    ? reject("conflict.duplicate_membership", { orgId, usrId })
    : reject("precondition.membership_suspended", { orgId, usrId });
}

/** The first row of a new chain and its tuple. `invId`: the invitation that made it. */
export function joined(
  who: Pick<Membership, "id" | "orgId" | "usrId" | "role" | "invitedBy">,
  at: Date,
  invId: InvId | null,
): { readonly row: Membership; readonly changes: readonly Change[] } {
  const row: Membership = { status: "active", replaces: null, removedBy: null, createdAt: at, updatedAt: at, ...who };
  return {
    row,
    changes: [
      { op: "insertMembership", row, invId },
      { op: "insertTuple", tuple: roleTuple(row) },
    ],
  };
}
