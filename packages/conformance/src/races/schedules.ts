import { assert, assertAll } from "../assertions.ts";
import type { StoreUnderTest } from "../open-store.ts";
import type { Interpose, OpenShared } from "../shared-database.ts";
import { assertSane, closing } from "./aftermath.ts";
import { nameOf, type Pair } from "./pair.ts";
import { nextPlan, runSchedule } from "./schedule.ts";
import {
  assertAfterwards,
  checkTrials,
  keyOf,
  optionsOf,
  serialEnds,
  settingOf,
  type Trial,
  trialName,
  trialOf,
} from "./trial.ts";

/** How many schedules were run, and whether there are more. */
export interface Explored {
  readonly schedules: number;
  readonly isComplete: boolean;
}

/**
 * Runs a pair in every order of its requests, depth first, each time on an organization of its own; retries are requests
 * like others. Every request of one side is followed by one of the same or of the other side, whatever that leads to.
 */
export async function explorePair(openShared: OpenShared, pair: Pair, most: number): Promise<Explored> {
  let schedules = 0;
  let plan: readonly number[] | null = [];
  await closing(openShared, async (database) => {
    const plain = await database.connect(pair.options ?? {});
    const gates: readonly [Gate, Gate] = [new Gate(), new Gate()];
    const stores = [
      await database.connect(optionsOf(pair, 0), gates[0].interpose),
      await database.connect(optionsOf(pair, 1), gates[1].interpose),
    ];
    const serial = await serialEnds(pair);
    const trials: Trial[] = [];
    while (plan !== null && schedules < most) {
      const name = trialName();
      const setting = await settingOf(pair, plain, name);
      const [left, right] = [pair.left, pair.right].map(([, side], place) => (interpose: Interpose) => {
        (gates[place as 0 | 1] as Gate).through = interpose;
        return side(stores[place] as StoreUnderTest, setting, keyOf(place as 0 | 1, name));
      }) as [Call, Call];
      const { outcomes, choices, length } = await runSchedule([left, right], plan);
      assert(length > 0, `pair ${nameOf(pair)}: no request was seen, so nothing was paused`);
      trials.push(trialOf(setting, outcomes, name));
      schedules += 1;
      plan = nextPlan(choices);
    }
    for (const gate of gates) {
      gate.through = null;
    }
    await assertAfterwards(pair, stores, trials);
    const tables = await database.tables();
    assertAll(
      () => checkTrials(pair, serial, trials, tables),
      () => assertSane(tables),
    );
  });
  return { schedules, isComplete: plan === null };
}

type Call = (interpose: Interpose) => Promise<unknown>;

/** An instance of a store is made once; what comes between it and the database is another thing in every trial. */
class Gate {
  through: Interpose | null = null;

  readonly interpose: Interpose = (request, send) => (this.through === null ? send() : this.through(request, send));
}
