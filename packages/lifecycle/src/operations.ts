import {
  type AnswersTo,
  type Organization,
  type OrgId,
  type OrgRef,
  PreconditionError,
  type Read,
  type Suspension,
  type SuspensionKind,
  type UpdateOrgInput,
} from "@tenantry/core";
import {
  type Decision,
  type Extension,
  type FreshIds,
  fields,
  found,
  foundOrg,
  idArgument,
  type Mutation,
  type MutationPlan,
  type Query,
  reinstateOrg,
  revokeOrg,
  suspendOrg,
  updateOrg,
} from "@tenantry/core/extend";
import { suspensionAfter, type Tenant, tenantOf } from "./tenant.ts";

// Core's operations in the words of a tenant: the same rules, guards and events, with the suspension in the answer.

/** A mutation of core that answers an organization. */
type OrgMutation<
  Args extends readonly unknown[],
  Input extends object,
  P extends MutationPlan,
  Facts,
  M extends keyof FreshIds,
> = Mutation<Args, Input, P, Facts, Organization, M>;

interface WithSuspension<Facts> {
  readonly own: Facts;
  readonly suspension: Suspension | null;
}

type PlanWithSuspension<P extends MutationPlan> = P & { readonly suspension: Read<"suspension"> };

/** Makes a mutation through a store's own loop. */
export type Run<Args extends readonly unknown[], R = Tenant> = (
  own: Extension,
  args: Args,
  options: unknown,
) => Promise<R>;

/** The same under another name, answering the tenant. */
function tenantMutation<
  Args extends readonly unknown[],
  Input extends object,
  P extends MutationPlan,
  Facts,
  M extends keyof FreshIds,
>(name: string, of: OrgMutation<Args, Input, P, Facts, M>): Run<Args> {
  const mutation: Mutation<Args, Input, PlanWithSuspension<P>, WithSuspension<Facts>, Tenant, M> = {
    name,
    mints: of.mints,
    admitsVersion: of.admitsVersion,
    parse: of.parse,
    scope: of.scope,
    reads: (input, settings, now) => ({
      ...of.reads(input, settings, now),
      suspension: { read: "suspension", of: of.scope(input) as OrgRef },
    }),
    find(input, answers, now) {
      const facts = of.find(input, answers as AnswersTo<P>, now);
      const { suspension } = answers as { readonly suspension: Suspension | null };
      return facts.ok ? found({ own: facts.facts, suspension }) : facts;
    },
    decide: (input, { own: facts, suspension }, environment) =>
      asTenant(of.decide(input, facts, environment), suspension),
  };
  return (own, args, options) => own.mutate(mutation, args, options);
}

/** A decision about an organization, with the tenant as its result. */
export function asTenant(decision: Decision<Organization>, suspension: Suspension | null): Decision<Tenant> {
  return decision.ok
    ? { ...decision, result: tenantOf(decision.result, suspensionAfter(decision.write, suspension)) }
    : decision;
}

export const updateTenant: Run<[OrgId, unknown]> = tenantMutation("updateTenant", {
  ...updateOrg,
  parse(settings, orgId: OrgId, changes: unknown) {
    const id = idArgument("org", orgId);
    const { name, slug, metadata } = fields(changes, ["name", "slug", "metadata"]);
    return updateOrg.parse(settings, { orgId: id, name, slug, metadata } as UpdateOrgInput);
  },
});
export const activateTenant: Run<[OrgId]> = tenantMutation("activateTenant", reinstateOrg);

function suspending(name: string, kind: SuspensionKind): Run<[OrgId, unknown]> {
  const { parse } = suspendOrg;
  return tenantMutation(name, {
    ...suspendOrg,
    parse(settings, orgId: OrgId, options: unknown) {
      const { reason } = fields(options === undefined ? {} : options, ["reason"]);
      return parse(settings, { orgId: idArgument("org", orgId), kind, reason: reason as string });
    },
  });
}

export const suspendTenant: Run<[OrgId, unknown]> = suspending("suspendTenant", "suspended");
export const deactivateTenant: Run<[OrgId, unknown]> = suspending("deactivateTenant", "deactivated");

export const revokeTenant: Run<[OrgId, unknown]> = tenantMutation("revokeTenant", {
  ...revokeOrg,
  parse(settings, orgId: OrgId, options: unknown) {
    const id = idArgument("org", orgId);
    const { confirm } = fields(options, ["confirm"]);
    if (confirm !== id) {
      throw new PreconditionError("precondition.invalid_input", { key: "confirm" });
    }
    return revokeOrg.parse(settings, id);
  },
});

export const getTenant: Query<
  readonly [OrgId],
  OrgId,
  { readonly org: Read<"org">; readonly suspension: Read<"suspension"> },
  Tenant
> = {
  name: "getTenant",
  parse: (orgId) => idArgument("org", orgId),
  reads: (orgId) => ({
    org: { read: "org", of: { org: orgId } },
    suspension: { read: "suspension", of: { org: orgId } },
  }),
  answer(orgId, { org, suspension }) {
    const facts = foundOrg(orgId, org);
    return facts.ok ? found(tenantOf(facts.facts.org, suspension)) : facts;
  },
};
