import { asIssued, stillActive } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { idArgument } from "../id.ts";
import { addressed, expirationArgument, fields } from "../input.ts";
import { authority } from "../membership/membership.ts";
import { type InvId, type Invitation, latest, type Metadata, type UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { type AuthorityFact, type OrgFact, PRESUMED_AUTHORITY, presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import { effective, foundInvitation, refuseInviter, refuseShortTimeBox } from "./invitation.ts";

export interface ResendInvitationInput<M = Metadata> {
  readonly invId: InvId | Invitation<M>;
  readonly adminUsrId: UsrId;
  /** The new last instant at which it can be accepted; it may be earlier than the old one. */
  readonly expiresAt: Date;
}

interface Resending {
  readonly invId: InvId;
  readonly adminUsrId: UsrId;
  readonly expiresAt: Date;
  readonly held?: Invitation | undefined;
}

export interface ResendInvitationFacts {
  readonly invitation: Invitation;
  readonly org: OrgFact;
  /** The membership of `adminUsrId`, stored as live, in the invitation's organization. */
  readonly admin: AuthorityFact | null;
}

export const resendInvitation: Mutation<
  readonly [ResendInvitationInput],
  Resending,
  { readonly invitation: Read<"invitation">; readonly org: Read<"org">; readonly admin: Read<"liveMembership"> },
  ResendInvitationFacts,
  Invitation,
  never
> = {
  name: "resendInvitation",
  mints: [],
  admitsVersion: true,
  parse(_, input) {
    const { invId, adminUsrId, expiresAt } = fields(input, ["invId", "adminUsrId", "expiresAt"]);
    const { id, held } = addressed("inv", invId);
    return {
      invId: id,
      held,
      adminUsrId: idArgument("usr", adminUsrId, "adminUsrId"),
      expiresAt: expirationArgument(expiresAt),
    };
  },
  scope: ({ invId }) => ({ invitation: invId }),
  reads: ({ invId, adminUsrId }) => ({
    invitation: { read: "invitation", invId },
    org: { read: "org", of: { invitation: invId } },
    admin: { read: "liveMembership", of: { invitation: invId }, usrId: adminUsrId },
  }),
  find({ invId }, answers) {
    const both = foundInvitation(invId, answers);
    return both.ok ? found({ ...both.facts, admin: answers.admin }) : both;
  },
  assume: ({ held }) =>
    held === undefined ? null : { invitation: held, org: presumablyActive(held.orgId), admin: PRESUMED_AUTHORITY },
  decide: decideResendInvitation,
  concerns: (_, { invitation }) => [{ usrId: null, role: invitation.role }],
  actsFor: ({ adminUsrId }) => adminUsrId,
};

/**
 * Give a pending invitation another expiry, and the host a reason to send it again: the event, which comes also where the
 * expiry stays. The check of authority comes first, so no state shows to others.
 */
export function decideResendInvitation(
  { adminUsrId, expiresAt }: Pick<ResendInvitationInput, "adminUsrId" | "expiresAt">,
  { invitation, org, admin }: ResendInvitationFacts,
  { now, settings }: Environment,
): Decision<Invitation> {
  const { id: invId, role } = invitation;
  const refusal = settings.inviterCheck === "any" ? null : refuseInviter(admin, adminUsrId, role, now, "admin");
  if (refusal !== null) {
    return refusal;
  }
  if (effective(invitation, now).status !== "pending") {
    return reject("conflict.invitation_not_pending", { invId });
  }
  if (org.status !== "active") {
    return reject("precondition.org_not_active", { orgId: org.id });
  }
  // Where the clock stepped back the invitation may be from later than now, and it ends after it began.
  if (expiresAt.getTime() <= latest(now, invitation.createdAt).getTime()) {
    return reject("precondition.past_expiration", { expiresAt: expiresAt.toISOString() });
  }
  const short = refuseShortTimeBox(invitation, expiresAt);
  if (short !== null) {
    return short;
  }
  const row: Invitation = { ...invitation, expiresAt };
  const [from, to] = [invitation.expiresAt.toISOString(), expiresAt.toISOString()];
  return accept(row, {
    org: stillActive(org),
    at: now,
    actor: adminUsrId,
    changes: [
      ...(settings.inviterCheck === "any" ? [] : [authority(adminUsrId, role, now)]),
      { op: "updateInvitation", row, expect: asIssued(invitation) },
    ],
    event: { type: "invitation.resent", data: { invId, from, to, adminUsrId } },
  });
}
