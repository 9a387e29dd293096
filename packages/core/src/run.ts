import type { Write } from "./change.ts";
import { type Accepted, type Decision, noChange, type Rejected, reject } from "./decision.ts";
import { errorFor, type Resolution, type TenancyError } from "./errors.ts";
import { idArgument } from "./id.ts";
import { type CheckedOptions, mutationOptions, timeOf } from "./input.ts";
import { detached, fingerprint, fromJson, toJson } from "./json.ts";
import type { Query } from "./list.ts";
import type { IdType, Organization } from "./model.ts";
import type { FreshIds, Mutation, MutationPlan } from "./operation.ts";
import { attempts } from "./patience.ts";
import type { AnswersTo, KeyScope, KeyUse, Plan, Read } from "./read.ts";
import type { Settings } from "./settings.ts";
import type { Commit, StorePort } from "./store.ts";
import { freshKey } from "./system.ts";

// The loop around every operation: load, decide, commit, and again on conflict. Decisions know nothing of it, and
// stores are only asked and told.

export interface Context {
  readonly port: StorePort;
  readonly settings: Settings;
}

/** Answers a query from one snapshot. */
export async function ask<Args extends readonly unknown[], Input, P extends Plan, R>(
  { port, settings }: Context,
  query: Query<Args, Input, P, R>,
  ...args: Args
): Promise<R> {
  const input = query.parse(...args);
  const now = readClock(settings);
  const answers = await attempts().load(() => port.load(query.reads(input, now)));
  const answer = query.answer(input, answers, now);
  if (!answer.ok) {
    throw toError(answer);
  }
  return detached(answer.facts);
}

/** What identifies one call, however often it is decided. */
interface Call {
  readonly name: string;
  readonly fingerprint: string;
  readonly key: string;
  readonly scope: KeyScope;
  readonly options: CheckedOptions;
}

/** Runs a mutation until it is committed or refused. `last` is its options, as the caller gave them. */
export async function mutate<
  Args extends readonly unknown[],
  Input,
  P extends MutationPlan,
  Facts,
  R,
  M extends keyof FreshIds,
>(
  { port, settings }: Context,
  operation: Mutation<Args, Input, P, Facts, R, M>,
  args: Args,
  last: unknown,
): Promise<R> {
  const input = operation.parse(settings, ...args);
  const options = mutationOptions(last, operation.admitsVersion);
  const ids = mint(operation.mints, settings);
  const call: Call = {
    name: operation.name,
    fingerprint: fingerprint(operation.name, input),
    key: options.idempotencyKey ?? freshKey(),
    scope: operation.scope(input),
    options,
  };
  const decide = (facts: Facts): Decision<R> =>
    operation.decide(input, facts, { now: readClock(settings), settings, ids, actor: options.actor });
  const consider = (answers: AnswersTo<P & WithKeyUse>): Decision<R> => {
    const found = operation.find(input, answers);
    return found.ok ? (beforeDeciding<R>(answers as BeforeDeciding, call) ?? decide(found.facts)) : found;
  };

  const tries = attempts();
  const assumed = operation.assume === undefined ? null : decide(operation.assume(input));
  // Only a look at the facts can refuse: what was assumed may not be true.
  let decision = assumed?.ok === true ? assumed : null;
  // A caller's key may have been used before. One that the library makes is new, until a commit was sent with it: that
  // may have been delivered twice, and then the second delivery is the conflict, and the first one the result.
  let isKeyFresh = options.idempotencyKey === null;
  for (;;) {
    const reads = plan(operation, input, settings, isKeyFresh ? null : call);
    decision ??= accepted(consider(await tries.load(() => port.load(reads))));
    const { result, write } = decision;
    if (write === null) {
      return detached(result);
    }
    const commit = commitOf(write, result, call);
    const outcome = await tries.commit(
      () => port.commit(commit),
      () => unknownOutcome(port, commit),
    );
    if (outcome === "committed") {
      return detached(result);
    }
    isKeyFresh = false;
    decision = null;
  }
}

