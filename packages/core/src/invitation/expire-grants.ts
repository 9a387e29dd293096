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
import { hasPassed, type Tuple } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import type { LapsedGrant, Read } from "../read.ts";

export type ExpireGrantsInput = SweepInput;

export const findLapsedGrants: Query<
  readonly [(SweepInput | undefined)?],
  SweepScope,
  { readonly lapsed: Read<"lapsedGrants">; readonly org?: Read<"org"> },
  Lapsed<LapsedGrant>
> = {
  name: "expireGrants",
  parse: sweepScope,
  reads: ({ orgId, limit }, now) => ({
    lapsed: { read: "lapsedGrants", orgId, before: now, take: limit + 1 },
    ...(orgId === null ? {} : { org: { read: "org", of: { org: orgId } } }),
  }),
  answer: (scope, { lapsed, org }) => foundLapsed(scope, lapsed, org),
};

export interface ExpireGrantsFacts {
  readonly lapsed: readonly LapsedGrant[];
}

/** One organization's part of the sweep, like that of invitations. */
export const expireGrantsInOrg: Mutation<
  readonly [LapsedInOrg<LapsedGrant>],
  LapsedInOrg<LapsedGrant>,
  { readonly lapsed: Read<"lapsedGrants"> },
  ExpireGrantsFacts,
  readonly Tuple[],
  never
> = {
  name: "expireGrants",
  mints: [],
  admitsVersion: false,
  parse: (_, lapsedInOrg) => lapsedInOrg,
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, lapsed }) => ({
    lapsed: {
      read: "lapsedGrants",
      orgId,
      before: afterAll(lapsed.map(({ tuple }) => tuple.expiresAt)),
      take: lapsed.length,
    },
  }),
  find: (_, { lapsed }) => found({ lapsed }),
  assume: ({ lapsed }) => ({ lapsed }),
  decide: decideExpireGrants,
};

/** Write down which grants have lapsed, also in an organization that ended. */
export function decideExpireGrants(
  { orgId }: Pick<LapsedInOrg<LapsedGrant>, "orgId">,
  { lapsed }: ExpireGrantsFacts,
  { now }: Environment,
): Decision<readonly Tuple[]> {
  // The clock may have stepped back since the look.
  const ends = lapsed.map(({ tuple }) => tuple).filter(({ expiresAt }) => hasPassed(expiresAt, now));
  if (ends.length === 0) {
    return noChange(ends);
  }
  const tuples = ends.map(({ subjectId: usrId, relation, objectType, objectId, expiresAt }) => {
    return { usrId, relation, objectType, objectId, expiresAt: expiresAt.toISOString() };
  });
  return accept(ends, {
    org: existing({ id: orgId }),
    at: now,
    actor: null,
    changes: ends.map((tuple) => ({ op: "endGrant", tuple }) as const),
    event: { type: "grant.expired", data: { tuples } },
  });
}
