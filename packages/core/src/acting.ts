import type { Change } from "./change.ts";
import { accept, type Found, found, type Rejected, reject } from "./decision.ts";
import { errorFor } from "./errors.ts";
import type { Query } from "./list.ts";
import { ranksAtLeast } from "./membership/membership.ts";
import { hasPassed, type Role, type UsrId } from "./model.ts";
import type { Concern, FreshIds, Mutation, MutationPlan } from "./operation.ts";
import { hasOwn } from "./own.ts";
import type { OperationName, Permission } from "./permissions.ts";
import { type AuthorityFact, PRESUMED_AUTHORITY } from "./presumed.ts";
import { type KeyScope, nothingOf, type Plan, type Read } from "./read.ts";
import type { Settings } from "./settings.ts";
import { seenFrom } from "./within.ts";

// Operations on behalf of somebody: the same operations, with who may call them as one more thing that is looked up,
// decided, and expected by the commit.

interface WithActing {
  readonly acting?: Read<"liveMembership">;
}

/** The caller's membership among the answers to a plan, while it lasts. */
function actorIn(answers: object, now: Date): AuthorityFact | null {
  const { acting = null } = answers as { readonly acting?: AuthorityFact | null };
  return acting === null || hasPassed(acting.expiresAt, now) ? null : acting;
}

/** Facts of a mutation, and the roles in which its caller may still make it at the commit; `null`: whatever they are. */
interface FactsAs<Facts> {
  readonly own: Facts;
  readonly roles: readonly Role[] | null;
}

/** A mutation that its caller can make only as far as the permissions go. */
export function mutationAs<
  Args extends readonly unknown[],
  Input extends object,
  P extends MutationPlan,
  Facts,
  R,
  M extends keyof FreshIds,
>(
  mutation: Mutation<Args, Input, P, Facts, R, M>,
  usrId: UsrId,
  { permissions }: Settings,
): Mutation<Args, Input, P & WithActing, FactsAs<Facts>, R, M> {
  const { concerns = nobody, favours = inNothing, actsFor = noOne } = mutation;
  const verdict = (actor: AuthorityFact | null, input: Input, facts: Facts): Verdict => {
    const judgement = judged(permissions[mutation.name as OperationName], usrId, actor, concerns(input, facts));
    return judgement !== UNKNOWN && judgement.ok && favours(input, facts, usrId) ? forbidden(usrId) : judgement;
  };

  return {
    name: mutation.name,
    mints: mutation.mints,
    ...(mutation.rows === undefined ? {} : { rows: mutation.rows }),
    admitsVersion: mutation.admitsVersion,
    scope: mutation.scope,
    parse(settings, ...args) {
      // Nobody is taken at their word for whom an invitation is meant.
      const input = mutation.parse({ ...settings, declineBinding: "required" }, ...args);
      const named = actsFor(input) ?? usrId;
      if ([named].flat().some((each) => each !== usrId)) {
        throw errorFor("forbidden", { subject: "actor", usrId });
      }
      return input;
    },
    reads: (input, settings, now) => ({
      ...mutation.reads(input, settings, now),
      ...lookUp(mutation.scope(input), usrId),
    }),
    find(input, all, now) {
      const answers = seenBy(actorIn(all, now), mutation.scope(input), all);
      const own = mutation.find(input, answers, now);
      if (!own.ok) {
        return own;
      }
      const judgement = verdict(actorIn(answers, now), input, own.facts);
      return judgement === UNKNOWN
        ? unknownTo(usrId, mutation.find(input, nothingOf(answers), now))
        : judgement.ok
          ? found({ own: own.facts, roles: judgement.facts })
          : judgement;
    },
    assume(input, settings) {
      const own = mutation.assume?.(input, settings) ?? null;
      if (own === null) {
        return null;
      }
      const judgement = verdict(PRESUMED_AUTHORITY, input, own);
      return judgement !== UNKNOWN && judgement.ok ? { own, roles: judgement.facts } : null;
    },
    decide(input, { own, roles }, environment) {
      const decision = mutation.decide(input, own, environment);
      if (!decision.ok || decision.write === null || roles === null) {
        return decision;
      }
      const mayStill: Change = { op: "expectMember", usrId, roles, at: environment.now };
      return accept(decision.result, { ...decision.write, changes: [mayStill, ...decision.write.changes] });
    },
  };
}

