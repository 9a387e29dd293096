import { type Decision, found } from "../decision.ts";
import { fields } from "../input.ts";
import { type AddMemberInput, addMember, decideAddMember } from "../membership/add-member.ts";
import type { Membership, MemId, Organization } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import type { Read } from "../read.ts";
import { type BulkInput, type BulkPreview, type BulkReport, decideRows } from "./bulk.ts";
import { type BulkCall, bulkArgument, concernsOf, namedIn } from "./bulk-input.ts";

export type AddMemberRow = Omit<AddMemberInput, "orgId">;
export type AddMembersInput<D extends boolean = false> = BulkInput<AddMemberRow, D>;

type NewMember = Required<AddMemberInput>;

export interface AddMembersFacts {
  readonly org: Pick<Organization, "id" | "status">;
  /** The live memberships there of those who are to be added. */
  readonly live: readonly Membership[];
}

export const addMembers: Mutation<
  readonly [AddMembersInput<boolean>],
  BulkCall<NewMember>,
  { readonly org: Read<"org">; readonly live: Read<"liveMembers"> },
  AddMembersFacts,
  BulkReport<Membership> | BulkPreview,
  "mems"
> = {
  name: "addMembers",
  mints: ["mems"],
  rows: ({ rows }) => rows.length,
  admitsVersion: true,
  parse: (settings, input) =>
    bulkArgument(input, (orgId, row) =>
      addMember.parse(settings, { ...fields(row, ["usrId", "role", "invitedBy"]), orgId } as AddMemberInput),
    ),
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, rows }) => ({
    org: { read: "org", of: { org: orgId } },
    live: { read: "liveMembers", orgId, usrIds: namedIn(rows, ({ usrId }) => usrId) },
  }),
  find: ({ orgId }, { org, live }) => (org === null ? noOrg(orgId) : found({ org, live })),
  // Where some may be refused there is something to look at.
  assume: ({ orgId, mode, dryRun }) =>
    mode === "all" && !dryRun ? { org: { id: orgId, status: "active" }, live: [] } : null,
  decide: decideAddMembers,
  concerns: ({ rows }) => concernsOf(rows, ({ usrId, role }) => [{ usrId, role }]),
};

/** Add everybody, one after another: who was added by an earlier row is a member to the later ones. */
export function decideAddMembers(
  call: Pick<BulkCall<NewMember>, "rows" | "mode" | "dryRun">,
  { org, live }: AddMembersFacts,
  { ids, ...environment }: Environment<"mems">,
): Decision<BulkReport<Membership> | BulkPreview> {
  const members = new Map(live.map((member) => [member.usrId, member]));
  return decideRows(call, (row, place) => {
    const facts = { org, live: members.get(row.usrId) ?? null };
    const decision = decideAddMember(row, facts, { ...environment, ids: { mem: ids.mems[place] as MemId } });
    if (decision.ok) {
      members.set(row.usrId, decision.result);
    }
    return decision;
  });
}
