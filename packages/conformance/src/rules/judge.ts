import type { Code, MutationOptions, UsrId } from "@tenantry/core";
import { isObject } from "../differences.ts";
import * as bulk from "./bulk-rules.ts";
import * as expiry from "./expiry-rules.ts";
import * as past from "./history-rules.ts";
import * as invitations from "./invitation-rules.ts";
import * as memberships from "./membership-rules.ts";
import * as orgs from "./org-rules.ts";
import * as plans from "./plan-rules.ts";
import * as queries from "./query-rules.ts";
import * as removal from "./removal-rules.ts";
import { type AnyRule, type Applied, type Ruling, refused, type Scope, type Situation } from "./ruling.ts";
import { keyAddress, type OrgState, type World } from "./world.ts";

// The rules of the documentation stated a second time, naively: loops over plain maps, no port, no guard, no look at the
// core's decisions. What the core decides is held against this, and refusals in a history are explained with it.

/** The operations whose rules are stated here, by their methods. Calls of others are not judged. */
export const rules: ReadonlyMap<string, AnyRule> = new Map<string, AnyRule>(
  Object.entries({
    createOrg: orgs.createOrg,
    updateOrg: orgs.updateOrg,
    suspendOrg: orgs.suspendOrg,
    reinstateOrg: orgs.reinstateOrg,
    revokeOrg: orgs.revokeOrg,
    addMember: memberships.addMember,
    updateMembership: memberships.updateMembership,
    changeRole: memberships.changeRole,
    suspendMembership: memberships.suspendMembership,
    reinstateMembership: memberships.reinstateMembership,
    selfLeave: memberships.selfLeave,
    adminRemove: memberships.adminRemove,
    transferOwnership: memberships.transferOwnership,
    createInvitation: invitations.createInvitation,
    acceptInvitation: invitations.acceptInvitation,
    declineInvitation: invitations.declineInvitation,
    revokeInvitation: invitations.revokeInvitation,
    resendInvitation: expiry.resendInvitation,
    expireInvitations: expiry.expireInvitations,
    expireMemberships: expiry.expireMemberships,
    expireGrants: expiry.expireGrants,
    addMembers: bulk.addMembers,
    createInvitations: bulk.createInvitations,
    changeRoles: bulk.changeRoles,
    removeMembers: bulk.removeMembers,
    removeUser: removal.removeUser,
    plan: plans.plan,
    getOrg: queries.getOrg,
    getOrgBySlug: past.getOrgBySlug,
    listOrgs: past.listOrgs,
    listMemberships: past.listMemberships,
    membershipHistory: past.membershipHistory,
    membersAsOf: past.membersAsOf,
    listInvitationsFor: past.listInvitationsFor,
    check: past.check,
    listEvents: past.listEvents,
    getMembership: queries.getMembership,
    getInvitation: queries.getInvitation,
    listMembers: queries.listMembers,
    listInvitations: queries.listInvitations,
    listTuplesForSubject: queries.listTuplesForSubject,
    listTuplesForObject: queries.listTuplesForObject,
  }) as unknown as Iterable<readonly [string, AnyRule]>,
);

/** A well-formed call: the method, its arguments without the second one of mutations, and that. */
export interface Call {
  readonly op: string;
  readonly args: readonly unknown[];
  readonly options: MutationOptions;
}

/** What comes of a call now; nothing changes yet. */
export function judge(world: World, { op, args, options }: Call, situation: Situation): Ruling {
  const rule = ruleOf(op);
  const input = rule.input(args);
  const mistake = rule.refuse?.(input, situation.settings) ?? null;
  if (mistake !== null) {
    return refused(mistake);
  }
  const found = rule.find(world, input);
  if (found === null) {
    return refused("not_found");
  }
  const org = (found as { readonly org: OrgState | null }).org;
  const { idempotencyKey, expectedVersion } = options;
  if (idempotencyKey !== undefined && rule.isInParts !== true) {
    const use = world.keys.get(keyAddress(scopeOf(org, input), idempotencyKey));
    if (use !== undefined) {
      return use !== null && use.operation === op && use.input === JSON.stringify(input)
        ? { answer: use.result }
        : refused("conflict.idempotency");
    }
  }
  if (expectedVersion !== undefined && org !== null && org.row.version !== expectedVersion) {
    return refused("conflict.version");
  }
  return rule.decide(world, input, found, situation);
}

/** What an accepted call answers, once what it changes has happened. */
export function carryOut(world: World, call: Call, ruling: Ruling, situation: Situation): unknown {
  if ("refused" in ruling) {
    throw new Error(`refused with ${ruling.refused}`);
  }
  if ("answer" in ruling) {
    return ruling.answer;
  }
  const { others = [], ...last } = ruling.apply(world, situation);
  for (const part of others) {
    written(world, call, part);
  }
  return written(world, call, last);
}

/** Gives what was changed in one organization its events and its key. */
function written(world: World, { op, args, options }: Call, { org, result, further = [], ...first }: Applied): unknown {
  const key = options.idempotencyKey ?? null;
  const [seq] = [first, ...further].map(({ at, actor, event }) =>
    world.record(org, { ...event, at, actor: options.actor ?? actor, idempotencyKey: key }),
  );
  const answer = result();
  if (key !== null && seq !== undefined) {
    const input = first.asked ?? ruleOf(op).input(args);
    const scope = op === "createOrg" ? scopeOf(null, input) : org.row.id;
    world.keys.set(keyAddress(scope, key), {
      operation: op,
      input: JSON.stringify(input),
      result: answer,
      orgId: org.row.id,
      seq,
    });
  }
  return answer;
}

/** The operations that tell of refusals in their answers. */
const TELLING: readonly string[] = [
  "addMembers",
  "createInvitations",
  "changeRoles",
  "removeMembers",
  "removeUser",
  "plan",
];

/** What the rules foresee of an answer: of a refusal its code, and not its details. */
export function foreseen(op: string, answer: unknown): unknown {
  return TELLING.includes(op) ? withoutDetails(answer) : answer;
}

function withoutDetails(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutDetails);
  }
  if (!isObject(value) || value instanceof Date) {
    return value;
  }
  const isRefusal = Object.hasOwn(value, "code") && Object.hasOwn(value, "details");
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !isRefusal || key !== "details")
      .map(([key, inner]) => [key, withoutDetails(inner)]),
  );
}

/** A creator's before there is an organization. */
function scopeOf(org: OrgState | null, input: unknown): Scope {
  return org?.row.id ?? (input as { readonly creator: UsrId }).creator;
}

function ruleOf(op: string): {
  readonly input: (args: readonly unknown[]) => unknown;
  readonly refuse?: (input: unknown, settings: Situation["settings"]) => Code | null;
  readonly find: (world: World, input: unknown) => unknown;
  readonly decide: (world: World, input: unknown, found: unknown, situation: Situation) => Ruling;
  readonly isInParts?: true;
} {
  const rule = rules.get(op);
  if (rule === undefined) {
    throw new Error(`the rules of ${op} are not stated here`);
  }
  return rule as never;
}
