import { found } from "../decision.ts";
import { idArgument } from "../id.ts";
import { fields, roleArgument } from "../input.ts";
import { page, type Query } from "../list.ts";
import { cursorArgument, flagArgument, limitArgument, optionalStatus, type PageOptions } from "../list-input.ts";
import { effectiveMembership, noMembership } from "../membership/membership.ts";
import type { Membership, MembershipWithOrg, MemId, Organization, OrgId, Page, Role, Status, UsrId } from "../model.ts";
import { foundOrg } from "../org.ts";
import { NO_VERSION } from "../presumed.ts";
import type { Read, StoredMemberFilter } from "../read.ts";

export const getMembership: Query<readonly [MemId], MemId, { readonly membership: Read<"membership"> }, Membership> = {
  name: "getMembership",
  parse: (memId) => idArgument("mem", memId),
  reads: (memId) => ({ membership: { read: "membership", memId } }),
  answer: (memId, { membership }, now) =>
    membership === null ? noMembership(memId) : found(effectiveMembership(membership, now)),
  of: (memId) => ({ membership: memId }),
  concerns: (_, { membership }) => [membership].filter((row) => row !== null),
};

export interface ListMembersOptions extends PageOptions {
  /** The status as everybody sees it now: one whose time box has lapsed is `revoked`. */
  readonly status?: Status | undefined;
  readonly role?: Role | undefined;
  /**
   * Whether to count the rows that match the filters, from the same snapshot. Default `false`. What a count costs grows
   * with the number counted; a page does not.
   */
  readonly total?: boolean | undefined;
}

interface MembersPage {
  readonly orgId: OrgId;
  readonly cursor: MemId | null;
  readonly limit: number;
  readonly status: Status | null;
  readonly role: Role | null;
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
      status: optionalStatus(status),
      role: role === undefined ? null : roleArgument(role),
      total: flagArgument(total, "total"),
    };
  },
  reads({ orgId, cursor, limit, status, role, total }, now) {
    const where = { anyOf: storedAs(status, now), role };
    return {
      org: { read: "org", of: { org: orgId } },
      members: { read: "members", orgId, where, after: cursor, take: limit + 1 },
      ...(total ? { total: { read: "memberCount", orgId, where, most: null } } : {}),
    };
  },
  answer({ orgId, limit }, { org, members, total }, now) {
    const known = foundOrg(orgId, org);
    const seen = members.map((membership) => effectiveMembership(membership, now));
    return known.ok ? found({ ...page(seen, limit), ...(total === undefined ? {} : { total }) }) : known;
  },
  of: ({ orgId }) => ({ org: orgId }),
};

export interface ListMembershipsOptions extends PageOptions {
  /** The membership's, as everybody sees it now. */
  readonly status?: Status | undefined;
}

interface MembershipsPage {
  readonly usrId: UsrId;
  readonly cursor: MemId | null;
  readonly limit: number;
  readonly status: Status | null;
}

export const listMemberships: Query<
  readonly [UsrId, (ListMembershipsOptions | undefined)?],
  MembershipsPage,
  { readonly memberships: Read<"membershipsOf"> },
  Page<MembershipWithOrg>
> = {
  name: "listMemberships",
  parse(usrId, options = {}) {
    const id = idArgument("usr", usrId);
    const { cursor, limit, status } = fields(options, ["cursor", "limit", "status"]);
    return {
      usrId: id,
      cursor: cursorArgument("mem", cursor),
      limit: limitArgument(limit),
      status: optionalStatus(status),
    };
  },
  reads: ({ usrId, cursor, limit, status }, now) => ({
    memberships: { read: "membershipsOf", usrId, anyOf: storedAs(status, now), after: cursor, take: limit + 1 },
  }),
  answer({ limit }, { memberships }, now) {
    const seen = memberships.map(({ org, ...membership }) => ({ ...effectiveMembership(membership, now), org }));
    return found(page(seen, limit));
  },
  concerns: ({ usrId }) => [{ usrId, role: null }],
  forOneself: (answer) => ({
    ...answer,
    data: answer.data.map((row) => (row.status === "revoked" ? { ...row, org: asLeft(row.org) } : row)),
  }),
};

/** An organization as those see it who have left it: enough to know it again, nothing of what happened since. */
function asLeft({ id, status, name, slug, createdAt }: Organization): Organization {
  return { id, status, name, slug, version: NO_VERSION, createdAt, updatedAt: createdAt, metadata: {} };
}

/** How the memberships of an effective status are stored: ended ones may still be live there. */
export function storedAs(status: Status | null, now: Date): readonly StoredMemberFilter[] {
  switch (status) {
    case null:
      return [];
    case "active":
    case "suspended":
      return [{ status, expiresBefore: null, expiresFrom: now }];
    case "revoked":
      return [
        { status, expiresBefore: null, expiresFrom: null },
        { status: "active", expiresBefore: now, expiresFrom: null },
        { status: "suspended", expiresBefore: now, expiresFrom: null },
      ];
  }
}
