import type { UsrId } from "@tenantry/core";
import { type Ruling, refused, type Situation } from "./ruling.ts";
import { hasLapsed, liveMember, type OrgState, type World } from "./world.ts";

/** Somebody who joins takes a place in the organization, and one of those that they have themselves. */
export function refuseJoin(
  world: World,
  org: OrgState,
  usrId: UsrId | null,
  { now, settings }: Situation,
): Ruling | null {
  const members = [...org.members.values()].filter((row) => row.status !== "revoked" && !hasLapsed(row, now));
  return members.length >= settings.limits.members
    ? refused("conflict.member_limit")
    : refuseOrganization(world, usrId, { now, settings });
}

/** `null`: somebody new, who is nowhere yet. */
export function refuseOrganization(
  world: World,
  usrId: UsrId | null,
  { now, settings }: Pick<Situation, "now" | "settings">,
): Ruling | null {
  const isMember = (org: OrgState): boolean => usrId !== null && liveMember(org, usrId, now) !== null;
  return [...world.orgs.values()].filter(isMember).length >= settings.limits.organizationsPerUser
    ? refused("conflict.organization_limit")
    : null;
}