/** A query that its caller can make only as far as the permissions go. */
export function queryAs<Args extends readonly unknown[], Input, P extends Plan, R>(
  query: Query<Args, Input, P, R>,
  usrId: UsrId,
  { permissions }: Settings,
): Query<Args, Input, P & WithActing, R> {
  const { of = nowhere, concerns = nobody, forOneself = asItIs } = query;
  const permission = permissions[query.name as OperationName];
  return {
    name: query.name,
    parse: query.parse,
    reads: (input, now) => ({ ...query.reads(input, now), ...lookUp(of(input), usrId) }),
    answer(input, answers, now) {
      const own = query.answer(input, answers, now);
      if (!own.ok) {
        return own;
      }
      const judgement = judged(permission, usrId, actorIn(answers, now), concerns(input, answers));
      if (judgement === UNKNOWN) {
        return unknownTo(usrId, query.answer(input, nothingOf(answers), now));
      }
      return judgement.ok ? found(forOneself(own.facts)) : judgement;
    },
  };
}

const nobody = (): readonly Concern[] => [];
const inNothing = (): boolean => false;
const noOne = (): null => null;
const asItIs = <R>(answer: R): R => answer;
const nowhere = (): null => null;

/**
 * Where a call names an organization nothing of another one is there, and to somebody who does not belong to it nothing at
 * all: otherwise what is theirs elsewhere would tell what is here.
 */
function seenBy<A extends object>(actor: AuthorityFact | null, scope: KeyScope, answers: A): A {
  return !hasOwn(scope, "org") ? answers : actor === null ? nothingOf(answers) : seenFrom(scope.org, answers);
}

/** Where somebody's authority is looked up: in the organization that the call is about. */
function lookUp(of: KeyScope | null, usrId: UsrId): WithActing {
  return of === null || hasOwn(of, "creator") ? {} : { acting: { read: "liveMembership", of, usrId } };
}

/** To somebody who does not belong there, what is there is as unknown as what is not. */
const UNKNOWN = Symbol("unknown");

/** The roles in which the caller may still do it at the commit, `null` where it is about nobody but them. */
type Verdict = Found<readonly Role[] | null> | Rejected<"forbidden" | "forbidden.role_hierarchy"> | typeof UNKNOWN;

function judged(
  { roles, oneself, withinRank }: Permission,
  usrId: UsrId,
  actor: AuthorityFact | null,
  about: readonly Concern[],
): Verdict {
  if (oneself && about.length > 0 && about.every((concern) => concern.usrId === usrId)) {
    return found(null);
  }
  if (roles.length === 0 && !oneself) {
    // Nobody's, so whether what it is about is there makes no difference.
    return forbidden(usrId);
  }
  if (actor?.status !== "active") {
    return UNKNOWN;
  }
  if (!roles.includes(actor.role)) {
    return forbidden(usrId);
  }
  const concerned = withinRank ? about.map(({ role }) => role).filter((role) => role !== null) : [];
  const above = concerned.find((role) => !ranksAtLeast(actor.role, role));
  if (above !== undefined) {
    return reject("forbidden.role_hierarchy", { usrId, role: above });
  }
  return found(roles.filter((own) => concerned.every((role) => ranksAtLeast(own, role))));
}

/** The answer to a call about what is not there; a call about nothing that has to be there is forbidden. */
function unknownTo(usrId: UsrId, missing: Found<unknown> | Rejected): Rejected {
  return missing.ok ? forbidden(usrId) : missing;
}

function forbidden(usrId: UsrId): Rejected<"forbidden"> {
  return reject("forbidden", { subject: "actor", usrId });
}
