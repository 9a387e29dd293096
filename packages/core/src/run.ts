import { mutationAs, queryAs } from "./acting.ts";
import { type Call, callOf } from "./call.ts";
import type { Accepted, Decision, Rejected } from "./decision.ts";
import { errorFor, type Resolution, type TenancyError } from "./errors.ts";
import { Gathering } from "./gather.ts";
import { detached, fromJson } from "./json.ts";
import type { Query } from "./list.ts";
import type { OrgId, UsrId } from "./model.ts";
import type { FreshIds, Mutation, MutationPlan } from "./operation.ts";
import { type Attempts, attempts, errorOf } from "./patience.ts";
import type { Plan } from "./read.ts";
import type { Settings } from "./settings.ts";
import { readClock } from "./sources.ts";
import {
  type Access,
  type CommitOutcome,
  type JoinedCall,
  type KeyClaim,
  StoreFault,
  type StorePort,
} from "./store.ts";

// The loop around every operation: load, decide, commit, and again on conflict. Decisions know nothing of it, and
// stores are only asked and told.

export interface Context {
  readonly port: StorePort;
  readonly settings: Settings;
  /** Where commits of this store meet; `null` where they do not. */
  readonly gathering: Gathering | null;
  /** On whose behalf everything is done; `null`: the host's, who has authorised the call. */
  readonly acting: UsrId | null;
}

export function contextOf(port: StorePort, settings: Settings): Context {
  return {
    port,
    settings,
    gathering: settings.groupCommit && port.isRemote ? new Gathering(port) : null,
    acting: null,
  };
}

/** How many races a call loses before it asks to have the organization to itself. */
const MOST_LOST = 2;

/** Answers a query from one snapshot. */
export async function ask<Args extends readonly unknown[], Input, P extends Plan, R>(
  { port, settings, acting }: Context,
  asked: Query<Args, Input, P, R>,
  ...args: Args
): Promise<R> {
  const query = acting === null ? asked : queryAs(asked, acting, settings);
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
>(context: Context, operation: Mutation<Args, Input, P, Facts, R, M>, args: Args, last: unknown): Promise<R> {
  const { port, settings, acting } = context;
  const call: Call<MutationPlan, R> =
    acting === null
      ? callOf(operation, settings, args, last, acting)
      : callOf(mutationAs(operation, acting, settings), settings, args, last, acting);
  return joined(port, { operation: operation.name, isMutation: true }, (access) => perform(context, access, call));
}

async function perform<P extends MutationPlan, R>(
  { port, gathering }: Context,
  own: Access,
  call: Call<P, R>,
): Promise<R> {
  const tries = attempts();
  // Inside the host's transaction nothing is shared with others, nor held for oneself.
  const isJoined = own !== port;
  const access = isJoined ? own : (gathering ?? port);
  let decision = call.assumed();
  let lost = 0;
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
    lost += 1;
    if (lost >= MOST_LOST && !isJoined && commit.org.is === "existing" && (gathering ?? port.hold) !== undefined) {
      return insist({ port, gathering }, commit.org.id, call, tries);
    }
    isKeyFresh = false;
    decision = null;
  }
}

/** Decides with the organization to oneself: others of this process wait, and on a database that can hold a lock all do. */
async function insist<P extends MutationPlan, R>(
  { port, gathering }: Pick<Context, "port" | "gathering">,
  orgId: OrgId,
  call: Call<P, R>,
  tries: Attempts,
): Promise<R> {
  const hold = (work: (access: Access) => Promise<CommitOutcome>): Promise<CommitOutcome> =>
    port.hold === undefined ? work(port) : port.hold(orgId, work);
  for (;;) {
    let conclude: (() => Accepted<R>) | undefined;
    const decide = async (access: Access): Promise<CommitOutcome> => {
      const answers = await access.load(call.plan(true));
      conclude = kept(() => accepted(call.decide(answers)));
      return commitOf(call, conclude, access);
    };
    const outcome = await tries.commit(
      () => (gathering === null ? hold(decide) : gathering.alone(orgId, () => hold(decide))),
      () => unknownOutcome(port, call.claim(orgId)),
    );
    if (outcome === "committed" && conclude !== undefined) {
      return detached(conclude().result);
    }
  }
}

/** Commits what a decision wants to be written. A refusal wants nothing: it is no failure of the store's. */
async function commitOf<P extends MutationPlan, R>(
  call: Call<P, R>,
  conclude: () => Accepted<R>,
  access: Access,
): Promise<CommitOutcome> {
  const nothing: CommitOutcome = { outcome: "committed", seq: 0 };
  let decision: Accepted<R>;
  try {
    decision = conclude();
  } catch {
    return nothing;
  }
  const { write, result } = decision;
  return write === null ? nothing : access.commit(call.commit(write, result));
}

/** What a function answers or throws now, however often it is asked for later. */
function kept<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
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
