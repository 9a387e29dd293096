import { mutationAs, queryAs } from "./acting.ts";
import { type Call, callOf } from "./call.ts";
import type { Accepted, Decision, Rejected } from "./decision.ts";
import type { Resolution, TenancyError } from "./error-classes.ts";
import { errorFor } from "./errors.ts";
import type { TenancyEvent } from "./event.ts";
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
  type Commit,
  type CommitOutcome,
  type JoinedCall,
  type KeyClaim,
  StoreFault,
  type StorePort,
} from "./store.ts";
import { mutationWithin, queryWithin } from "./within.ts";
import { eventsWritten, wrote } from "./written.ts";

// The loop around every operation: load, decide, commit, and again on conflict. Decisions know nothing of it, and
// stores are only asked and told.

export interface Context {
  readonly port: StorePort;
  readonly settings: Settings;
  /** Where commits of this store meet; `null` where they do not. */
  readonly gathering: Gathering | null;
  /** On whose behalf everything is done; `null`: the host's, who has authorised the call. */
  readonly acting: UsrId | null;
  /** The organization outside of which nothing is seen; `null`: all are. */
  readonly within: OrgId | null;
}

export function contextOf(port: StorePort, settings: Settings): Context {
  return {
    port,
    settings,
    // A store that may be inside the host's transaction leaves its calls apart.
    gathering: settings.groupCommit && port.isRemote && port.join === undefined ? new Gathering(port) : null,
    acting: null,
    within: null,
  };
}

/** How many races a call loses before it asks to have the organization to itself. */
const MOST_LOST = 2;

/** Answers a query from one snapshot. */
export async function ask<Args extends readonly unknown[], Input, P extends Plan, R>(
  { port, settings, acting, within }: Context,
  asked: Query<Args, Input, P, R>,
  ...args: Args
): Promise<R> {
  const own = within === null ? asked : queryWithin(asked, within);
  const query = acting === null ? own : queryAs(own, acting, settings);
  const input = query.parse(...args);
  const now = readClock(settings);
  let isCertain = true;
  const answers = await inPlace(port, { operation: query.name, isMutation: false }, (joined) => {
    isCertain = joined === null;
    return attempts().load(() => (joined ?? port).load(query.reads(input, now)));
  });
  const answer = query.answer(input, answers, now);
  if (!answer.ok) {
    throw toError(answer);
  }
  return detached(answer.facts, isCertain);
}

/** Runs a mutation until it is committed or refused. `last` is its options, as the caller gave them. */
export async function mutate<
  Args extends readonly unknown[],
  Input extends object,
  P extends MutationPlan,
  Facts,
  R,
  M extends keyof FreshIds,
>(context: Context, asked: Mutation<Args, Input, P, Facts, R, M>, args: Args, last: unknown): Promise<R> {
  const { port, settings, acting, within } = context;
  const operation = within === null ? asked : mutationWithin(asked, within);
  const call: Call<MutationPlan, R> =
    acting === null
      ? callOf(operation, settings, args, last, acting)
      : callOf(mutationAs(operation, acting, settings), settings, args, last, acting);
  return inPlace(port, { operation: operation.name, isMutation: true }, (joined) => perform(context, joined, call));
}

async function perform<P extends MutationPlan, R>(
  { port, gathering }: Context,
  joined: Access | null,
  call: Call<P, R>,
): Promise<R> {
  const tries = attempts();
  // Inside the host's transaction nothing is shared with others, nor held for oneself.
  const access = joined ?? gathering ?? port;
  let decision = call.assumed();
  let lost = 0;
  // A caller's key may have been used before. One that the library made is new, until a commit was sent with it: that
  // may have been delivered twice, and then the second delivery is the conflict, and the first one the result.
  let isKeyFresh = call.isKeyFresh;
  for (;;) {
    decision ??= await decided(tries, access, call, !isKeyFresh);
    const { result, write } = decision;
    if (write === null) {
      return wrote(result, none, joined === null);
    }
    const commit = call.commit(write, result);
    const committed = await tries.commit(
      () => access.commit(commit),
      () => unknownOutcome(port, call.claim(commit.org.id)),
    );
    if (committed !== null) {
      return wrote(result, () => eventsWritten(commit, committed), joined === null);
    }
    lost += 1;
    if (
      lost >= MOST_LOST &&
      joined === null &&
      commit.org.is === "existing" &&
      (gathering ?? port.hold) !== undefined
    ) {
      return insist({ port, gathering }, commit.org.id, call, tries);
    }
    isKeyFresh = false;
    decision = null;
  }
}

/** Looks, and decides on what is there, as of one instant. */
async function decided<P extends MutationPlan, R>(
  tries: Attempts,
  access: Access,
  call: Call<P, R>,
  withKeyUse: boolean,
): Promise<Accepted<R>> {
  const now = call.now();
  const answers = await tries.load(() => access.load(call.plan(withKeyUse, now)));
  return accepted(call.decide(answers, now));
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
    let events: () => readonly TenancyEvent[] = none;
    const decide = async (access: Access): Promise<CommitOutcome> => {
      conclude = await concluded(access, call);
      const commit = commitOf(call, conclude);
      if (commit === null) {
        return NOTHING;
      }
      const outcome = await access.commit(commit);
      events = () => eventsWritten(commit, outcome);
      return outcome;
    };
    const committed = await tries.commit(
      () => (gathering === null ? hold(decide) : gathering.alone(orgId, () => hold(decide))),
      () => unknownOutcome(port, call.claim(orgId)),
    );
    if (committed !== null && conclude !== undefined) {
      return wrote(conclude().result, events);
    }
  }
}

/** What is decided now. A refusal, or a clock that fails, is no failure of the store's. */
async function concluded<P extends MutationPlan, R>(access: Access, call: Call<P, R>): Promise<() => Accepted<R>> {
  let now: Date;
  try {
    now = call.now();
  } catch (error) {
    return () => {
      throw error;
    };
  }
  const answers = await access.load(call.plan(true, now));
  return kept(() => accepted(call.decide(answers, now)));
}

/** The events of what changed nothing. */
const none = (): readonly TenancyEvent[] => [];

/** What is committed where there is nothing to write. */
const NOTHING: CommitOutcome = { outcome: "committed", seq: 0 };

/** What a decision wants to be written. A refusal wants nothing: it is no failure of the store's. */
function commitOf<P extends MutationPlan, R>(call: Call<P, R>, conclude: () => Accepted<R>): Commit | null {
  let decision: Accepted<R>;
  try {
    decision = conclude();
  } catch {
    return null;
  }
  const { write, result } = decision;
  return write === null ? null : call.commit(write, result);
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

/** Runs a call as a part of the host's transaction where the store was given one, else by itself: `null`. */
async function inPlace<T>(port: StorePort, call: JoinedCall, work: (joined: Access | null) => Promise<T>): Promise<T> {
  if (port.join === undefined) {
    return work(null);
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
      ? { committed: true, result: wrote(fromJson(use.result), none) }
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
