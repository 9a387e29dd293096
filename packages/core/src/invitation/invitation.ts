import { asIssued, type Change } from "../change.ts";
import { type Found, found, type Rejected, reject } from "../decision.ts";
import type { EventData } from "../event.ts";
import { canonicalOf } from "../input.ts";
import { isAdministrator, ranksAtLeast } from "../membership/membership.ts";
import {
  type Grant,
  hasPassed,
  type InvId,
  type Invitation,
  type InvitationStatus,
  isPast,
  latest,
  type Organization,
  type Role,
  type UsrId,
} from "../model.ts";
import type { AuthorityFact } from "../presumed.ts";
import type { Settings } from "../settings.ts";
import { canBecome, INVITATION_TRANSITIONS } from "../states.ts";

// What the operations on invitations share.

/** Whether an invitation that is stored as pending has lapsed. At its last instant it has not. */
export function hasElapsed({ status, expiresAt }: Invitation, now: Date): boolean {
  return status === "pending" && hasPassed(expiresAt, now);
}

/** What an invitation offers outlasts it, so that nothing of it has lapsed when it is accepted. */
export function refuseShortTimeBox(
  { membershipExpiresAt, preTuples }: Pick<Invitation, "membershipExpiresAt" | "preTuples">,
  expiresAt: Date,
): Rejected<"precondition.short_time_box"> | null {
  if (isPast(membershipExpiresAt, expiresAt)) {
    return reject("precondition.short_time_box", { index: null });
  }
  const index = preTuples.findIndex((grant) => isPast(grant.expiresAt, expiresAt));
  return index === -1 ? null : reject("precondition.short_time_box", { index });
}

/** Grants as events tell of them. */
export function grantFacts(grants: readonly Grant[]): EventData["invitation.created"]["preTuples"] {
  return grants.map((grant) => ({ ...grant, expiresAt: grant.expiresAt?.toISOString() ?? null }));
}

/** The invitation as everybody sees it at an instant: lapsed is expired, whether or not a sweep wrote it down. */
export function effective(invitation: Invitation, now: Date): Invitation {
  return hasElapsed(invitation, now)
    ? { ...invitation, status: "expired", terminalAt: invitation.expiresAt, terminalBy: null }
    : invitation;
}

/** Whether an invitation can still be answered or withdrawn. */
export function isOpen(invitation: Invitation, now: Date, next: InvitationStatus): boolean {
  return canBecome(INVITATION_TRANSITIONS, effective(invitation, now).status, next);
}

/** The row of a pending invitation that ends, and what that writes. */
export function closed(
  invitation: Invitation,
  status: InvitationStatus,
  now: Date,
  by: UsrId | null,
): { readonly row: Invitation; readonly change: Change } {
  const terminalAt = latest(now, invitation.createdAt);
  const invitedUserId = status === "accepted" ? by : null;
  const row: Invitation = { ...invitation, status, invitedUserId, terminalAt, terminalBy: by };
  return { row, change: { op: "updateInvitation", row, expect: asIssued(invitation) } };
}

/** Who makes or renews an offer must administer the organization and rank at least as high as the role on offer. */
export function refuseInviter(
  inviter: AuthorityFact | null,
  usrId: UsrId,
  role: Role,
  now: Date,
  subject: "admin" | "inviter" = "inviter",
): Rejected | null {
  if (!isAdministrator(inviter, now)) {
    return reject("forbidden", { subject, usrId });
  }
  if (!ranksAtLeast(inviter.role, role)) {
    return reject("forbidden.role_hierarchy", { usrId, role });
  }
  return null;
}

/** Both identifiers, as they were given, must be the same to the policy. Neither appears in the error's text. */
export function refuseIdentifier(
  invitation: Invitation,
  acceptingIdentifier: string,
  { identifierPolicy }: Settings,
): Rejected | null {
  const accepting = canonicalOf(identifierPolicy, acceptingIdentifier);
  if (accepting !== null && accepting === canonicalOf(identifierPolicy, invitation.identifier)) {
    return null;
  }
  const hidden = { acceptingIdentifier, invitationIdentifier: invitation.identifier };
  return reject("precondition.identifier_mismatch", { invId: invitation.id }, hidden);
}

/** The addressed invitation with its organization, or that there is none. */
export function foundInvitation(
  invId: InvId,
  { invitation, org }: { readonly invitation: Invitation | null; readonly org: Organization | null },
): Found<{ readonly invitation: Invitation; readonly org: Organization }> | Rejected<"not_found"> {
  return invitation === null || org === null ? noInvitation(invId) : found({ invitation, org });
}

export function noInvitation(invId: InvId): Rejected<"not_found"> {
  return reject("not_found", { what: "invitation", id: invId });
}
