import { type Call, callOf } from "./call.ts";
import type { Accepted, Decision, Rejected } from "./decision.ts";
import { errorFor, type Resolution, type TenancyError } from "./errors.ts";
import { detached, fromJson } from "./json.ts";
import type { Query } from "./list.ts";
import type { FreshIds, Mutation, MutationPlan } from "./operation.ts";
import { attempts, errorOf } from "./patience.ts";
import type { Plan } from "./read.ts";
import type { Settings } from "./settings.ts";
import { readClock } from "./sources.ts";
import { type Access, type JoinedCall, type KeyClaim, StoreFault, type StorePort } from "./store.ts";

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
  const answers = await joined(port, { operation: query.name, isMutation: false }, (access) =>
    attempts().load(() => access.load(query.reads(input, now))),
  );
  const answer = query.answer(input, answers, now);
  if (!answer.ok) {
    throw toError(answer);
  }
  return detached(answer.facts);
}

/** Runs a mutation until it is committed or refused. `last` is its options, as the caller gave them. */
export async function mutate<
  Args extends readonly unknown[],
  Input extends object,
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
  const call = callOf(operation, settings, args, last);
  return joined(port, { operation: operation.name, isMutation: true }, (access) => perform(port, access, call));
}

async function perform<P extends MutationPlan, R>(port: StorePort, access: Access, call: Call<P, R>): Promise<R> {
  const tries = attempts();
  let decision = call.assumed();
  // A caller's key may have been used before. One that the library made is new, until a commit was sent with it: that
  // may have been delivered twice, and then the second delivery is the conflict, and the first one the result.
  let isKeyFresh = call.isKeyFresh;
  for (;;) {
    decision ??= accepted(call.decide(await tries.load(() => access.load(call.plan(!isKeyFresh)))));
    const { result, write } = decision;
    if (write === null) {
      return detached(result);
    }
    const commit = call.commit(write, result);
    const outcome = await tries.commit(
      () => access.commit(commit),
      () => unknownOutcome(port, call.claim(commit.org.id)),
    );
    if (outcome === "committed") {
      return detached(result);
    }
    isKeyFresh = false;
    decision = null;
  }
}

/** Runs a call as a part of the host's transaction where the store was given one, else by itself. */
async function joined<T>(port: StorePort, call: JoinedCall, work: (access: Access) => Promise<T>): Promise<T> {
  if (port.join === undefined) {
    return work(port);
  }
  try {
    return await port.join(call, work);
  } catch (error) {
    // At the edges of the host's transaction, where no attempt is under way that could be repeated.
    throw error instanceof StoreFault ? errorOf(error) : error;
  }
}

function unknownOutcome(
  port: StorePort,
  { scope, key, operation, fingerprint }: Omit<KeyClaim, "result">,
): TenancyError {
  const resolve = async (): Promise<Resolution> => {
    const use = await attempts().settle(() => port.settle({ scope, key }));
    return use.state === "done" && use.operation === operation && use.fingerprint === fingerprint
      ? { committed: true, result: detached(fromJson(use.result)) }
      : { committed: false };
  };
  return errorFor("indeterminate.commit", {}, { hidden: { key, resolve } });
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
