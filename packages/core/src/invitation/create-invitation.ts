import { type Change, stillActive, unchanged } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { errorFor } from "../errors.ts";
import { idArgument } from "../id.ts";
import {
  expirationArgument,
  type Fields,
  fields,
  identifierArgument,
  optionalExpiration,
  preTuplesArgument,
  roleArgument,
} from "../input.ts";
import { isFixed, roomFor } from "../limits.ts";
import { authority } from "../membership/membership.ts";
import { type MetadataInput, newMetadata } from "../metadata.ts";
import type { Grant, Invitation, Metadata, OrgId, PreTuple, Role, UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import { type AuthorityFact, type OrgFact, PRESUMED_AUTHORITY, presumablyActive } from "../presumed.ts";
import type { Read, Stock } from "../read.ts";
import type { Settings } from "../settings.ts";
import { closed, grantFacts, hasElapsed, refuseInviter, refuseShortTimeBox } from "./invitation.ts";

export interface CreateInvitationInput<M = Metadata> {
  readonly orgId: OrgId;
  /** The invitee's address: text of 1 to 320 UTF-16 units that the identifier policy accepts. Kept as given. */
  readonly identifier: string;
  readonly role: Role;
  readonly invitedBy: UsrId;
  /** The last instant at which the invitation can be accepted. */
  readonly expiresAt: Date;
  /** At most 100 grants for whoever accepts. On `org` objects: on the inviting organization only, and no role. */
  readonly preTuples?: readonly PreTuple[] | undefined;
  /** The last instant of the membership that accepting makes. Left out or `null`: it has no time box. */
  readonly membershipExpiresAt?: Date | null | undefined;
  /** The metadata of that membership. */
  readonly membershipMetadata?: MetadataInput<M> | undefined;
}

export interface NewInvitation
  extends Pick<Invitation, "orgId" | "identifier" | "role" | "invitedBy" | "expiresAt" | "membershipExpiresAt"> {
  readonly preTuples: readonly Grant[];
  readonly membershipMetadata: Metadata;
  readonly canonical: string;
}

export interface CreateInvitationFacts {
  readonly org: OrgFact;
  /** The membership of `invitedBy` that is stored as live. */
  readonly inviter: AuthorityFact | null;
  /** Invitations stored as pending for the same canonical identifier, where the re-invite policy asks for them. */
  readonly pending: readonly Invitation[];
  /** How many invitations are open, where there is a limit. */
  readonly stock?: Stock | undefined;
}

/** What an invitation is told by, besides the organization. */
export const NEW_INVITATION = [
  "identifier",
  "role",
  "invitedBy",
  "expiresAt",
  "preTuples",
  "membershipExpiresAt",
  "membershipMetadata",
] as const;

/** Checks the values of a new invitation. */
export function newInvitation(
  { identifierPolicy, metadata }: Settings,
  given: Fields<"orgId" | (typeof NEW_INVITATION)[number]>,
): NewInvitation {
  const orgId = idArgument("org", given.orgId);
  const invitedBy = idArgument("usr", given.invitedBy, "invitedBy");
  const { raw, canonical } = identifierArgument(given.identifier, identifierPolicy);
  const offer: NewInvitation = {
    orgId,
    invitedBy,
    identifier: raw,
    canonical,
    role: roleArgument(given.role),
    expiresAt: expirationArgument(given.expiresAt),
    preTuples: preTuplesArgument(given.preTuples, orgId),
    membershipExpiresAt: optionalExpiration(given.membershipExpiresAt),
    membershipMetadata: newMetadata(given.membershipMetadata, "membershipMetadata", metadata.membership),
  };
  const short = refuseShortTimeBox(offer, offer.expiresAt);
  if (short !== null) {
    throw errorFor(short.code, short.details);
  }
  return offer;
}

export const createInvitation: Mutation<
  readonly [CreateInvitationInput],
  NewInvitation,
  {
    readonly org: Read<"org">;
    readonly inviter: Read<"liveMembership">;
    readonly pending: Read<"pendingInvitations">;
    readonly stock?: Read<"invitationStock">;
  },
  CreateInvitationFacts,
  Invitation,
  "inv"
> = {
  name: "createInvitation",
  mints: ["inv"],
  admitsVersion: true,
  parse: (settings, input) => newInvitation(settings, fields(input, ["orgId", ...NEW_INVITATION])),
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, invitedBy, canonical }, { reinvite, limits }, at) => ({
    org: { read: "org", of: { org: orgId } },
    inviter: { read: "liveMembership", of: { org: orgId }, usrId: invitedBy },
    pending: { read: "pendingInvitations", orgId, canonical: reinvite === "allow" ? null : canonical },
    ...(limits.pendingInvitations === null ? {} : { stock: { read: "invitationStock", of: { org: orgId }, at } }),
  }),
  find: ({ orgId }, { org, inviter, pending, stock }) =>
    org === null ? noOrg(orgId) : found({ org, inviter, pending, stock }),
  // Under a policy that looks at pending invitations, or a limit that looks at the organization, there is something to see.
  assume: ({ orgId }, { reinvite, limits }) =>
    reinvite === "allow" && isFixed(limits.pendingInvitations)
      ? { org: presumablyActive(orgId), inviter: PRESUMED_AUTHORITY, pending: [] }
      : null,
  decide: decideCreateInvitation,
  concerns: ({ role }) => [{ usrId: null, role }],
  actsFor: ({ invitedBy }) => invitedBy,
};

/** Offer a role to whoever owns an identifier, in the name of an active owner or admin of sufficient rank. */
export function decideCreateInvitation(
  { canonical, ...offer }: NewInvitation,
  { org, inviter, pending, stock }: CreateInvitationFacts,
  { now, ids, settings }: Environment<"inv">,
): Decision<Invitation> {
  const { orgId, invitedBy, role, expiresAt, preTuples } = offer;
  if (org.status !== "active") {
    return reject("precondition.org_not_active", { orgId });
  }
  if (expiresAt.getTime() <= now.getTime()) {
    return reject("precondition.past_expiration", { expiresAt: expiresAt.toISOString() });
  }
  const refusal = settings.inviterCheck === "any" ? null : refuseInviter(inviter, invitedBy, role, now);
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
  const changes: readonly Change[] = [
    ...(settings.inviterCheck === "any" ? [] : [authority(invitedBy, role, now)]),
    ...replaced.map(({ change }) => change),
    { op: "insertInvitation", row: invitation, canonical },
  ];
  // Whether another one is pending is not a fact of single rows, so no writer may have come in between.
  const base = settings.reinvite === "allow" ? stillActive(org) : unchanged(org);
  const room = roomFor("pendingInvitations", settings, { org, stock, changes, base });
  if (!room.ok) {
    return room;
  }
  return accept(invitation, {
    org: room.facts,
    at: now,
    actor: invitedBy,
    changes,
    event: {
      type: "invitation.created",
      data: {
        invId: invitation.id,
        role,
        invitedBy,
        expiresAt: expiresAt.toISOString(),
        preTuples: grantFacts(preTuples),
        membershipExpiresAt: offer.membershipExpiresAt?.toISOString() ?? null,
        replaced: replaced.map(({ row }) => row.id),
      },
    },
  });
}
