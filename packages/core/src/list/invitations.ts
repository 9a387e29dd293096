import { found } from "../decision.ts";
import { idArgument } from "../id.ts";
import { fields, identifierArgument } from "../input.ts";
import { effective, noInvitation } from "../invitation/invitation.ts";
import { page, type Query } from "../list.ts";
import { cursorArgument, limitArgument, optionalInvitationStatus, type PageOptions } from "../list-input.ts";
import type { InvId, Invitation, InvitationStatus, InvitationWithOrg, OrgId, Page } from "../model.ts";
import { foundOrg } from "../org.ts";
import type { Read, StoredInvitationFilter } from "../read.ts";
import type { Settings } from "../settings.ts";

export const getInvitation: Query<readonly [InvId], InvId, { readonly invitation: Read<"invitation"> }, Invitation> = {
  name: "getInvitation",
  parse: (invId) => idArgument("inv", invId),
  reads: (invId) => ({ invitation: { read: "invitation", invId } }),
  answer: (invId, { invitation }, now) =>
    invitation === null ? noInvitation(invId) : found(effective(invitation, now)),
  of: (invId) => ({ invitation: invId }),
};

export interface ListInvitationsOptions extends PageOptions {
  /** The status as everybody sees it now: one that lapsed is `expired`. */
  readonly status?: InvitationStatus | undefined;
}

interface InvitationsPage {
  readonly cursor: InvId | null;
  readonly limit: number;
  readonly status: InvitationStatus | null;
}

export const listInvitations: Query<
  readonly [OrgId, (ListInvitationsOptions | undefined)?],
  InvitationsPage & { readonly orgId: OrgId },
  { readonly org: Read<"org">; readonly invitations: Read<"invitations"> },
  Page<Invitation>
> = {
  name: "listInvitations",
  parse: (orgId, options = {}) => ({ orgId: idArgument("org", orgId), ...pageOf(options) }),
  reads: ({ orgId, cursor, limit, status }, now) => ({
    org: { read: "org", of: { org: orgId } },
    invitations: { read: "invitations", orgId, anyOf: storedAs(status, now), after: cursor, take: limit + 1 },
  }),
  answer({ orgId, limit }, { org, invitations }, now) {
    const known = foundOrg(orgId, org);
    const seen = invitations.map((invitation) => effective(invitation, now));
    return known.ok ? found(page(seen, limit)) : known;
  },
  of: ({ orgId }) => ({ org: orgId }),
};

type ListInvitationsFor = Query<
  readonly [string, (ListInvitationsOptions | undefined)?],
  InvitationsPage & { readonly canonical: string },
  { readonly invitations: Read<"invitationsFor"> },
  Page<InvitationWithOrg>
>;

/** A query of this store: which identifiers are the same is for its policy to say. */
export function listInvitationsFor({ identifierPolicy }: Pick<Settings, "identifierPolicy">): ListInvitationsFor {
  return {
    name: "listInvitationsFor",
    parse(identifier, options = {}) {
      const { canonical } = identifierArgument(identifier, identifierPolicy);
      return { canonical, ...pageOf(options) };
    },
    reads: ({ canonical, cursor, limit, status }, now) => ({
      invitations: {
        read: "invitationsFor",
        canonical,
        anyOf: storedAs(status, now),
        after: cursor,
        take: limit + 1,
      },
    }),
    answer({ limit }, { invitations }, now) {
      const seen = invitations.map(({ org, ...invitation }) => ({ ...effective(invitation, now), org }));
      return found(page(seen, limit));
    },
  };
}

function pageOf(options: unknown): InvitationsPage {
  const { cursor, limit, status } = fields(options, ["cursor", "limit", "status"]);
  return {
    cursor: cursorArgument("inv", cursor),
    limit: limitArgument(limit),
    status: optionalInvitationStatus(status),
  };
}

/** How the invitations of an effective status are stored: expired ones may still be pending there. */
function storedAs(status: InvitationStatus | null, now: Date): readonly StoredInvitationFilter[] {
  const anyTime = { expiresBefore: null, expiresFrom: null };
  switch (status) {
    case null:
      return [];
    case "pending":
      return [{ status, expiresBefore: null, expiresFrom: now }];
    case "expired":
      return [
        { status, ...anyTime },
        { status: "pending", expiresBefore: now, expiresFrom: null },
      ];
    case "accepted":
    case "declined":
    case "revoked":
      return [{ status, ...anyTime }];
  }
}
