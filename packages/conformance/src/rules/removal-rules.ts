import type { Code, OrgId, OwnerChoice, RemoveUserInput, Tuple, UsrId } from "@tenantry/core";
import { isRoleTuple, tupleKey } from "../invariants/invariant.ts";
import { selfLeave, textOf } from "./membership-rules.ts";
import { revokeOrg } from "./org-rules.ts";
import { type Applied, type Rule, type Ruling, refused, type Situation, trying } from "./ruling.ts";
import {
  byObject,
  hasLapsed,
  keyAddress,
  lastingOwners,
  liveMember,
  type MemberRow,
  type OrgState,
  order,
  type World,
} from "./world.ts";

// The removal of a user: a part in each organization, until nothing is left that is theirs.

export interface Removal {
  readonly usrId: UsrId;
  readonly choices: readonly OwnerChoice[];
  readonly grants: boolean;
  readonly mode: "all" | "each";
  readonly limit: number;
}

/** A live membership of the user's, and where. */
export interface Standing {
  readonly org: OrgState;
  readonly member: MemberRow;
}

export function removalOf(input: unknown): Removal {
  const { usrId, choices = [], grants = false, mode = "all", limit = 200 } = input as RemoveUserInput;
  return {
    usrId,
    choices: choices.map(({ orgId, ...choice }) =>
      "revoke" in choice ? { orgId, revoke: true } : { orgId, transferTo: choice.transferTo },
    ),
    ...{ grants, mode, limit },
  };
}

/** Two choices for one organization. */
export function refuseChoices({ choices }: Removal): Code | null {
  const orgs = new Set(choices.map(({ orgId }) => orgId));
  return orgs.size < choices.length ? "precondition.invalid_input" : null;
}

export const removeUser: Rule<Removal, { readonly org: null }> = {
  input: ([input]) => removalOf(input),
  refuse: refuseChoices,
  find: () => ({ org: null }),
  isInParts: true,
  decide(world, removal, _, situation) {
    if (removal.mode === "all") {
      for (const standing of standings(world, removal.usrId, situation)) {
        const ruling = departure(world, removal, standing, situation);
        if ("refused" in ruling) {
          return ruling;
        }
      }
    }
    const trial = removed(world.copy(), removal, trying(situation));
    if (trial.parts.length === 0) {
      return { answer: trial.answer };
    }
    return {
      apply(real, actual) {
        const { parts, answer } = removed(real, removal, actual);
        const [last, ...others] = [...parts].reverse() as [Applied, ...Applied[]];
        return { ...last, others: others.reverse(), result: () => answer };
      },
    };
  },
};

/** Does what there is to do in this world, an organization after the other. */
function removed(
  world: World,
  removal: Removal,
  situation: Situation,
): { readonly parts: readonly Applied[]; readonly answer: object } {
  const { usrId, grants, limit } = removal;
  const parts: Applied[] = [];
  const done: unknown[] = [];
  const left = new Map<OrgId, Code>();
  const answer = (more: boolean): object => ({
    done,
    left: [...left].map(([orgId, code]) => ({ orgId, code })),
    more,
  });
  for (;;) {
    const found = [
      ...standings(world, usrId, situation),
      ...(grants ? leftovers(world, usrId, situation) : []).map((org) => ({ org, member: null })),
    ].filter(({ org }) => !left.has(org.row.id));
    if (found.length === 0) {
      return { parts, answer: answer(false) };
    }
    for (const { org, member } of found) {
      if (member === null && grantsOf(world, org, usrId, situation).length === 0) {
        // Another organization's part took it.
        continue;
      }
      if (done.length >= limit) {
        return { parts, answer: answer(true) };
      }
      const orgId = org.row.id;
      // Made before anything is decided, whether it is needed or not.
      const id = situation.mint("mem");
      const own = { ...situation, mint: () => id as never };
      const asked = { orgId, usrId, choice: removal.choices.find((choice) => choice.orgId === orgId) ?? null, grants };
      const ruling = partRuling(world, removal, org, member, own);
      if ("refused" in ruling) {
        left.set(orgId, ruling.refused);
      } else if ("apply" in ruling) {
        const applied = ruling.apply(world, own);
        done.push(applied.result());
        parts.push({ ...applied, asked });
      }
    }
  }
}

function partRuling(
  world: World,
  removal: Removal,
  org: OrgState,
  member: MemberRow | null,
  situation: Situation,
): Ruling {
  if (situation.key !== null && world.keys.has(keyAddress(org.row.id, situation.key))) {
    return refused("conflict.idempotency");
  }
  if (member !== null) {
    return departure(world, removal, { org, member }, situation);
  }
  return {
    apply() {
      const { usrId } = removal;
      const tuples = grantsOf(world, org, usrId, situation);
      const result = { orgId: org.row.id, memId: null, how: "grants", tuples: tuples.length };
      return { org, at: situation.now, ...taken(world, usrId, tuples), result: () => result };
    },
  };
}

