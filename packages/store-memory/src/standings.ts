import type { GrantsLeft, Organization, OrgId, Read, Tuple, UserStanding, UsrId } from "@tenantry/core";
import type { Invitations } from "./invitations.ts";
import { hasLapsed } from "./lapsing.ts";
import type { Memberships } from "./memberships.ts";
import type { Organizations } from "./organizations.ts";
import { byObject } from "./rows.ts";
import type { Tuples } from "./tuples.ts";

/** Where it is written what depends on a membership. */
export interface Holdings {
  readonly orgs: Organizations;
  readonly memberships: Memberships;
  readonly invitations: Invitations;
  readonly tuples: Tuples;
}

/** The memberships of a user that are live at an instant, each with what depends on it. */
export function standings(holdings: Holdings, read: Read<"standings">): UserStanding[] {
  const { orgs, memberships, tuples } = holdings;
  const { usrId, successors, withGrants, at } = read;
  const following = new Map(successors.map((successor) => [successor.orgId, successor.usrId]));
  return memberships.liveOf(read).map((membership) => {
    const { id, orgId } = membership;
    const next = following.get(orgId);
    const held = tuples.held(usrId, { objectType: "org", objectId: orgId }, at);
    return {
      membership,
      org: orgs.get(orgId) as Organization,
      otherOwner: memberships.owners(orgId, 2).some((owner) => owner !== id),
      successor: next === undefined ? null : memberships.live(orgId, next),
      tuples: distinct(withGrants ? [...held, ...granted(holdings, usrId, orgId, at)] : held),
    };
  });
}

/** What a user still holds of the grants of organizations that they are not in any more. */
export function grantsLeft(holdings: Holdings, { usrId, orgId, at, take }: Read<"grantsLeft">): GrantsLeft[] {
  const { memberships } = holdings;
  const isLeft = (id: OrgId): boolean => {
    const live = memberships.live(id, usrId);
    return live === null || hasLapsed(live, at);
  };
  return (orgId === null ? memberships.invitedTo(usrId) : [orgId])
    .filter(isLeft)
    .map((id) => ({ orgId: id, tuples: distinct(granted(holdings, usrId, id, at)) }))
    .filter(({ tuples }) => tuples.length > 0)
    .slice(0, take);
}

/** What a user still holds of the grants of an organization's invitations. */
function granted({ memberships, invitations, tuples }: Holdings, usrId: UsrId, orgId: OrgId, at: Date): Tuple[] {
  return memberships
    .invitationsInto(orgId, usrId)
    .flatMap((invId) => invitations.get(invId)?.preTuples ?? [])
    .flatMap((grant) => tuples.get({ subjectId: usrId, ...grant }, at) ?? []);
}

function distinct(tuples: readonly Tuple[]): Tuple[] {
  return [...new Set(tuples)].sort(byObject);
}
