import { Compatible, together } from "./footprint.ts";
import type { OrgId } from "./model.ts";
import { hasOwn } from "./own.ts";
import { type Access, type Commit, type CommitOutcome, StoreFault, type StorePort } from "./store.ts";

/** A commit that several share has so many events at most: the first of them waits for what the last one costs. */
const MOST_TOGETHER = 64;

/** A commit that waits for the organization. */
interface Pending {
  readonly commit: Commit;
  readonly answer: (outcome: Promise<CommitOutcome>) => void;
}

/** Somebody who waits for the organization: with a commit, or to be alone with it for a while. */
type Waiting = Pending | { readonly alone: () => Promise<void> };

/**
 * Writers of one organization are serial anyway, so those of one process share: while a commit of an organization is under
 * way the next ones gather, and go out as one. Each keeps its own event, key, result and error. Where a joint commit is
 * refused its parts are committed one by one, so one that must fail fails alone. An idle organization waits for nobody:
 * there is no timer.
 */
export class Gathering {
  readonly #port: StorePort;
  /** Who waits, for each organization that has something under way. */
  readonly #waiting = new Map<OrgId, Waiting[]>();

  constructor(port: StorePort) {
    this.#port = port;
  }

  load: Access["load"] = (plan) => this.#port.load(plan);

  commit: Access["commit"] = (commit) => {
    const { org } = commit;
    return org.is === "new"
      ? this.#port.commit(commit)
      : new Promise((answer) => this.#enter(org.id, { commit, answer }));
  };

  /** Works while nobody else of this process commits to the organization, after everybody who waits already. */
  alone<T>(orgId: OrgId, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.#enter(orgId, { alone: () => work().then(resolve, reject) }));
  }

  #enter(orgId: OrgId, one: Waiting): void {
    const waiting = this.#waiting.get(orgId);
    if (waiting === undefined) {
      void this.#serve(orgId, one);
    } else {
      waiting.push(one);
    }
  }

  async #serve(orgId: OrgId, first: Waiting): Promise<void> {
    let waiting = [first];
    this.#waiting.set(orgId, waiting);
    while (waiting.length > 0) {
      const { served, left } = parted(waiting);
      waiting = left;
      this.#waiting.set(orgId, waiting);
      await (hasOwn(served, "alone") ? served.alone() : this.#commitTogether(served));
    }
    this.#waiting.delete(orgId);
  }

  async #commitTogether(those: readonly Pending[]): Promise<void> {
    if (those.length > 1 && (await this.#commitAsOne(those))) {
      return;
    }
    for (const { commit, answer } of those) {
      const outcome = this.#port.commit(commit);
      answer(outcome);
      await outcome.catch(() => {});
    }
  }

  /** Whether a joint commit decided the fate of all of them. */
  async #commitAsOne(those: readonly Pending[]): Promise<boolean> {
    try {
      const outcome = await this.#port.commit(together(those.map(({ commit }) => commit)));
      if (outcome.outcome !== "committed") {
        return false;
      }
      let last = outcome.seq;
      for (const { commit, answer } of those.toReversed()) {
        // What ends everything is never one of several, so there is nothing else to share out.
        answer(Promise.resolve({ outcome: "committed", seq: last }));
        last -= commit.events.length;
      }
      return true;
    } catch (fault) {
      if (!(fault instanceof StoreFault) || fault.kind === "bug") {
        return false;
      }
      // Whether it was committed is unknown of all of them, or certain that it was not: each has its own patience.
      for (const { answer } of those) {
        answer(Promise.reject(fault));
      }
      return true;
    }
  }
}

/** Who is served next: the first in line, and with a commit all others behind it that go with it. */
function parted(waiting: readonly Waiting[]): {
  readonly served: readonly Pending[] | Extract<Waiting, { readonly alone: unknown }>;
  readonly left: Waiting[];
} {
  const [first, ...others] = waiting;
  if (first !== undefined && hasOwn(first, "alone")) {
    return { served: first, left: others };
  }
  if (first !== undefined && others.length === 0) {
    // Most organizations have one writer: what its commit touches is of no interest.
    return { served: [first], left: [] };
  }
  const served: Pending[] = [];
  const left: Waiting[] = [];
  const compatible = new Compatible();
  let events = 0;
  for (const one of waiting) {
    // Nobody overtakes who waits to be alone.
    const isPast = left.some((before) => hasOwn(before, "alone"));
    if (!isPast && hasOwn(one, "commit") && isFew(events, one.commit) && compatible.admit(one.commit)) {
      served.push(one);
      events += one.commit.events.length;
    } else {
      left.push(one);
    }
  }
  return { served, left };
}

/** The first is served however many events it has. */
function isFew(events: number, commit: Commit): boolean {
  return events === 0 || events + commit.events.length <= MOST_TOGETHER;
}
