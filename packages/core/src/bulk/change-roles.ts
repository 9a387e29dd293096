import { type Decision, found } from "../decision.ts";
import { fields } from "../input.ts";
import { type ChangeRoleInput, changeRole, decideChangeRole } from "../membership/change-role.ts";
import { ended, isLastingOwner, noMembership } from "../membership/membership.ts";
import type { Membership, MemId, Metadata, Role } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import type { OrgFact } from "../presumed.ts";
import type { Read } from "../read.ts";
import { type BulkInput, type BulkPreview, type BulkReport, decideRows } from "./bulk.ts";
import { type BulkCall, bulkArgument, concernsOf, namedIn } from "./bulk-input.ts";

export type ChangeRolesInput<D extends boolean = false, M = Metadata> = BulkInput<ChangeRoleInput<M>, D>;

interface RoleOf {
  readonly memId: MemId;
  readonly newRole: Role;
}

export interface ChangeRolesFacts {
  readonly org: OrgFact;
  /** Those that belong to the organization. */
  readonly memberships: readonly Membership[];
  /** Active owners without a time box: one more than there are rows, or all. */
  readonly owners: readonly MemId[];
}

export const changeRoles: Mutation<
  readonly [ChangeRolesInput<boolean>],
  BulkCall<RoleOf>,
  { readonly org: Read<"org">; readonly memberships: Read<"memberships">; readonly owners: Read<"owners"> },
  ChangeRolesFacts,
  BulkReport<Membership> | BulkPreview,
  "mems"
> = {
  name: "changeRoles",
  mints: ["mems"],
  rows: ({ rows }) => rows.length,
  admitsVersion: true,
  parse: (settings, input) =>
    bulkArgument(input, (_, row) => {
      const given = fields(row, ["memId", "newRole"]) as unknown as ChangeRoleInput;
      const { memId, newRole } = changeRole.parse(settings, given);
      return { memId, newRole };
    }),
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, rows }) => ({
    org: { read: "org", of: { org: orgId } },
    memberships: { read: "memberships", orgId, memIds: namedIn(rows, ({ memId }) => memId) },
    // Though every row named an owner, one of these is left.
    owners: { read: "owners", of: { org: orgId }, take: rows.length + 1 },
  }),
  find: ({ orgId }, { org, ...facts }) => (org === null ? noOrg(orgId) : found({ org, ...facts })),
  decide: decideChangeRoles,
  concerns: ({ rows }, { memberships }) => [
    ...memberships,
    ...concernsOf(rows, ({ newRole }) => [{ usrId: null, role: newRole }]),
  ],
};

/** Change roles one after another: an owner whom an earlier row demotes is none to the later ones. */
export function decideChangeRoles(
  call: Pick<BulkCall<RoleOf>, "rows" | "mode" | "dryRun">,
  facts: ChangeRolesFacts,
  { ids, ...environment }: Environment<"mems">,
): Decision<BulkReport<Membership> | BulkPreview> {
  const { org } = facts;
  const memberships = new Map(facts.memberships.map((membership) => [membership.id, membership]));
  const owners = new Set(facts.owners);
  return decideRows(call, org, ({ memId, newRole }, place) => {
    const membership = memberships.get(memId);
    if (membership === undefined) {
      return noMembership(memId);
    }
    const otherOwner = owners.size > (owners.has(memId) ? 1 : 0);
    const own = { ...environment, ids: { mem: ids.mems[place] as MemId } };
    const decision = decideChangeRole({ newRole }, { membership, org, otherOwner }, own);
    if (decision.ok && decision.write !== null) {
      const link = decision.result;
      memberships.set(memId, ended(membership, link.createdAt).row);
      owners.delete(memId);
      if (isLastingOwner(link)) {
        owners.add(link.id);
      }
    }
    return decision;
  });
}
