import {
  type Access,
  type Commit,
  type CommitOutcome,
  StoreFault as Fault,
  type StoreFault,
  type StorePort,
} from "../src/store.ts";

/** A commit that is under way until the test says what comes of it. */
export interface UnderWay {
  readonly commit: Commit;
  end(outcome: CommitOutcome | StoreFault): Promise<void>;
}

/** A port whose commits wait for the test: what it was given, in order, and how each ends. */
export class HeldPort implements StorePort {
  readonly capabilities = { concurrentSessions: true, usersLink: false, hostTransactions: false };
  readonly isRemote = true;
  readonly underWay: UnderWay[] = [];

  load: Access["load"] = () => Promise.reject(new Fault("bug"));

  commit(commit: Commit): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      this.underWay.push({
        commit,
        async end(outcome) {
          if (outcome instanceof Fault) {
            reject(outcome);
          } else {
            resolve(outcome);
          }
          await everythingElse();
        },
      });
    });
  }

  settle(): Promise<never> {
    return Promise.reject(new Fault("bug"));
  }
}

/** Lets everything go on that waits for nothing but its turn. */
export async function everythingElse(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.resolve();
  }
}
