import { existing } from "../change.ts";
import { accept, type Decision, found, noChange } from "../decision.ts";
import {
  afterAll,
  foundLapsed,
  type Lapsed,
  type LapsedInOrg,
  type SweepInput,
  type SweepScope,
  sweepScope,
} from "../lapsed.ts";
import type { Query } from "../list.ts";
import type { MemId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import type { LapsedMembership, Read } from "../read.ts";
import { effectiveMembership, writtenDown } from "./membership.ts";

export type ExpireMembershipsInput = SweepInput;

export const findLapsedMemberships: Query<
  readonly [(SweepInput | undefined)?],
  SweepScope,
  { readonly lapsed: Read<"lapsedMemberships">; readonly org?: Read<"org"> },
  Lapsed<LapsedMembership>
> = {
  name: "expireMemberships",
  parse: sweepScope,
  reads: ({ orgId, limit }, now) => ({
    lapsed: { read: "lapsedMemberships", orgId, before: now, take: limit + 1 },
    ...(orgId === null ? {} : { org: { read: "org", of: { org: orgId } } }),
  }),
  answer: (scope, { lapsed, org }) => foundLapsed(scope, lapsed, org),
};

export interface ExpireMembershipsFacts {
  readonly lapsed: readonly LapsedMembership[];
}

/** One organization's part of the sweep, like that of invitations. */
export const expireMembershipsInOrg: Mutation<
  readonly [LapsedInOrg<LapsedMembership>],
  LapsedInOrg<LapsedMembership>,
  { readonly lapsed: Read<"lapsedMemberships"> },
  ExpireMembershipsFacts,
  readonly MemId[],
  never
> = {
  name: "expireMemberships",
  mints: [],
  admitsVersion: false,
  parse: (_, lapsedInOrg) => lapsedInOrg,
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, lapsed }) => ({
    lapsed: {
      read: "lapsedMemberships",
      orgId,
      before: afterAll(lapsed.map(({ expiresAt }) => expiresAt)),
      take: lapsed.length,
    },
  }),
  find: (_, { lapsed }) => found({ lapsed }),
  assume: ({ lapsed }) => ({ lapsed }),
  decide: decideExpireMemberships,
};

/** Write down which memberships have lapsed; their role tuples go with them. */
export function decideExpireMemberships(
  { orgId }: Pick<LapsedInOrg<LapsedMembership>, "orgId">,
  { lapsed }: ExpireMembershipsFacts,
  { now }: Environment,
): Decision<readonly MemId[]> {
  // The clock may have stepped back since the look.
  const rows = lapsed.filter((membership) => effectiveMembership(membership, now) !== membership);
  const memIds = rows.map(({ id }) => id);
  if (memIds.length === 0) {
    return noChange(memIds);
  }
  const memberships = rows.map(({ id, usrId, role, status, expiresAt }) => {
    return { memId: id, usrId, role, from: status, expiresAt: expiresAt.toISOString() };
  });
  return accept(memIds, {
    org: existing({ id: orgId }),
    at: now,
    actor: null,
    changes: rows.flatMap((row) => writtenDown(row, now).changes),
    event: { type: "membership.expired", data: { memberships } },
  });
}
