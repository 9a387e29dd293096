import { type Decision, found } from "../decision.ts";
import { fields } from "../input.ts";
import { stockAfter } from "../limits.ts";
import {
  type AddMemberInput,
  decideAddMember,
  NEW_MEMBER,
  type NewMember,
  needsLook,
  newMember,
} from "../membership/add-member.ts";
import type { Membership, MemId, Metadata } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import { type OrgFact, presumablyActive } from "../presumed.ts";
import type { JoinsOf, Read, Stock } from "../read.ts";
import { type BulkInput, type BulkPreview, type BulkReport, changesOf, decideRows } from "./bulk.ts";
import { type BulkCall, bulkArgument, concernsOf, namedIn } from "./bulk-input.ts";

export type AddMemberRow<M = Metadata> = Omit<AddMemberInput<M>, "orgId">;
export type AddMembersInput<D extends boolean = false, M = Metadata> = BulkInput<AddMemberRow<M>, D>;

export interface AddMembersFacts {
  readonly org: OrgFact;
  /** The memberships there, stored as live, of those who are to be added. */
  readonly live: readonly Membership[];
  /** How many members there are, where there is a limit. */
  readonly members?: Stock | undefined;
  /** In how many organizations they are, where there is a limit. */
  readonly joins?: readonly JoinsOf[] | undefined;
}

export const addMembers: Mutation<
  readonly [AddMembersInput<boolean>],
  BulkCall<NewMember>,
  {
    readonly org: Read<"org">;
    readonly live: Read<"liveMembers">;
    readonly members?: Read<"memberStock">;
    readonly joins?: Read<"joinsOf">;
  },
  AddMembersFacts,
  BulkReport<Membership> | BulkPreview,
  "mems"
> = {
  name: "addMembers",
  mints: ["mems"],
  rows: ({ rows }) => rows.length,
  admitsVersion: true,
  parse: (settings, input) =>
    bulkArgument(input, (orgId, row) => newMember(settings, { ...fields(row, NEW_MEMBER), orgId })),
  scope: ({ orgId }) => ({ org: orgId }),
  reads({ orgId, rows }, { limits }, at) {
    const usrIds = namedIn(rows, ({ usrId }) => usrId);
    return {
      org: { read: "org", of: { org: orgId } },
      live: { read: "liveMembers", orgId, usrIds },
      ...(limits.members === null ? {} : { members: { read: "memberStock", of: { org: orgId }, at } }),
      ...(limits.organizationsPerUser === null ? {} : { joins: { read: "joinsOf", usrIds, at } }),
    };
  },
  find: ({ orgId }, { org, ...facts }) => (org === null ? noOrg(orgId) : found({ org, ...facts })),
  // Where some may be refused there is something to look at.
  assume: ({ orgId, mode, dryRun }, settings) =>
    mode === "each" || dryRun || needsLook(settings) ? null : { org: presumablyActive(orgId), live: [] },
  decide: decideAddMembers,
  concerns: ({ rows }) => concernsOf(rows, ({ usrId, role }) => [{ usrId, role }]),
};

/** Add everybody, one after another: who was added by an earlier row is a member to the later ones, and takes a place. */
export function decideAddMembers(
  call: Pick<BulkCall<NewMember>, "rows" | "mode" | "dryRun">,
  { org, live: stored, members = { stored: 0, lapsed: 0 }, joins }: AddMembersFacts,
  { ids, ...environment }: Environment<"mems">,
): Decision<BulkReport<Membership> | BulkPreview> {
  const lives = new Map(stored.map((member) => [member.usrId, member]));
  const joinsBefore = new Map(joins?.map((own) => [own.usrId, own]));
  let stock = members;
  return decideRows(call, org, (row, place) => {
    const live = lives.get(row.usrId) ?? null;
    const own = joins === undefined ? undefined : (joinsBefore.get(row.usrId) ?? { organizations: 0, joins: 0 });
    const facts = { org, live, members: stock, joins: own };
    const decision = decideAddMember(row, facts, { ...environment, ids: { mem: ids.mems[place] as MemId } });
    if (decision.ok) {
      lives.set(row.usrId, decision.result);
      if (environment.settings.limits.members !== null) {
        stock = stockAfter("members", stock, changesOf(decision), live === null ? 0 : 1);
      }
    }
    return decision;
  });
}
