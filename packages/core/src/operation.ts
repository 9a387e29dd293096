import type { Decision, Found, Rejected } from "./decision.ts";
import type { InvId, MemId, OrgId, Role, UsrId } from "./model.ts";
import type { AnswersTo, KeyScope, Plan, Read } from "./read.ts";
import type { Settings } from "./settings.ts";

/** Ids made before the decision, so that it needs no chance. A call makes each once, however often it is decided again. */
export interface FreshIds {
  readonly org: OrgId;
  readonly mem: MemId;
  readonly otherMem: MemId;
  readonly inv: InvId;
  readonly usr: UsrId;
  /** One for each row of a bulk call. */
  readonly mems: readonly MemId[];
  readonly invs: readonly InvId[];
}

/** Everything a decision may depend on besides its input and its facts. */
export interface Environment<M extends keyof FreshIds = never> {
  readonly now: Date;
  readonly settings: Settings;
  /** Whom the caller names as the one who did it. */
  readonly actor: UsrId | null;
  readonly ids: Pick<FreshIds, M>;
}

/** A person whom a call is about, in the role that they have or are to have there; `null`: whoever, or none. */
export interface Concern {
  readonly usrId: UsrId | null;
  readonly role: Role | null;
}

/** A read of the organization goes by this name in every plan, so that `expectedVersion` can be compared. */
export type MutationPlan = Plan & { readonly org?: Read<"org"> };

/**
 * A mutation in parts, so that one loop can run all of them: what is asked, what must exist, and the decision.
 * All parts are pure. `Facts` is what the decision rests on, with everything that must exist there.
 */
export interface Mutation<
  Args extends readonly unknown[],
  Input extends object,
  P extends MutationPlan,
  Facts,
  R,
  M extends keyof FreshIds,
> {
  /** As the method is called. */
  readonly name: string;
  readonly mints: readonly M[];
  /** Of a bulk call: how many rows it has. */
  readonly rows?: (input: Input) => number;
  /** Whether `expectedVersion` makes sense: there is an organization already. */
  readonly admitsVersion: boolean;
  /**
   * Checks the caller's values, before any I/O. The result has every default filled in, so that equal calls are equal;
   * what it calls `held` is the entity that the caller named it by, and makes no difference to what is asked for.
   */
  readonly parse: (settings: Settings, ...args: Args) => Input;
  readonly scope: (input: Input) => KeyScope;
  /** What has to be known, at the time at which it will be decided. */
  readonly reads: (input: Input, settings: Settings, now: Date) => P;
  /** The facts, or which addressed entity does not exist. */
  readonly find: (input: Input, answers: AnswersTo<P>, now: Date) => Found<Facts> | Rejected;
  /**
   * Facts under which the operation is usually accepted; `null` where too little is known. It is decided on them at once,
   * without a read; the guards of the commit find out whether they were true.
   */
  readonly assume?: (input: Input, settings: Settings) => Facts | null;
  readonly decide: (input: Input, facts: Facts, environment: Environment<M>) => Decision<R>;
  /** Whom it is about, for those who make it on behalf of themselves. Nobody, where this is left out. */
  readonly concerns?: (input: Input, facts: Facts) => readonly Concern[];
  /** Whether it gives a user what nobody gives themself on behalf of themself, whatever their role. */
  readonly favours?: (input: Input, facts: Facts, usrId: UsrId) => boolean;
  /** Whom the input names as the one who acts, by rows each: on behalf of oneself nobody else can be named. */
  readonly actsFor?: (input: Input) => UsrId | null | readonly UsrId[];
}
