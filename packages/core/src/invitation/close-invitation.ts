import { existing, inState } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { errorFor } from "../errors.ts";
import { idArgument } from "../id.ts";
import { addressed, fields, optionalId, optionalIdentifier } from "../input.ts";
import { authority, isAdministrator } from "../membership/membership.ts";
import type { InvId, Invitation, Metadata, Organization, UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { type AuthorityFact, type OrgFact, PRESUMED_AUTHORITY, presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import { closed, foundInvitation, isOpen, refuseIdentifier } from "./invitation.ts";

// The two ways in which an invitation ends unaccepted by somebody's hand: the invitee declines, an admin withdraws it.

export interface DeclineInvitationInput<M = Metadata> {
  readonly invId: InvId | Invitation<M>;
  /** Who declines; recorded. Left out, the decline is anonymous. */
  readonly asUsrId?: UsrId | null | undefined;
  /** One that is given must match. With `declineBinding: "required"` it is needed with `asUsrId`. */
  readonly acceptingIdentifier?: string | null | undefined;
}

interface Decline {
  readonly invId: InvId;
  readonly asUsrId: UsrId | null;
  readonly acceptingIdentifier: string | null;
  readonly held?: Invitation | undefined;
}

export interface DeclineInvitationFacts {
  readonly invitation: Invitation;
  readonly org: OrgFact;
}

export const declineInvitation: Mutation<
  readonly [DeclineInvitationInput],
  Decline,
  { readonly invitation: Read<"invitation">; readonly org: Read<"org"> },
  DeclineInvitationFacts,
  Invitation,
  never
> = {
  name: "declineInvitation",
  mints: [],
  admitsVersion: true,
  parse({ declineBinding }, input) {
    const { invId, asUsrId, acceptingIdentifier } = fields(input, ["invId", "asUsrId", "acceptingIdentifier"]);
    const { id, held } = addressed("inv", invId);
    const answer = {
      invId: id,
      held,
      asUsrId: optionalId("usr", asUsrId, "asUsrId"),
      acceptingIdentifier: optionalIdentifier(acceptingIdentifier),
    };
    if (declineBinding === "required" && answer.asUsrId !== null && answer.acceptingIdentifier === null) {
      throw errorFor("precondition.identifier_binding_required", {});
    }
    return answer;
  },
  scope: ({ invId }) => ({ invitation: invId }),
  reads: ({ invId }) => ({
    invitation: { read: "invitation", invId },
    org: { read: "org", of: { invitation: invId } },
  }),
  find: ({ invId }, answers) => foundInvitation(invId, answers),
  assume: ({ held }) => (held === undefined ? null : { invitation: held, org: presumablyActive(held.orgId) }),
  decide: decideDeclineInvitation,
  concerns: ({ asUsrId }) => [{ usrId: asUsrId, role: null }],
};

/** Turn an invitation down: no membership, no tuple. Works in a suspended organization. */
export function decideDeclineInvitation(
  { asUsrId, acceptingIdentifier }: Pick<Decline, "asUsrId" | "acceptingIdentifier">,
  { invitation, org }: DeclineInvitationFacts,
  { now, settings }: Environment,
): Decision<Invitation> {
  const mismatch = acceptingIdentifier === null ? null : refuseIdentifier(invitation, acceptingIdentifier, settings);
  if (mismatch !== null) {
    return mismatch;
  }
  // What had lapsed when the organization ended is still pending in the eyes of a clock that is behind.
  if (!isOpen(invitation, now, "declined") || org.status === "revoked") {
    return reject("conflict.invitation_not_pending", { invId: invitation.id });
  }
  const { row, change } = closed(invitation, "declined", now, asUsrId);
  return accept(row, {
    org: inState(org),
    at: now,
    actor: asUsrId,
    changes: [change],
    event: { type: "invitation.declined", data: { invId: invitation.id, usrId: asUsrId } },
  });
}

export interface RevokeInvitationInput<M = Metadata> {
  readonly invId: InvId | Invitation<M>;
  readonly adminUsrId: UsrId;
}

interface Withdrawal {
  readonly invId: InvId;
  readonly adminUsrId: UsrId;
  readonly held?: Invitation | undefined;
}

export interface RevokeInvitationFacts {
  readonly invitation: Invitation;
  readonly org: Pick<Organization, "id">;
  /** The membership of `adminUsrId`, stored as live, in the invitation's organization. */
  readonly admin: AuthorityFact | null;
}

export const revokeInvitation: Mutation<
  readonly [RevokeInvitationInput],
  Withdrawal,
  { readonly invitation: Read<"invitation">; readonly org: Read<"org">; readonly admin: Read<"liveMembership"> },
  RevokeInvitationFacts,
  Invitation,
  never
> = {
  name: "revokeInvitation",
  mints: [],
  admitsVersion: true,
  parse(_, input) {
    const { invId, adminUsrId } = fields(input, ["invId", "adminUsrId"]);
    const { id, held } = addressed("inv", invId);
    return { invId: id, held, adminUsrId: idArgument("usr", adminUsrId, "adminUsrId") };
  },
  scope: ({ invId }) => ({ invitation: invId }),
  reads: ({ invId, adminUsrId }) => ({
    invitation: { read: "invitation", invId },
    org: { read: "org", of: { invitation: invId } },
    admin: { read: "liveMembership", of: { invitation: invId }, usrId: adminUsrId },
  }),
  find({ invId }, answers) {
    const both = foundInvitation(invId, answers);
    return both.ok ? found({ admin: answers.admin, ...both.facts }) : both;
  },
  assume: ({ held }) =>
    held === undefined ? null : { invitation: held, org: { id: held.orgId }, admin: PRESUMED_AUTHORITY },
  decide: decideRevokeInvitation,
  actsFor: ({ adminUsrId }) => adminUsrId,
};

/** Withdraw a pending invitation. Any active owner or admin may; the check comes first, so no state shows to others. */
export function decideRevokeInvitation(
  { adminUsrId }: Pick<RevokeInvitationInput, "adminUsrId">,
  { invitation, org, admin }: RevokeInvitationFacts,
  { now }: Environment,
): Decision<Invitation> {
  if (!isAdministrator(admin, now)) {
    return reject("forbidden", { subject: "admin", usrId: adminUsrId });
  }
  if (!isOpen(invitation, now, "revoked")) {
    return reject("conflict.invitation_not_pending", { invId: invitation.id });
  }
  const { row, change } = closed(invitation, "revoked", now, adminUsrId);
  return accept(row, {
    org: existing(org),
    at: now,
    actor: adminUsrId,
    // Any administrator will do: whoever ranks at least as high as the lowest.
    changes: [authority(adminUsrId, "guest", now), change],
    event: { type: "invitation.revoked", data: { invId: invitation.id, adminUsrId } },
  });
}
