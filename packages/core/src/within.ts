import type { Query } from "./list.ts";
import type { OrgId } from "./model.ts";
import type { FreshIds, Mutation, MutationPlan } from "./operation.ts";
import { hasOwn } from "./own.ts";
import { nothingOf, type Plan } from "./read.ts";

// Operations inside one organization: the same operations, to which whatever belongs to another one is not there.
// Nothing more is looked up for it: every row says whose it is.

/** A mutation that finds nothing of another organization. */
export function mutationWithin<
  Args extends readonly unknown[],
  Input extends object,
  P extends MutationPlan,
  Facts,
  R,
  M extends keyof FreshIds,
>(mutation: Mutation<Args, Input, P, Facts, R, M>, orgId: OrgId): Mutation<Args, Input, P, Facts, R, M> {
  return {
    ...mutation,
    find: (input, answers, now) => mutation.find(input, seenFrom(orgId, answers), now),
    // Decided without a look only about the organization itself, by its id.
    assume(input, settings) {
      const scope = mutation.scope(input);
      return hasOwn(scope, "org") && scope.org === orgId ? (mutation.assume?.(input, settings) ?? null) : null;
    },
  };
}

/** A query that finds nothing of another organization. */
export function queryWithin<Args extends readonly unknown[], Input, P extends Plan, R>(
  query: Query<Args, Input, P, R>,
  orgId: OrgId,
): Query<Args, Input, P, R> {
  return {
    ...query,
    answer(input, answers, now) {
      const object = query.object?.(input) ?? orgId;
      return query.answer(input, object === orgId ? seenFrom(orgId, answers) : nothingOf(answers), now);
    },
  };
}

/** The same answers without rows of other organizations. */
export function seenFrom<A extends object>(orgId: OrgId, answers: A): A {
  const seen = (answer: unknown): unknown =>
    Array.isArray(answer) ? answer.filter((row) => isOf(orgId, row)) : isOf(orgId, answer) ? answer : null;
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, seen(answer)])) as A;
}

function isOf(orgId: OrgId, answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null) {
    return true;
  }
  const row: {
    readonly id?: unknown;
    readonly orgId?: unknown;
    readonly membership?: unknown;
    readonly invitation?: unknown;
  } = answer;
  if (Object.hasOwn(row, "membership")) {
    return isOf(orgId, row.membership);
  }
  if (Object.hasOwn(row, "invitation")) {
    return isOf(orgId, row.invitation);
  }
  if (Object.hasOwn(row, "orgId")) {
    return row.orgId === orgId;
  }
  // Of what has no organization only one has a version: an organization. Tuples and uses of keys are nobody's.
  return !Object.hasOwn(row, "version") || row.id === orgId;
}
