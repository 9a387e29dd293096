import { changesOfGroups, type Write } from "./change.ts";
import { type Accepted, type Decision, noChange, reject } from "./decision.ts";
import { errorFor } from "./errors.ts";
import { type CheckedOptions, mutationOptions } from "./input.ts";
import { fingerprint, fromJson } from "./json.ts";
import type { Organization, OrgId, UsrId } from "./model.ts";
import type { FreshIds, Mutation, MutationPlan } from "./operation.ts";
import { hasOwn } from "./own.ts";
import type { AnswersTo, KeyUse, Read } from "./read.ts";
import type { Settings } from "./settings.ts";
import { mint, readClock } from "./sources.ts";
import type { Commit, KeyClaim } from "./store.ts";
import { freshKey } from "./system.ts";

/** One call of a mutation, with its values checked: what stays the same however often it is decided. */
export interface Call<P extends MutationPlan, R> {
  readonly name: string;
  /** The caller's key, or one of its own. */
  readonly key: string;
  /** Whether nothing can have been committed with the key before the first attempt: the library made it. */
  readonly isKeyFresh: boolean;
  /** Decided on what usually holds, without a look. `null`: only a look at the facts can refuse, or say that nothing changes. */
  assumed(): Accepted<R> | null;
  /** The time of an attempt: what is asked and what is decided are of one instant. */
  now(): Date;
  /** What it has to know. With the use of its key, unless that is known to be none. */
  plan(withKeyUse: boolean, now: Date): P & WithKeyUse;
  decide(answers: AnswersTo<P & WithKeyUse>, now: Date): Decision<R>;
  commit(write: Write, result: R): Commit;
  claim(orgId: OrgId): Omit<KeyClaim, "result">;
}

export interface WithKeyUse {
  readonly keyUse?: Read<"keyUse">;
}

/**
 * Checks the values of a call; `last` is its options, as the caller gave them, and `acting` the one on whose behalf it is
 * made: then nobody else can be its actor.
 */
export function callOf<
  Args extends readonly unknown[],
  Input extends object,
  P extends MutationPlan,
  Facts,
  R,
  M extends keyof FreshIds,
>(
  operation: Mutation<Args, Input, P, Facts, R, M>,
  settings: Settings,
  args: Args,
  last: unknown,
  acting: UsrId | null,
): Call<P, R> {
  const input = operation.parse(settings, ...args);
  const options = actingOptions(mutationOptions(last, operation.admitsVersion), acting);
  const ids = mint(operation.mints, settings, operation.rows?.(input) ?? 0);
  const { name } = operation;
  const own = digestOf(name, input);
  const scope = operation.scope(input);
  const key = options.idempotencyKey ?? freshKey();

  const addressed = (orgId: OrgId): KeyClaim["scope"] => (hasOwn(scope, "creator") ? scope.creator : orgId);
  const decideOn = (facts: Facts, now: Date): Decision<R> =>
    operation.decide(input, facts, { now, settings, ids, actor: options.actor });
  const now = (): Date => readClock(settings);

  return {
    name,
    key,
    isKeyFresh: options.idempotencyKey === null,
    assumed() {
      const facts = operation.assume?.(input, settings) ?? null;
      const decision = facts === null ? null : decideOn(facts, now());
      if (decision?.ok !== true || decision.write === null) {
        return null;
      }
      const { org } = decision.write;
      // What the caller holds and the version that they expect can be of different times.
      const isOneTime =
        org.is === "new" || org.version === null || (options.expectedVersion ?? org.version) === org.version;
      return isOneTime ? decision : null;
    },
    now,
    plan(withKeyUse, at) {
      const reads = operation.reads(input, settings, at);
      return withKeyUse ? { keyUse: { read: "keyUse", scope, key }, ...reads } : reads;
    },
    decide(answers, at) {
      const found = operation.find(input, answers, at);
      if (!found.ok) {
        return found;
      }
      return beforeDeciding<R>(answers as BeforeDeciding, name, own, options) ?? decideOn(found.facts, at);
    },
    commit({ org, changes, further = [], ...first }, result) {
      const { expectedVersion, idempotencyKey } = options;
      return {
        // A decision that rests on a version of its own keeps it: what the caller expects may be a later one.
        org: org.is === "existing" ? { ...org, version: org.version ?? expectedVersion } : org,
        changes: [...changes, ...changesOfGroups(settings)],
        // Spreads come last: what is added to a spread copy costs as much as a digest.
        events: [first, ...further].map(({ at, actor, event }) => ({
          at,
          actor: options.actor ?? actor,
          idempotencyKey,
          ...event,
        })),
        keys: [useOf({ scope: addressed(org.id), key, operation: name, result }, own)],
      };
    },
    claim: (orgId) => ({ scope: addressed(orgId), key, operation: name, fingerprint: own() }),
  };
}

// A store in memory keeps the use of a key as it is: these two are functions of their own so that it keeps nothing else of
// the call.

/** The digest of a call, made once somebody asks: a store that writes it down, or a key that was used before. */
function digestOf(name: string, input: object): () => string {
  let digest: string | undefined;
  return () => {
    // Which entity the caller holds makes no difference to what is asked for: JSON has no `undefined`.
    digest ??= fingerprint(name, Object.hasOwn(input, "held") ? { ...input, held: undefined } : input);
    return digest;
  };
}

/** What the first event of a commit was made by. */
function useOf(
  { scope, key, operation, result }: Omit<KeyClaim, "fingerprint">,
  digest: () => string,
): Commit["keys"][number] {
  return {
    scope,
    key,
    operation,
    get fingerprint() {
      return digest();
    },
    result,
    event: 0,
  };
}

/** On behalf of somebody nobody else is the actor. */
export function actingOptions(options: CheckedOptions, acting: UsrId | null): CheckedOptions {
  if (acting !== null && options.actor !== null && options.actor !== acting) {
    throw errorFor("forbidden", { subject: "actor", usrId: acting });
  }
  return acting === null ? options : { ...options, actor: acting };
}

/** The answers that do not depend on the operation. */
interface BeforeDeciding {
  readonly org?: Organization | null;
  readonly keyUse?: KeyUse | null;
}

/** The checks that every mutation makes between existence and its own: first the replay, then the version. */
function beforeDeciding<R>(
  { org, keyUse }: BeforeDeciding,
  name: string,
  own: () => string,
  { expectedVersion }: CheckedOptions,
): Decision<R> | null {
  if (keyUse?.state === "fenced") {
    return reject("conflict.idempotency", { reason: "abandoned" });
  }
  if (keyUse?.state === "done") {
    return keyUse.operation === name && keyUse.fingerprint === own()
      ? noChange(fromJson(keyUse.result) as R)
      : reject("conflict.idempotency", { reason: "mismatch" });
  }
  const actual = org?.version ?? expectedVersion;
  return expectedVersion === null || actual === null || actual === expectedVersion
    ? null
    : reject("conflict.version", { expected: expectedVersion, actual });
}
