import { asIssued, existing } from "../change.ts";
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
import type { InvId, Invitation } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import type { Read } from "../read.ts";
import { effective, hasElapsed } from "./invitation.ts";

export type ExpireInvitationsInput = SweepInput;

export const findLapsed: Query<
  readonly [(SweepInput | undefined)?],
  SweepScope,
  { readonly lapsed: Read<"lapsedInvitations">; readonly org?: Read<"org"> },
  Lapsed<Invitation>
> = {
  name: "expireInvitations",
  parse: sweepScope,
  reads: ({ orgId, limit }, now) => ({
    lapsed: { read: "lapsedInvitations", orgId, before: now, take: limit + 1 },
    ...(orgId === null ? {} : { org: { read: "org", of: { org: orgId } } }),
  }),
  answer: (scope, { lapsed, org }) => foundLapsed(scope, lapsed, org),
};

export interface ExpireInOrgFacts {
  readonly lapsed: readonly Invitation[];
}

/** One organization's part of a sweep. What the look found is assumed; if it is not true any more it is read again. */
export const expireInOrg: Mutation<
  readonly [LapsedInOrg<Invitation>],
  LapsedInOrg<Invitation>,
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
    lapsed: {
      read: "lapsedInvitations",
      orgId,
      before: afterAll(lapsed.map(({ expiresAt }) => expiresAt)),
      take: lapsed.length,
    },
  }),
  find: (_, { lapsed }) => found({ lapsed }),
  assume: ({ lapsed }) => ({ lapsed }),
  decide: decideExpireInOrg,
};

/** Write down what has lapsed, also in an organization that ended: nobody but the reader of events can tell. */
export function decideExpireInOrg(
  { orgId }: Pick<LapsedInOrg<Invitation>, "orgId">,
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
