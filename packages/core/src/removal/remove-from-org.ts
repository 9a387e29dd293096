import { type Change, existing, unchanged } from "../change.ts";
import { accept, type Decision, found, noChange } from "../decision.ts";
import type { EventDraft } from "../event.ts";
import { grantFacts } from "../invitation/invitation.ts";
import { isLastingOwner } from "../membership/membership.ts";
import { decideSelfLeave } from "../membership/self-leave.ts";
import { hasPassed, type MemId, type OrgId, ROLES, type Tuple, type UsrId } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { decideRevokeOrg } from "../org.ts";
import { hasOwn } from "../own.ts";
import type { GrantsLeft, Read, UserStanding } from "../read.ts";
import type { Settings } from "../settings.ts";
import { type Choice, successorsIn } from "./choices.ts";

// One organization's part of the removal of a user: the membership ends with all that hung on it, or the organization does;
// or, where the membership ended before, what is left of its grants goes.

/** What was done in an organization. */
export interface RemovedFrom {
  readonly orgId: OrgId;
  /** The membership that ended; `null` where it had ended before and nothing but grants were left. */
  readonly memId: MemId | null;
  readonly how: "left" | "transferred" | "revoked" | "grants";
  /** How many tuples went, besides the role and besides what ended with the organization. */
  readonly tuples: number;
}

/** Tells what a call did from what an earlier one with its key did. */
export interface Marked {
  /** `null`: there was nothing left to do. */
  readonly removed: RemovedFrom | null;
  readonly mark: string;
}

export interface Removal {
  readonly orgId: OrgId;
  readonly usrId: UsrId;
  readonly choice: Choice | null;
  readonly grants: boolean;
  /** What a look has found. It makes no difference to what is asked for. */
  readonly held: RemovalFacts & { readonly mark: string };
}

export interface RemovalFacts {
  readonly standing: UserStanding | null;
  readonly left: GrantsLeft | null;
}

export const removeFromOrg: Mutation<
  readonly [Removal],
  Removal,
  { readonly standings: Read<"standings">; readonly left: Read<"grantsLeft"> },
  RemovalFacts,
  Marked,
  "mem"
> = {
  name: "removeUser",
  mints: ["mem"],
  admitsVersion: false,
  parse: (_, removal) => removal,
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, usrId, choice, grants }, _, at) => ({
    standings: {
      read: "standings",
      usrId,
      orgId,
      successors: successorsIn([[orgId, choice]]),
      withGrants: grants,
      at,
      after: null,
      take: 1,
    },
    left: { read: "grantsLeft", usrId, orgId, at, take: grants ? 1 : 0 },
  }),
  find: (_, { standings, left }) => found({ standing: standings[0] ?? null, left: left[0] ?? null }),
  assume: ({ held }) => held,
  decide: decideRemoveFromOrg,
  concerns: ({ usrId }) => [{ usrId, role: null }],
};

/** Somebody else may have done it meanwhile; then there is nothing to do. */
export function decideRemoveFromOrg(
  removal: Removal,
  { standing, left }: RemovalFacts,
  environment: Environment<"mem">,
): Decision<Marked> {
  if (standing !== null) {
    return marked(removal, decideDeparture(removal, standing, environment));
  }
  const tuples = lasting(left?.tuples ?? [], environment);
  return tuples.length === 0
    ? noChange({ removed: null, mark: removal.held.mark })
    : marked(removal, decideGrants(removal, tuples, environment));
}

function marked({ held: { mark } }: Removal, decision: Decision<RemovedFrom>): Decision<Marked> {
  return decision.ok ? { ...decision, result: { removed: decision.result, mark } } : decision;
}

/** End a membership and what hung on it. A choice is for the only owner; nobody else can end an organization by it. */
export function decideDeparture(
  { usrId, choice }: Pick<Removal, "usrId" | "choice">,
  { membership, org, otherOwner, successor, tuples }: UserStanding,
  environment: Environment<"mem">,
): Decision<RemovedFrom> {
  const own = isLastingOwner(membership) && !otherOwner ? choice : null;
  const transferTo = own !== null && hasOwn(own, "transferTo") ? own.transferTo : null;
  const isRevoked = own !== null && hasOwn(own, "revoke");
  const decision: Decision<unknown> = isRevoked
    ? decideRevokeOrg({ orgId: org.id }, { org }, { ...environment, actor: environment.actor ?? usrId })
    : decideSelfLeave(
        { transferTo },
        { membership, org, otherOwner, successor: transferTo === null ? null : successor },
        environment,
      );
  if (!decision.ok || decision.write === null) {
    return decision as Decision<RemovedFrom>;
  }
  const { write } = decision;
  const lost = lasting(tuples, environment).filter((tuple) => !(isRevoked ? isOnOrg(tuple) : isRole(tuple)));
  const how = isRevoked ? "revoked" : transferTo === null ? "left" : "transferred";
  return accept(
    { orgId: org.id, memId: membership.id, how, tuples: lost.length },
    {
      ...write,
      // What was chosen for the only owner is done to no organization that has found another one meanwhile.
      org: own === null ? write.org : unchanged(org),
      actor: usrId,
      changes: [...write.changes, ...lost.map(dropped)],
      further: lost.length === 0 ? [] : [{ at: write.at, actor: usrId, event: grantsRemoved(usrId, lost) }],
    },
  );
}

/** Take what is left of an organization's grants, also where it has ended. */
function decideGrants(
  { usrId, orgId }: Pick<Removal, "usrId" | "orgId">,
  tuples: readonly Tuple[],
  { now }: Environment,
): Decision<RemovedFrom> {
  return accept(
    { orgId, memId: null, how: "grants", tuples: tuples.length },
    {
      org: existing({ id: orgId }),
      at: now,
      actor: usrId,
      changes: tuples.map(dropped),
      event: grantsRemoved(usrId, tuples),
    },
  );
}

/** What is decided on in this environment is not written: nobody sees the ids of its links. */
export function unwritten(settings: Settings, now: Date): Environment<"mem" | "otherMem"> {
  return { now, settings, actor: null, ids: { mem: "mem_", otherMem: "mem_" } };
}

/** A role goes with its membership; everything else that a user holds goes besides. */
export function isRole({ relation, objectType }: Tuple): boolean {
  return objectType === "org" && (ROLES as readonly string[]).includes(relation);
}

/** What has lapsed since the look is gone by itself. */
function lasting(tuples: readonly Tuple[], { now }: Pick<Environment, "now">): readonly Tuple[] {
  return tuples.filter(({ expiresAt }) => !hasPassed(expiresAt, now));
}

function isOnOrg({ objectType }: Tuple): boolean {
  return objectType === "org";
}

function dropped(tuple: Tuple): Change {
  return { op: "deleteTuple", tuple };
}

function grantsRemoved(usrId: UsrId, tuples: readonly Tuple[]): EventDraft {
  const grants = tuples.map(({ subjectType: _, subjectId: __, ...grant }) => grant);
  return { type: "grants.removed", data: { usrId, tuples: grantFacts(grants) } };
}
