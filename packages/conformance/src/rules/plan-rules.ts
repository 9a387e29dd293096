import type { Code, Grant, Organization, OrgId, TransferOwnershipInput, Tuple } from "@tenantry/core";
import { isRoleTuple } from "../invariants/invariant.ts";
import { isOpen } from "./invitation-rules.ts";
import { transferOwnership } from "./membership-rules.ts";
import { inOrg, revokeOrg } from "./org-rules.ts";
import { asSeen } from "./query-rules.ts";
import {
  choiceFor,
  departure,
  grantsOf,
  leftovers,
  type Removal,
  refuseChoices,
  removalOf,
  standings,
  tuplesOf,
} from "./removal-rules.ts";
import { idFrom, type Rule, type Ruling, type Situation, trying } from "./ruling.ts";
import {
  hasLapsed,
  lastingOwners,
  type MemberRow,
  type OrgState,
  order,
  seenMember,
  shownMember,
  type World,
} from "./world.ts";

// What an operation would do, by trying it on a copy of the world.

type Planned =
  | { readonly revokeOrg: OrgId }
  | { readonly transferOwnership: TransferOwnershipInput }
  | { readonly removeUser: Removal };
interface Found {
  readonly org: OrgState | null;
  readonly from?: MemberRow;
  readonly to?: MemberRow;
}

export const plan: Rule<Planned, Found> = {
  input([input]) {
    const given = input as Record<string, unknown>;
    if (given["revokeOrg"] !== undefined) {
      return { revokeOrg: idFrom(given["revokeOrg"] as OrgId | Organization) };
    }
    return given["removeUser"] === undefined
      ? { transferOwnership: transferOwnership.input([given["transferOwnership"]]) }
      : { removeUser: removalOf(given["removeUser"]) };
  },
  refuse: (planned) => ("removeUser" in planned ? refuseChoices(planned.removeUser) : null),
  find(world, planned) {
    if ("revokeOrg" in planned) {
      return inOrg(world, planned.revokeOrg);
    }
    return "removeUser" in planned ? { org: null } : transferOwnership.find(world, planned.transferOwnership);
  },
  decide(world, planned, { org, from, to }, situation) {
    if ("removeUser" in planned) {
      return { answer: planOfRemoval(world, planned.removeUser, situation) };
    }
    if (org !== null && "revokeOrg" in planned) {
      return { answer: planOfEnd(world, org, situation) };
    }
    if (org !== null && from !== undefined && to !== undefined && "transferOwnership" in planned) {
      const ruling = transferOwnership.decide(world, planned.transferOwnership, { org, from, to }, situation);
      return { answer: planOfTransfer({ org, from, to }, ruling) };
    }
    throw new Error("nothing was found");
  },
};

/** How many are counted, and how many are shown. */
const [MOST, EXAMPLES] = [1000, 10];

function counted<T>(things: readonly T[]): object {
  return {
    count: Math.min(things.length, MOST),
    isMore: things.length > MOST,
    examples: things.slice(0, EXAMPLES),
  };
}

function refusalOf(ruling: Ruling): { readonly code: Code } | null {
  return "refused" in ruling ? { code: ruling.refused } : null;
}

function planOfEnd(world: World, org: OrgState, situation: Situation): object {
  const { now } = situation;
  const refusal = refusalOf(revokeOrg.decide(world, { orgId: org.row.id }, { org }, situation));
  const byId = <R extends { readonly id: string }>(rows: readonly R[]): readonly R[] =>
    [...rows].sort((a, b) => order(a.id, b.id));
  const members = byId([...org.members.values()].map((row) => shownMember(seenMember(row, now))));
  const tuples = [...world.tuples.values()]
    .filter((tuple) => tuple.objectType === "org" && tuple.objectId === org.row.id && !hasLapsed(tuple, now))
    .sort((a, b) => order(a.relation, b.relation) || order(a.subjectId, b.subjectId));
  return {
    org: org.row,
    refusal,
    slug: refusal === null ? org.row.slug : null,
    active: counted(members.filter(({ status }) => status === "active")),
    suspended: counted(members.filter(({ status }) => status === "suspended")),
    invitations: counted(
      byId([...org.invitations.values()].filter((row) => isOpen(row, now))).map((row) => asSeen(row, now)),
    ),
    tuples: counted(tuples),
  };
}

function planOfTransfer(
  { org, from, to }: { readonly org: OrgState; readonly from: MemberRow; readonly to: MemberRow },
  ruling: Ruling,
): object {
  if ("refused" in ruling) {
    return { org: org.row, refusal: refusalOf(ruling), roles: [] };
  }
  const roles = [
    { memId: from.id, usrId: from.usrId, from: from.role, to: "member" },
    { memId: to.id, usrId: to.usrId, from: to.role, to: "owner" },
  ];
  return { org: org.row, refusal: null, roles: roles.filter((role) => role.from !== role.to) };
}

function planOfRemoval(world: World, removal: Removal, situation: Situation): object {
  const { usrId, grants } = removal;
  const { now } = situation;
  const found = standings(world, usrId, situation);
  const left = grants ? leftovers(world, usrId, situation) : [];
  return {
    organizations: found.slice(0, MOST).map((standing) => {
      const { org, member } = standing;
      const ruling = departure(world, removal, standing, trying(situation));
      const how = "refused" in ruling ? null : howOf(removal, standing);
      const choice = choiceFor(removal, standing);
      const owners = lastingOwners(org);
      return {
        org: org.row,
        membership: shownMember(member),
        isSoleOwner: owners.length === 1 && owners[0]?.id === member.id,
        how,
        refusal: refusalOf(ruling),
        newOwner: how === "transferred" && choice !== null && "transferTo" in choice ? choice.transferTo : null,
        tuples: tuplesOf(world, removal, org, situation)
          .filter((tuple) => !isRoleTuple(tuple))
          .map(grant),
        invitations: counted(openOffers(org, usrId, now)),
      };
    }),
    isMore: found.length > MOST,
    grants: left.map((org) => ({ orgId: org.row.id, tuples: grantsOf(world, org, usrId, situation).map(grant) })),
    isMoreGrants: false,
  };
}

function howOf(removal: Removal, standing: Parameters<typeof choiceFor>[1]): string {
  const choice = choiceFor(removal, standing);
  return choice === null ? "left" : "revoke" in choice ? "revoked" : "transferred";
}

/** Open invitations that the user sent, by id. */
function openOffers(org: OrgState, usrId: string, now: Date): readonly string[] {
  return [...org.invitations.values()]
    .filter((row) => row.invitedBy === usrId && isOpen(row, now))
    .map(({ id }) => id)
    .sort(order);
}

function grant({ relation, objectType, objectId, expiresAt }: Tuple): Grant {
  return { relation, objectType, objectId, expiresAt };
}