interface WithKeyUse {
  readonly keyUse?: Read<"keyUse">;
}

function plan<Args extends readonly unknown[], Input, P extends MutationPlan, Facts, R, M extends keyof FreshIds>(
  operation: Mutation<Args, Input, P, Facts, R, M>,
  input: Input,
  settings: Settings,
  asked: Call | null,
): P & WithKeyUse {
  const reads = operation.reads(input, settings);
  return asked === null ? reads : { ...reads, keyUse: { read: "keyUse", scope: asked.scope, key: asked.key } };
}

/** The answers that do not depend on the operation. */
interface BeforeDeciding {
  readonly org?: Organization | null;
  readonly keyUse?: KeyUse | null;
}

/** The checks that every mutation makes between existence and its own: first the replay, then the version. */
function beforeDeciding<R>(
  { org, keyUse }: BeforeDeciding,
  { name, fingerprint: own, options: { expectedVersion } }: Call,
): Decision<R> | null {
  if (keyUse?.state === "fenced") {
    return reject("conflict.idempotency", { reason: "abandoned" });
  }
  if (keyUse?.state === "done") {
    return keyUse.operation === name && keyUse.fingerprint === own
      ? noChange(fromJson(keyUse.result) as R)
      : reject("conflict.idempotency", { reason: "mismatch" });
  }
  const actual = org?.version ?? expectedVersion;
  return expectedVersion === null || actual === null || actual === expectedVersion
    ? null
    : reject("conflict.version", { expected: expectedVersion, actual });
}

function commitOf({ org, at, actor, changes, event }: Write, result: unknown, call: Call): Commit {
  const { expectedVersion, idempotencyKey } = call.options;
  return {
    org: org.is === "existing" && expectedVersion !== null ? { ...org, version: expectedVersion } : org,
    changes,
    event: { ...event, at, actor: call.options.actor ?? actor, idempotencyKey },
    key: {
      scope: "creator" in call.scope ? call.scope.creator : org.id,
      key: call.key,
      operation: call.name,
      fingerprint: call.fingerprint,
      result: toJson(result),
    },
  };
}

function unknownOutcome(port: StorePort, { key }: Commit): TenancyError {
  const resolve = async (): Promise<Resolution> => {
    const use = await attempts().settle(() => port.settle({ scope: key.scope, key: key.key }));
    return use.state === "done" && use.operation === key.operation && use.fingerprint === key.fingerprint
      ? { committed: true, result: detached(fromJson(use.result)) }
      : { committed: false };
  };
  return errorFor("indeterminate.commit", {}, { hidden: { key: key.key, resolve } });
}

function mint<M extends keyof FreshIds>(names: readonly M[], { idSource }: Settings): Pick<FreshIds, M> {
  const types: { readonly [Name in keyof FreshIds]: IdType } = {
    org: "org",
    mem: "mem",
    otherMem: "mem",
    inv: "inv",
    usr: "usr",
  };
  const ids = names.map((name) => [name, sound(() => idArgument(types[name], idSource(types[name])))]);
  return Object.fromEntries(ids) as Pick<FreshIds, M>;
}

/** The time of a decision, to the millisecond and as a value of its own. */
function readClock({ clock }: Settings): Date {
  return sound(() => {
    const time = timeOf(clock());
    return time === null ? undefined : new Date(time);
  });
}

/** An answer of the host's clock or id source. One that throws or makes no sense is a defect there. */
function sound<T>(answer: () => T | undefined): T {
  let value: T | undefined;
  try {
    value = answer();
  } catch (cause) {
    throw errorFor("internal.unexpected", {}, { cause });
  }
  if (value === undefined) {
    throw errorFor("internal.unexpected", {});
  }
  return value;
}

function accepted<R>(decision: Decision<R>): Accepted<R> {
  if (decision.ok) {
    return decision;
  }
  throw toError(decision);
}

function toError({ code, details, hidden }: Rejected): TenancyError {
  return errorFor(code, details, hidden === undefined ? {} : { hidden });
}
