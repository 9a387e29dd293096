import type { Change, ExistingOrg } from "../change.ts";
import { accept, type Decision, type Found, found, type Rejected, reject } from "../decision.ts";
import type { EventData } from "../event.ts";
import { idArgument } from "../id.ts";
import { type Fields, fields, optionalExpiration, optionalId, roleArgument } from "../input.ts";
import { isFixed, joinOf, roomFor } from "../limits.ts";
import { type MetadataInput, newMetadata } from "../metadata.ts";
import {
  hasPassed,
  type InvId,
  isPast,
  type Membership,
  type Metadata,
  type OrgId,
  type Role,
  roleTuple,
  type UsrId,
} from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import { type OrgFact, presumablyActive } from "../presumed.ts";
import type { Joins, OrgRef, Read, Stock } from "../read.ts";
import type { Settings } from "../settings.ts";
import { writtenDown } from "./membership.ts";

export interface AddMemberInput<M = Metadata> {
  readonly orgId: OrgId;
  readonly usrId: UsrId;
  readonly role: Role;
  /** Recorded, not checked. */
  readonly invitedBy?: UsrId | null | undefined;
  readonly metadata?: MetadataInput<M> | undefined;
  /** The last instant of the membership. Left out or `null`: it has no time box. */
  readonly expiresAt?: Date | null | undefined;
}

export interface NewMember {
  readonly orgId: OrgId;
  readonly usrId: UsrId;
  readonly role: Role;
  readonly invitedBy: UsrId | null;
  readonly metadata: Metadata;
  readonly expiresAt: Date | null;
}

export interface AddMemberFacts extends JoinFacts {
  readonly org: OrgFact;
}

/** What is known where somebody joins. */
export interface JoinFacts {
  /** The user's membership in the organization that is stored as live. */
  readonly live: Membership | null;
  /** How many members there are, where there is a limit. */
  readonly members?: Stock | undefined;
  /** In how many organizations the user is, where there is a limit. */
  readonly joins?: Joins | undefined;
}

/** What a new member is told by, besides the organization. */
export const NEW_MEMBER = ["usrId", "role", "invitedBy", "metadata", "expiresAt"] as const;

/** Checks the values of a new member. */
export function newMember(
  settings: Settings,
  { orgId, usrId, role, invitedBy, metadata, expiresAt }: Fields<"orgId" | (typeof NEW_MEMBER)[number]>,
): NewMember {
  return {
    orgId: idArgument("org", orgId),
    usrId: idArgument("usr", usrId),
    invitedBy: optionalId("usr", invitedBy, "invitedBy"),
    role: roleArgument(role),
    metadata: newMetadata(metadata, "metadata", settings.metadata.membership),
    expiresAt: optionalExpiration(expiresAt),
  };
}

export const addMember: Mutation<
  readonly [AddMemberInput],
  NewMember,
  { readonly org: Read<"org">; readonly live: Read<"liveMembership"> } & LimitReads,
  AddMemberFacts,
  Membership,
  "mem"
> = {
  name: "addMember",
  mints: ["mem"],
  admitsVersion: true,
  parse: (settings, input) => newMember(settings, fields(input, ["orgId", ...NEW_MEMBER])),
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, usrId }, settings, now) => ({
    org: { read: "org", of: { org: orgId } },
    live: { read: "liveMembership", of: { org: orgId }, usrId },
    ...limitReads(settings, { org: orgId }, usrId, now),
  }),
  find: ({ orgId }, { org, live, members, joins }) =>
    org === null ? noOrg(orgId) : found({ org, live, members, joins }),
  assume: ({ orgId }, settings) => (needsLook(settings) ? null : { org: presumablyActive(orgId), live: null }),
  decide: decideAddMember,
  concerns: ({ usrId, role }) => [{ usrId, role }],
};

