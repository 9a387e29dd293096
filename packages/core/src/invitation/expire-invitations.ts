import { asIssued, existing } from "../change.ts";
import { accept, type Decision, found, noChange } from "../decision.ts";
import { fields, optionalId } from "../input.ts";
import type { Query } from "../list.ts";
import { limitArgument } from "../list-input.ts";
import type { InvId, Invitation, OrgId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import type { Read } from "../read.ts";
import { effective, hasElapsed } from "./invitation.ts";

// The sweep in parts: one look for what has lapsed, then a mutation for each organization. That something lapsed shows
// everywhere without it; a sweep writes it down, with an event.

const LARGEST_SWEEP = 200;

export interface ExpireInvitationsInput {
  /** Left out, invitations of all organizations are looked at. */
  readonly orgId?: OrgId | null;
  /** How many at most, 1 to 200. Default 200. */
  readonly limit?: number;
}

interface Sweep {
  readonly orgId: OrgId | null;
  readonly limit: number;
}

/** Lapsed invitations of one organization, earliest expiry first. */
export interface LapsedInOrg {
  readonly orgId: OrgId;
  readonly lapsed: readonly Invitation[];
}

interface Lapsed {
  /** By organization, so that two sweeps in transactions of the host's wait for each other in one direction only. */
  readonly byOrg: readonly LapsedInOrg[];
  readonly more: boolean;
}

/** What a sweep finds to do. */
export const findLapsed: Query<
  readonly [(ExpireInvitationsInput | undefined)?],
  Sweep,
  { readonly lapsed: Read<"lapsedInvitations">; readonly org?: Read<"org"> },
  Lapsed
> = {
  name: "expireInvitations",
  parse(input = {}) {
    const { orgId, limit } = fields(input, ["orgId", "limit"]);
    return { orgId: optionalId("org", orgId), limit: limitArgument(limit, LARGEST_SWEEP) };
  },
  reads: ({ orgId, limit }, now) => ({
    lapsed: { read: "lapsedInvitations", orgId, before: now, take: limit + 1 },
    ...(orgId === null ? {} : { org: { read: "org", of: { org: orgId } } }),
  }),
  answer({ orgId, limit }, { lapsed, org }) {
    if (orgId !== null && org === null) {
      return noOrg(orgId);
    }
    return found({ byOrg: grouped(lapsed.slice(0, limit)), more: lapsed.length > limit });
  },
};

function grouped(invitations: readonly Invitation[]): readonly LapsedInOrg[] {
  const orgIds = [...new Set(invitations.map(({ orgId }) => orgId))].sort();
  return orgIds.map((orgId) => ({ orgId, lapsed: invitations.filter((invitation) => invitation.orgId === orgId) }));
}

export interface ExpireInOrgFacts {
  readonly lapsed: readonly Invitation[];
}

/** One organization's part of a sweep. What the look found is assumed; if it is not true any more it is read again. */
export const expireInOrg: Mutation<
  readonly [LapsedInOrg],
  LapsedInOrg,
  { readonly lapsed: Read<"lapsedInvitations"> },
  ExpireInOrgFacts,
  readonly InvId[],
  never
> = {
  name: "expireInvitations",
  mints: [],
  admitsVersion: false,
  parse: (_, lapsedInOrg) => lapsedInOrg,
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, lapsed }) => ({
    lapsed: { read: "lapsedInvitations", orgId, before: afterAll(lapsed), take: lapsed.length },
  }),
  find: (_, { lapsed }) => found({ lapsed }),
  assume: ({ lapsed }) => ({ lapsed }),
  decide: decideExpireInOrg,
};

/** Write down what has lapsed, also in an organization that ended: nobody but the reader of events can tell. */
export function decideExpireInOrg(
  { orgId }: Pick<LapsedInOrg, "orgId">,
  { lapsed }: ExpireInOrgFacts,
  { now }: Environment,
): Decision<readonly InvId[]> {
  // The clock may have stepped back since the look.
  const rows = lapsed.filter((invitation) => hasElapsed(invitation, now));
  const invIds = rows.map(({ id }) => id);
  if (invIds.length === 0) {
    return noChange(invIds);
  }
  return accept(invIds, {
    org: existing({ id: orgId }),
    at: now,
    actor: null,
    changes: rows.map((row) => ({ op: "updateInvitation", row: effective(row, now), expect: asIssued(row) })),
    event: { type: "invitation.expired", data: { invIds } },
  });
}

/** The first instant at which all of these have lapsed. */
function afterAll(invitations: readonly Invitation[]): Date {
  return new Date(Math.max(...invitations.map(({ expiresAt }) => expiresAt.getTime())) + 1);
}
