import type { AnswersTo, KeyUse, Plan } from "../src/read.ts";
import {
  type Commit,
  type CommitOutcome,
  type FaultKind,
  type KeyAddress,
  StoreFault,
  type StorePort,
} from "../src/store.ts";

/** What the port does when it is asked: it answers, or it throws. */
type Step<A> = () => A;

/** Facts by the names that plans give them; whatever is not named does not exist. */
export type Facts = Readonly<Record<string, unknown>>;

export interface Script {
  readonly load?: readonly Step<Facts>[];
  readonly commit?: readonly Step<CommitOutcome>[];
  readonly settle?: readonly Step<KeyUse>[];
}

export interface ScriptedPort {
  readonly port: StorePort;
  /** Every call in order, by its name. */
  readonly calls: string[];
  readonly plans: Plan[];
  readonly commits: Commit[];
  readonly addresses: KeyAddress[];
}

/** A store port that does what it is told, one step a call, and writes down what it was asked. */
export function scriptedPort(script: Script): ScriptedPort {
  const calls: string[] = [];
  const plans: Plan[] = [];
  const commits: Commit[] = [];
  const addresses: KeyAddress[] = [];
  const steps = { load: script.load ?? [], commit: script.commit ?? [], settle: script.settle ?? [] };

  async function next<A>(call: keyof Script, of: readonly Step<A>[]): Promise<A> {
    const taken = calls.filter((earlier) => earlier === call).length;
    calls.push(call);
    const step = of[taken];
    if (step === undefined) {
      throw new StoreFault("bug", { cause: new Error(`the script has no ${call} number ${taken + 1}`) });
    }
    return step();
  }

  const port: StorePort = {
    capabilities: { concurrentSessions: false, usersLink: false, hostTransactions: false },
    isRemote: true,
    async load<P extends Plan>(plan: P): Promise<AnswersTo<P>> {
      plans.push(plan);
      const facts = await next("load", steps.load);
      return Object.fromEntries(Object.keys(plan).map((name) => [name, facts[name] ?? null])) as AnswersTo<P>;
    },
    commit(commit) {
      commits.push(commit);
      return next("commit", steps.commit);
    },
    settle(address) {
      addresses.push(address);
      return next("settle", steps.settle);
    },
  };
  return { port, calls, plans, commits, addresses };
}

export function answering<A>(answer: A): Step<A> {
  return () => answer;
}

export function throwing(error: unknown): Step<never> {
  return () => {
    throw error;
  };
}

/** A fault of this kind; what is known of its origin is in `cause`. */
export function faulty(kind: FaultKind, options?: ConstructorParameters<typeof StoreFault>[1]): Step<never> {
  return throwing(new StoreFault(kind, options));
}

export const committed: Step<CommitOutcome> = answering({ outcome: "committed", seq: 8 });

/** An expectation no longer holds, or the named unique rule of the database fired. */
export function conflicting(constraint: string | null = null): Step<CommitOutcome> {
  return answering({ outcome: "conflict", constraint });
}

/** The same step some times over. */
export function times<A>(count: number, step: Step<A>): readonly Step<A>[] {
  return Array.from({ length: count }, () => step);
}
