import { type Organization, type OrgId, PreconditionError, type Read, type Suspension } from "@tenantry/core";
import {
  accept,
  begunSuspension,
  type Decision,
  decideRevokeOrg,
  decideSuspendOrg,
  type Environment,
  fields,
  found,
  foundOrg,
  idArgument,
  limitArgument,
  type Mutation,
  noChange,
  type Query,
  reasonArgument,
  reinstateOrg,
  reject,
  unchanged,
} from "@tenantry/core/extend";
import { asTenant, type Run } from "./operations.ts";
import { type Tenant, tenantOf } from "./tenant.ts";

// Deleting for a while: a suspension with a date, which whoever restores takes back, and after which it ends for good.
// Every one of these expects the organization as it was read, and with it the suspension: each change of that is one of its.

const DAY = 86_400_000;
/** A hundred years: dates stay dates. */
export const MOST_GRACE_DAYS = 36_500;

interface OrgAndSuspension {
  readonly org: Organization;
  readonly suspension: Suspension | null;
}
type TenantPlan = { readonly org: Read<"org">; readonly suspension: Read<"suspension"> };
type OfTenant = { readonly orgId: OrgId };
type TenantMutation<Args extends readonly unknown[], Input extends OfTenant, R> = Mutation<
  Args,
  Input,
  TenantPlan,
  OrgAndSuspension,
  R,
  never
>;

const byTenant = {
  mints: [],
  admitsVersion: true,
  scope: ({ orgId }: OfTenant) => ({ org: orgId }),
  reads: ({ orgId }: OfTenant): TenantPlan => ({
    org: { read: "org", of: { org: orgId } },
    suspension: { read: "suspension", of: { org: orgId } },
  }),
  find(
    { orgId }: OfTenant,
    { org, suspension }: { readonly org: Organization | null; readonly suspension: Suspension | null },
  ) {
    const facts = foundOrg(orgId, org);
    return facts.ok ? found({ org: facts.facts.org, suspension }) : facts;
  },
} as const;

interface Deletion extends OfTenant {
  readonly reason?: string;
  readonly graceDays: number;
}

/** `graceDays`: the default of those that say nothing of it. */
export function deleteTenant(otherwise: number): Run<[OrgId, unknown]> {
  return running<[OrgId, unknown], Deletion, Tenant>({
    ...byTenant,
    name: "deleteTenant",
    parse(_, org, options) {
      const orgId = idArgument("org", org);
      const { reason, graceDays } = fields(options === undefined ? {} : options, ["reason", "graceDays"]);
      return { orgId, ...reasonArgument(reason), graceDays: graceDays === undefined ? otherwise : days(graceDays) };
    },
    decide: decideDeletion,
  });
}

function running<Args extends readonly unknown[], Input extends OfTenant, R>(
  mutation: TenantMutation<Args, Input, R>,
): Run<Args, R> {
  return (own, args, options) => own.mutate(mutation, args, options);
}

function days(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST_GRACE_DAYS) {
    return value;
  }
  throw new PreconditionError("precondition.invalid_input", { key: "graceDays" });
}

function decideDeletion(
  { orgId, reason, graceDays }: Deletion,
  { org, suspension }: OrgAndSuspension,
  environment: Environment,
): Decision<Tenant> {
  const said = reason === undefined ? {} : { reason };
  const dueAfter = (begin: Date): Date =>
    new Date(Math.max(begin.getTime(), environment.now.getTime()) + graceDays * DAY);
  if (org.status !== "suspended") {
    const asked = { orgId, kind: "deletion", ...said, dueAt: dueAfter(org.updatedAt) } as const;
    return asTenant(decideSuspendOrg(asked, { org }, environment), suspension);
  }
  // Suspended before reasons were kept: what is known of it begins now.
  const before = suspension ?? begunSuspension(org.id, {}, environment.now, environment.actor);
  const row: Suspension = { ...before, ...said, kind: "deletion", dueAt: dueAfter(before.since) };
  return isSame(row, suspension) ? noChange(tenantOf(org, row)) : rescheduled(org, row, environment);
}

function isSame(row: Suspension, before: Suspension | null): boolean {
  return before?.kind === row.kind && before.reason === row.reason && before.dueAt?.getTime() === row.dueAt?.getTime();
}

function rescheduled(org: Organization, row: Suspension, { now, actor }: Environment): Decision<Tenant> {
  const { kind, reason, dueAt } = row;
  return accept(tenantOf({ ...org, version: org.version + 1 }, row), {
    org: unchanged(org),
    at: now,
    actor,
    changes: [{ op: "putSuspension", row }],
    event: { type: "org.deletion_scheduled", data: { kind, reason, dueAt: (dueAt as Date).toISOString() } },
  });
}

export const restoreTenant: Run<[OrgId]> = running<[OrgId], OfTenant, Tenant>({
  ...byTenant,
  name: "restoreTenant",
  parse: (_, orgId) => ({ orgId: idArgument("org", orgId) }),
  decide: (input, { org, suspension }, environment) =>
    org.status === "suspended" && suspension?.kind !== "deletion"
      ? reject("precondition.invalid_transition", { id: org.id, status: org.status })
      : asTenant(reinstateOrg.decide(input, { org }, environment), suspension),
});

/** A deletion that was found due: it is over if the suspension is another one by now, or none. */
export interface DueTenant extends OfTenant {
  readonly since: Date;
}

interface DueOutcome {
  readonly isRevoked: boolean;
}

export const revokeDue: Run<[DueTenant], DueOutcome> = running<[DueTenant], DueTenant, DueOutcome>({
  ...byTenant,
  name: "runDue",
  parse: (_, due) => due,
  decide({ orgId, since }, { org, suspension }, environment) {
    const isDue =
      org.status === "suspended" &&
      suspension?.since.getTime() === since.getTime() &&
      (suspension.dueAt?.getTime() ?? Number.POSITIVE_INFINITY) <= environment.now.getTime();
    if (!isDue) {
      return noChange({ isRevoked: false });
    }
    const decision = decideRevokeOrg({ orgId }, { org }, environment);
    return decision.ok ? { ...decision, result: { isRevoked: true } } : decision;
  },
});

const MOST_DUE = 200;

export interface DueOptions {
  /** How many at most, 1 to 200. Default 200. */
  readonly limit?: number;
}

export const listDue: Query<
  readonly [unknown],
  { readonly limit: number },
  { readonly due: Read<"dueSuspensions"> },
  { readonly data: readonly Suspension[]; readonly more: boolean }
> = {
  name: "listDue",
  parse(options) {
    const { limit } = fields(options === undefined ? {} : options, ["limit"]);
    return { limit: limitArgument(limit, MOST_DUE) };
  },
  reads: ({ limit }, now) => ({ due: { read: "dueSuspensions", at: now, take: limit + 1 } }),
  answer: ({ limit }, { due }) => found({ data: due.slice(0, limit), more: due.length > limit }),
};
