import { stillActive, unchanged } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { idArgument } from "../id.ts";
import { expirationArgument, fields, identifierArgument, preTuplesArgument, roleArgument } from "../input.ts";
import { authority } from "../membership/membership.ts";
import type { Invitation, OrgId, PreTuple, Role, UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import { type AuthorityFact, type OrgFact, PRESUMED_AUTHORITY, presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import { closed, hasElapsed, refuseInviter } from "./invitation.ts";

export interface CreateInvitationInput {
  readonly orgId: OrgId;
  /** The invitee's address: text of 1 to 320 UTF-16 units that the identifier policy accepts. Kept as given. */
  readonly identifier: string;
  readonly role: Role;
  readonly invitedBy: UsrId;
  /** The last instant at which the invitation can be accepted. */
  readonly expiresAt: Date;
  /** At most 100 grants for whoever accepts. On `org` objects: on the inviting organization only, and no role. */
  readonly preTuples?: readonly PreTuple[];
}

export interface NewInvitation extends Required<CreateInvitationInput> {
  readonly canonical: string;
}

export interface CreateInvitationFacts {
  readonly org: OrgFact;
  /** The live membership of `invitedBy`. */
  readonly inviter: AuthorityFact | null;
  /** Invitations stored as pending for the same canonical identifier, where the re-invite policy asks for them. */
  readonly pending: readonly Invitation[];
}

export const createInvitation: Mutation<
  readonly [CreateInvitationInput],
  NewInvitation,
  { readonly org: Read<"org">; readonly inviter: Read<"liveMembership">; readonly pending: Read<"pendingInvitations"> },
  CreateInvitationFacts,
  Invitation,
  "inv"
> = {
  name: "createInvitation",
  mints: ["inv"],
  admitsVersion: true,
  parse({ identifierPolicy }, input) {
    const given = fields(input, ["orgId", "identifier", "role", "invitedBy", "expiresAt", "preTuples"]);
    const orgId = idArgument("org", given.orgId);
    const invitedBy = idArgument("usr", given.invitedBy);
    const { raw, canonical } = identifierArgument(given.identifier, identifierPolicy);
    return {
      orgId,
      invitedBy,
      identifier: raw,
      canonical,
      role: roleArgument(given.role),
      expiresAt: expirationArgument(given.expiresAt),
      preTuples: preTuplesArgument(given.preTuples, orgId),
    };
  },
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, invitedBy, canonical }, { reinvite }) => ({
    org: { read: "org", of: { org: orgId } },
    inviter: { read: "liveMembership", of: { org: orgId }, usrId: invitedBy },
    pending: { read: "pendingInvitations", orgId, canonical: reinvite === "allow" ? null : canonical },
  }),
  find: ({ orgId }, { org, inviter, pending }) => (org === null ? noOrg(orgId) : found({ org, inviter, pending })),
  // Under a policy that looks at pending invitations there is something to look at.
  assume: ({ orgId }, { reinvite }) =>
    reinvite === "allow" ? { org: presumablyActive(orgId), inviter: PRESUMED_AUTHORITY, pending: [] } : null,
  decide: decideCreateInvitation,
  concerns: ({ role }) => [{ usrId: null, role }],
  actsFor: ({ invitedBy }) => invitedBy,
};

/** Offer a role to whoever owns an identifier, in the name of an active owner or admin of sufficient rank. */
export function decideCreateInvitation(
  { canonical, ...offer }: NewInvitation,
  { org, inviter, pending }: CreateInvitationFacts,
  { now, ids, settings }: Environment<"inv">,
): Decision<Invitation> {
  const { orgId, invitedBy, role, expiresAt, preTuples } = offer;
  if (org.status !== "active") {
    return reject("precondition.org_not_active", { orgId });
  }
  if (expiresAt.getTime() <= now.getTime()) {
    return reject("precondition.past_expiration", { expiresAt: expiresAt.toISOString() });
  }
  const refusal = settings.inviterCheck === "any" ? null : refuseInviter(inviter, invitedBy, role);
  if (refusal !== null) {
    return refusal;
  }
  const open = pending.filter((invitation) => !hasElapsed(invitation, now));
  const duplicate = open[0];
  if (settings.reinvite === "reject" && duplicate !== undefined) {
    return reject("conflict.duplicate_invitation", { orgId, invId: duplicate.id });
  }
  const replaced = open.map((invitation) => closed(invitation, "revoked", now, invitedBy));
  const invitation: Invitation = {
    id: ids.inv,
    status: "pending",
    invitedUserId: null,
    createdAt: now,
    terminalAt: null,
    terminalBy: null,
    ...offer,
  };
  return accept(invitation, {
    // Whether another one is pending is not a fact of single rows, so no writer may have come in between.
    org: settings.reinvite === "allow" ? stillActive(org) : unchanged(org),
    at: now,
    actor: invitedBy,
    changes: [
      ...(settings.inviterCheck === "any" ? [] : [authority(invitedBy, role)]),
      ...replaced.map(({ change }) => change),
      { op: "insertInvitation", row: invitation, canonical },
    ],
    event: {
      type: "invitation.created",
      data: {
        invId: invitation.id,
        role,
        invitedBy,
        expiresAt: expiresAt.toISOString(),
        preTuples,
        replaced: replaced.map(({ row }) => row.id),
      },
    },
  });
}
