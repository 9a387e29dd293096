import { type Decision, found } from "../decision.ts";
import { errorFor } from "../errors.ts";
import { fields } from "../input.ts";
import {
  type CreateInvitationInput,
  decideCreateInvitation,
  NEW_INVITATION,
  type NewInvitation,
  newInvitation,
} from "../invitation/create-invitation.ts";
import { isFixed, stockAfter } from "../limits.ts";
import type { InvId, Invitation, Metadata, UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import { type AuthorityFact, type OrgFact, PRESUMED_AUTHORITY, presumablyActive } from "../presumed.ts";
import type { PendingInvitation, Read, Stock } from "../read.ts";
import { type BulkInput, type BulkPreview, type BulkReport, changesOf, decideRows } from "./bulk.ts";
import { type BulkCall, bulkArgument, concernsOf, namedIn } from "./bulk-input.ts";

/** A statement carries each of them twice. */
const MOST_GRANTS = 100_000;

export type CreateInvitationRow<M = Metadata> = Omit<CreateInvitationInput<M>, "orgId">;
export type CreateInvitationsInput<D extends boolean = false, M = Metadata> = BulkInput<CreateInvitationRow<M>, D>;

export interface CreateInvitationsFacts {
  readonly org: OrgFact;
  /** The memberships, stored as live, of those who invite. */
  readonly inviters: readonly (AuthorityFact & { readonly usrId: UsrId })[];
  /** Invitations stored as pending for one of the identifiers, where the re-invite policy asks for them. */
  readonly pending: readonly PendingInvitation[];
  /** How many invitations are open, where there is a limit. */
  readonly stock?: Stock | undefined;
}

export const createInvitations: Mutation<
  readonly [CreateInvitationsInput<boolean>],
  BulkCall<NewInvitation>,
  {
    readonly org: Read<"org">;
    readonly inviters: Read<"liveMembers">;
    readonly pending: Read<"pendingInvitationsTo">;
    readonly stock?: Read<"invitationStock">;
  },
  CreateInvitationsFacts,
  BulkReport<Invitation> | BulkPreview,
  "invs"
> = {
  name: "createInvitations",
  mints: ["invs"],
  rows: ({ rows }) => rows.length,
  admitsVersion: true,
  parse(settings, input) {
    const call = bulkArgument(input, (orgId, row) =>
      newInvitation(settings, { ...fields(row, NEW_INVITATION), orgId }),
    );
    const grants = call.rows.reduce((sum, row) => sum + (row.ok ? row.row.preTuples.length : 0), 0);
    if (grants > MOST_GRANTS) {
      throw errorFor("precondition.too_many_pre_tuples", { limit: MOST_GRANTS });
    }
    return call;
  },
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, rows }, { reinvite, limits }, at) => ({
    org: { read: "org", of: { org: orgId } },
    inviters: { read: "liveMembers", orgId, usrIds: namedIn(rows, ({ invitedBy }) => invitedBy) },
    pending: {
      read: "pendingInvitationsTo",
      orgId,
      canonicals: reinvite === "allow" ? [] : namedIn(rows, ({ canonical }) => canonical),
    },
    ...(limits.pendingInvitations === null ? {} : { stock: { read: "invitationStock", of: { org: orgId }, at } }),
  }),
  find: ({ orgId }, { org, ...facts }) => (org === null ? noOrg(orgId) : found({ org, ...facts })),
  assume({ orgId, mode, dryRun, rows }, { reinvite, limits }) {
    if (mode === "each" || dryRun || reinvite !== "allow" || !isFixed(limits.pendingInvitations)) {
      return null;
    }
    const inviters = namedIn(rows, ({ invitedBy }) => invitedBy).map((usrId) => ({ ...PRESUMED_AUTHORITY, usrId }));
    return { org: presumablyActive(orgId), inviters, pending: [] };
  },
  decide: decideCreateInvitations,
  concerns: ({ rows }) => concernsOf(rows, ({ role }) => [{ usrId: null, role }]),
  actsFor: ({ rows }) => namedIn(rows, ({ invitedBy }) => invitedBy),
};

/** Invite everybody, one after another: to the later rows what the earlier ones made is pending, and counts. */
export function decideCreateInvitations(
  call: Pick<BulkCall<NewInvitation>, "rows" | "mode" | "dryRun">,
  { org, inviters, pending, stock: before = { stored: 0, lapsed: 0 } }: CreateInvitationsFacts,
  { ids, ...environment }: Environment<"invs">,
): Decision<BulkReport<Invitation> | BulkPreview> {
  const members = new Map(inviters.map((inviter) => [inviter.usrId, inviter]));
  const open = new Map<string, readonly Invitation[]>();
  for (const { canonical, invitation } of pending) {
    open.set(canonical, [...(open.get(canonical) ?? []), invitation]);
  }
  let stock = before;
  return decideRows(call, org, (row, place) => {
    const inviter = members.get(row.invitedBy) ?? null;
    const facts = { org, inviter, pending: open.get(row.canonical) ?? [], stock };
    const decision = decideCreateInvitation(row, facts, { ...environment, ids: { inv: ids.invs[place] as InvId } });
    if (decision.ok) {
      if (environment.settings.limits.pendingInvitations !== null) {
        stock = stockAfter("pendingInvitations", stock, changesOf(decision));
      }
      if (environment.settings.reinvite !== "allow") {
        open.set(row.canonical, [decision.result]);
      }
    }
    return decision;
  });
}
