import { type Decision, found } from "../decision.ts";
import { fields } from "../input.ts";
import { type AdminRemoveInput, adminRemove, decideAdminRemove } from "../membership/admin-remove.ts";
import { noMembership } from "../membership/membership.ts";
import type { Membership, MemId, Metadata, Organization, UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import type { Read } from "../read.ts";
import { type BulkInput, type BulkPreview, type BulkReport, decideRows } from "./bulk.ts";
import { type BulkCall, bulkArgument, namedIn } from "./bulk-input.ts";

export type RemoveMembersInput<D extends boolean = false, M = Metadata> = BulkInput<AdminRemoveInput<M>, D>;

interface RemovalOf {
  readonly memId: MemId;
  readonly adminUsrId: UsrId;
}

export interface RemoveMembersFacts {
  readonly org: Pick<Organization, "id" | "version">;
  /** Those that belong to the organization. */
  readonly memberships: readonly Membership[];
  /** The memberships, stored as live, of those who remove. */
  readonly admins: readonly Membership[];
}

export const removeMembers: Mutation<
  readonly [RemoveMembersInput<boolean>],
  BulkCall<RemovalOf>,
  { readonly org: Read<"org">; readonly memberships: Read<"memberships">; readonly admins: Read<"liveMembers"> },
  RemoveMembersFacts,
  BulkReport<Membership> | BulkPreview,
  never
> = {
  name: "removeMembers",
  mints: [],
  admitsVersion: true,
  parse: (settings, input) =>
    bulkArgument(input, (_, row) => {
      const given = fields(row, ["memId", "adminUsrId"]) as unknown as AdminRemoveInput;
      const { memId, adminUsrId } = adminRemove.parse(settings, given);
      return { memId, adminUsrId };
    }),
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, rows }) => ({
    org: { read: "org", of: { org: orgId } },
    memberships: { read: "memberships", orgId, memIds: namedIn(rows, ({ memId }) => memId) },
    admins: { read: "liveMembers", orgId, usrIds: namedIn(rows, ({ adminUsrId }) => adminUsrId) },
  }),
  find: ({ orgId }, { org, ...facts }) => (org === null ? noOrg(orgId) : found({ org, ...facts })),
  decide: decideRemoveMembers,
  concerns: (_, { memberships }) => memberships,
  actsFor: ({ rows }) => namedIn(rows, ({ adminUsrId }) => adminUsrId),
};

/** Remove everybody, one after another: who was removed by an earlier row has no authority over the later ones. */
export function decideRemoveMembers(
  call: Pick<BulkCall<RemovalOf>, "rows" | "mode" | "dryRun">,
  { org, ...facts }: RemoveMembersFacts,
  environment: Environment,
): Decision<BulkReport<Membership> | BulkPreview> {
  const memberships = new Map(facts.memberships.map((membership) => [membership.id, membership]));
  const admins = new Map(facts.admins.map((admin) => [admin.usrId, admin]));
  return decideRows(call, org, ({ memId, adminUsrId }) => {
    const membership = memberships.get(memId);
    if (membership === undefined) {
      return noMembership(memId);
    }
    const admin = admins.get(adminUsrId) ?? null;
    const decision = decideAdminRemove({ adminUsrId }, { membership, org, admin }, environment);
    if (decision.ok) {
      memberships.set(memId, decision.result);
      // A membership that is removed was live, so it is the one by which its user may be an admin.
      admins.delete(membership.usrId);
    }
    return decision;
  });
}