/** Add somebody in any role. After a membership that ended this begins a new chain. */
export function decideAddMember(
  { usrId, role, invitedBy, metadata, expiresAt }: NewMember,
  { org, live, ...limited }: AddMemberFacts,
  { now, ids, settings }: Environment<"mem">,
): Decision<Membership> {
  if (org.status !== "active") {
    return reject("precondition.org_not_active", { orgId: org.id });
  }
  if (expiresAt !== null && isPast(expiresAt, now)) {
    return reject("precondition.past_expiration", { expiresAt: expiresAt.toISOString() });
  }
  const refusal = refuseLive(live, now);
  if (refusal !== null) {
    return refusal;
  }
  const who = { id: ids.mem, orgId: org.id, usrId, role, invitedBy, metadata, expiresAt };
  const { row, changes, arrival } = joined(who, now, null, live);
  const admission = admitted(settings, { org, live, ...limited }, usrId, changes);
  if (!admission.ok) {
    return admission;
  }
  return accept(row, {
    org: admission.facts.org,
    at: now,
    actor: invitedBy,
    changes: [...changes, ...admission.facts.changes],
    event: { type: "membership.added", data: { memId: row.id, usrId, role, invitedBy, ...arrival } },
  });
}

/** What is asked where somebody joins, if there are limits. */
export type LimitReads = { readonly members?: Read<"memberStock">; readonly joins?: Read<"joins"> };

export function limitReads({ limits }: Settings, of: OrgRef, usrId: UsrId | null, at: Date): LimitReads {
  return {
    ...(limits.members === null ? {} : { members: { read: "memberStock", of, at } }),
    ...(limits.organizationsPerUser === null ? {} : { joins: { read: "joins", usrId, at } }),
  };
}

/** Whether a join cannot be decided without a look at what is limited. */
export function needsLook({ limits }: Settings): boolean {
  return !isFixed(limits.members) || limits.organizationsPerUser !== null;
}

/** Whether the limits let somebody join: what is expected of the organization then, and what else is written. */
export function admitted(
  settings: Settings,
  { org, live, members: stock, joins }: AddMemberFacts,
  usrId: UsrId,
  changes: readonly Change[],
): Found<{ readonly org: ExistingOrg; readonly changes: readonly Change[] }> | Rejected {
  // A second membership of the user is refused by the database itself, so the version need not stand still.
  const room = roomFor("members", settings, { org, stock, changes, passing: live === null ? 0 : 1 });
  if (!room.ok) {
    return room;
  }
  const join = joinOf(usrId, settings, joins);
  return join.ok ? found({ org: room.facts, changes: join.facts }) : join;
}

/** Nobody has two live memberships in one organization; a suspension is not stepped around. */
export function refuseLive(live: Membership | null, now: Date): Rejected | null {
  if (live === null || hasPassed(live.expiresAt, now)) {
    return null;
  }
  const { orgId, usrId, status } = live;
  return status === "active"
    ? reject("conflict.duplicate_membership", { orgId, usrId })
    : reject("precondition.membership_suspended", { orgId, usrId });
}

/** The first row of a new chain and its tuple. `invId`: the invitation that made it; `live`: one whose time is over. */
export function joined(
  who: Pick<Membership, "id" | "orgId" | "usrId" | "role" | "invitedBy" | "metadata" | "expiresAt">,
  at: Date,
  invId: InvId | null,
  live: Membership | null,
): {
  readonly row: Membership;
  readonly changes: readonly Change[];
  readonly arrival: Pick<EventData["membership.added"], "expiresAt" | "expired">;
} {
  const row: Membership = { status: "active", replaces: null, removedBy: null, createdAt: at, updatedAt: at, ...who };
  const before = live === null ? [] : writtenDown(live, at).changes;
  return {
    row,
    changes: [
      // A tuple of the same role is taken over as it is: nothing is deleted and made by one statement.
      ...before.filter((change) => change.op !== "deleteTuple" || change.tuple.relation !== row.role),
      { op: "insertMembership", row, invId },
      { op: "insertTuple", tuple: roleTuple(row) },
    ],
    arrival: { expiresAt: row.expiresAt?.toISOString() ?? null, expired: live?.id ?? null },
  };
}
