import { type Found, found, type Rejected } from "./decision.ts";
import { idArgument } from "./id.ts";
import {
  cursorArgument,
  fields,
  flagArgument,
  limitArgument,
  objectIdArgument,
  objectTypeArgument,
  optionalInvitationStatus,
  optionalStatus,
  type PageOptions,
  relationArgument,
  roleArgument,
  subjectTypeArgument,
} from "./input.ts";
import { effective, noInvitation } from "./invitation/invitation.ts";
import { noMembership } from "./membership/membership.ts";
import type {
  InvId,
  Invitation,
  InvitationStatus,
  Membership,
  MemId,
  Organization,
  OrgId,
  Page,
  Role,
  Status,
  Tuple,
  UsrId,
} from "./model.ts";
import { foundOrg, noOrg } from "./org.ts";
import type { AnswersTo, Plan, Read, StoredInvitationFilter } from "./read.ts";

/** A query in parts: what is asked, what must exist, and the answer in the caller's terms. All parts are pure. */
export interface Query<Args extends readonly unknown[], Input, P extends Plan, R> {
  /** As the method is called. */
  readonly name: string;
  readonly parse: (...args: Args) => Input;
  readonly reads: (input: Input, now: Date) => P;
  readonly answer: (input: Input, answers: AnswersTo<P>, now: Date) => Found<R> | Rejected<"not_found">;
}

export const getOrg: Query<readonly [OrgId], OrgId, { readonly org: Read<"org"> }, Organization> = {
  name: "getOrg",
  parse: (orgId) => idArgument("org", orgId),
  reads: (orgId) => ({ org: { read: "org", of: { org: orgId } } }),
  answer: (orgId, { org }) => (org === null ? noOrg(orgId) : found(org)),
};

export const getMembership: Query<readonly [MemId], MemId, { readonly membership: Read<"membership"> }, Membership> = {
  name: "getMembership",
  parse: (memId) => idArgument("mem", memId),
  reads: (memId) => ({ membership: { read: "membership", memId } }),
  answer: (memId, { membership }) => (membership === null ? noMembership(memId) : found(membership)),
};

export const getInvitation: Query<readonly [InvId], InvId, { readonly invitation: Read<"invitation"> }, Invitation> = {
  name: "getInvitation",
  parse: (invId) => idArgument("inv", invId),
  reads: (invId) => ({ invitation: { read: "invitation", invId } }),
  answer: (invId, { invitation }, now) =>
    invitation === null ? noInvitation(invId) : found(effective(invitation, now)),
};

export interface ListMembersOptions extends PageOptions {
  readonly status?: Status;
  readonly role?: Role;
  /** Whether to count the rows that match the filters, from the same snapshot. Default `false`. */
  readonly total?: boolean;
}

interface MembersPage {
  readonly orgId: OrgId;
  readonly cursor: MemId | null;
  readonly limit: number;
  readonly where: { readonly status: Status | null; readonly role: Role | null };
  readonly total: boolean;
}

export const listMembers: Query<
  readonly [OrgId, (ListMembersOptions | undefined)?],
  MembersPage,
  { readonly org: Read<"org">; readonly members: Read<"members">; readonly total?: Read<"memberCount"> },
  Page<Membership>
> = {
  name: "listMembers",
  parse(orgId, options = {}) {
    const id = idArgument("org", orgId);
    const { cursor, limit, status, role, total } = fields(options, ["cursor", "limit", "status", "role", "total"]);
    return {
      orgId: id,
      cursor: cursorArgument("mem", cursor),
      limit: limitArgument(limit),
      where: { status: optionalStatus(status), role: role === undefined ? null : roleArgument(role) },
      total: flagArgument(total, "total"),
    };
  },
  reads: ({ orgId, cursor, limit, where, total }) => ({
    org: { read: "org", of: { org: orgId } },
    members: { read: "members", orgId, where, after: cursor, take: limit + 1 },
    ...(total ? { total: { read: "memberCount", orgId, where } } : {}),
  }),
  answer({ orgId, limit }, { org, members, total }) {
    const known = foundOrg(orgId, org);
    return known.ok ? found({ ...page(members, limit), ...(total === undefined ? {} : { total }) }) : known;
  },
};

export interface ListInvitationsOptions extends PageOptions {
  /** The status as everybody sees it now: one that lapsed is `expired`. */
  readonly status?: InvitationStatus;
}

interface InvitationsPage {
  readonly orgId: OrgId;
  readonly cursor: InvId | null;
  readonly limit: number;
  readonly status: InvitationStatus | null;
}

export const listInvitations: Query<
  readonly [OrgId, (ListInvitationsOptions | undefined)?],
  InvitationsPage,
  { readonly org: Read<"org">; readonly invitations: Read<"invitations"> },
  Page<Invitation>
> = {
  name: "listInvitations",
  parse(orgId, options = {}) {
    const id = idArgument("org", orgId);
    const { cursor, limit, status } = fields(options, ["cursor", "limit", "status"]);
    return {
      orgId: id,
      cursor: cursorArgument("inv", cursor),
      limit: limitArgument(limit),
      status: optionalInvitationStatus(status),
    };
  },
  reads: ({ orgId, cursor, limit, status }, now) => ({
    org: { read: "org", of: { org: orgId } },
    invitations: { read: "invitations", orgId, anyOf: storedAs(status, now), after: cursor, take: limit + 1 },
  }),
  answer({ orgId, limit }, { org, invitations }, now) {
    const known = foundOrg(orgId, org);
    const seen = invitations.map((invitation) => effective(invitation, now));
    return known.ok ? found(page(seen, limit)) : known;
  },
};

export const listTuplesForSubject: Query<
  readonly ["usr", UsrId],
  UsrId,
  { readonly tuples: Read<"tuplesOfSubject"> },
  readonly Tuple[]
> = {
  name: "listTuplesForSubject",
  parse: (subjectType, subjectId) => idArgument(subjectTypeArgument(subjectType), subjectId),
  reads: (usrId) => ({ tuples: { read: "tuplesOfSubject", usrId } }),
  answer: (_, { tuples }) => found(tuples),
};

interface ObjectQuery {
  readonly objectType: string;
  readonly objectId: string;
  readonly relation: string | null;
}

export const listTuplesForObject: Query<
  readonly [string, string, (string | undefined)?],
  ObjectQuery,
  { readonly tuples: Read<"tuplesOfObject"> },
  readonly Tuple[]
> = {
  name: "listTuplesForObject",
  parse: (objectType, objectId, relation) => ({
    objectType: objectTypeArgument(objectType),
    objectId: objectIdArgument(objectId),
    relation: relation === undefined ? null : relationArgument(relation),
  }),
  reads: (object) => ({ tuples: { read: "tuplesOfObject", ...object } }),
  answer: (_, { tuples }) => found(tuples),
};

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

/** One row more than the page holds was asked for; whether it is there says whether there is a next page. */
function page<T extends { readonly id: string }>(rows: readonly T[], limit: number): Page<T> {
  const data = rows.slice(0, limit);
  const last = rows.length > limit ? data.at(-1) : undefined;
  return { data, nextCursor: last?.id ?? null };
}