/** Ends a membership and what hung on it. A choice is for the only owner without a time box. */
export function departure(world: World, removal: Removal, standing: Standing, situation: Situation): Ruling {
  const { org, member } = standing;
  const { usrId } = removal;
  const orgId = org.row.id;
  const choice = choiceFor(removal, standing);
  const isRevoked = choice !== null && "revoke" in choice;
  const transferTo = choice !== null && "transferTo" in choice ? choice.transferTo : null;
  const ruling = isRevoked
    ? revokeOrg.decide(world, { orgId }, { org }, { ...situation, actor: situation.actor ?? usrId })
    : selfLeave.decide(world, { memId: member.id, transferTo }, { org, member }, situation);
  if (!("apply" in ruling)) {
    return ruling;
  }
  return {
    apply() {
      const held = tuplesOf(world, removal, org, situation);
      const tuples = held.filter((tuple) => (isRevoked ? tuple.objectType !== "org" : !isRoleTuple(tuple)));
      const applied = ruling.apply(world, situation);
      const how = isRevoked ? "revoked" : transferTo === null ? "left" : "transferred";
      const result = { orgId, memId: member.id, how, tuples: tuples.length };
      const further = tuples.length === 0 ? [] : [{ at: applied.at, ...taken(world, usrId, tuples) }];
      return { ...applied, actor: usrId, further, result: () => result };
    },
  };
}

/** The user's choice where they are the only owner without a time box; elsewhere it means nothing. */
export function choiceFor({ choices }: Removal, { org, member }: Standing): OwnerChoice | null {
  const owners = lastingOwners(org);
  const isOnly = owners.length === 1 && owners[0]?.id === member.id;
  return (isOnly ? choices.find(({ orgId }) => orgId === org.row.id) : undefined) ?? null;
}

/** The user's live memberships, by id. */
export function standings(world: World, usrId: UsrId, { now }: Pick<Situation, "now">): readonly Standing[] {
  return [...world.orgs.values()]
    .flatMap((org) => {
      const member = liveMember(org, usrId, now);
      return member === null ? [] : [{ org, member }];
    })
    .sort((a, b) => order(a.member.id, b.member.id));
}

/** Where the user is no member any more, and still holds what was granted there; by id. */
export function leftovers(world: World, usrId: UsrId, situation: Pick<Situation, "now">): readonly OrgState[] {
  return [...world.orgs.values()]
    .filter((org) => liveMember(org, usrId, situation.now) === null)
    .filter((org) => grantsOf(world, org, usrId, situation).length > 0)
    .sort((a, b) => order(a.row.id, b.row.id));
}

/** What the user holds there: on the organization itself, and of its grants where those go too. */
export function tuplesOf(
  world: World,
  { usrId, grants }: Pick<Removal, "usrId" | "grants">,
  org: OrgState,
  { now }: Pick<Situation, "now">,
): readonly Tuple[] {
  const granted = grants ? grantsOf(world, org, usrId, { now }) : [];
  const isOn = ({ objectType, objectId }: Tuple): boolean => objectType === "org" && objectId === org.row.id;
  return held(world, usrId, now).filter((tuple) => isOn(tuple) || granted.includes(tuple));
}

/** What the user still holds of what accepted invitations of an organization granted. */
export function grantsOf(world: World, org: OrgState, usrId: UsrId, { now }: Pick<Situation, "now">): readonly Tuple[] {
  const granted = new Set(
    [...org.invitations.values()]
      .filter(({ status, invitedUserId }) => status === "accepted" && invitedUserId === usrId)
      .flatMap(({ preTuples }) => preTuples.map((grant) => tupleKey(usrId, grant.relation, grant))),
  );
  return held(world, usrId, now).filter((tuple) => granted.has(tupleKey(usrId, tuple.relation, tuple)));
}

function held(world: World, usrId: UsrId, now: Date): readonly Tuple[] {
  return [...world.tuples.values()]
    .filter((tuple) => tuple.subjectId === usrId && !hasLapsed(tuple, now))
    .sort((a, b) => byObject(a, b) || order(a.relation, b.relation));
}

/** Takes tuples away, and how that is told. */
function taken(world: World, usrId: UsrId, tuples: readonly Tuple[]): Pick<Applied, "actor" | "event"> {
  for (const tuple of tuples) {
    world.drop(tuple);
  }
  const told = tuples.map(({ subjectType: _, subjectId: __, expiresAt, ...grant }) => ({
    ...grant,
    expiresAt: textOf(expiresAt),
  }));
  return { actor: usrId, event: { type: "grants.removed", data: { usrId, tuples: told } } };
}
