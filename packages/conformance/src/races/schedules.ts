import { assert, assertAll } from "../assertions.ts";
import type { StoreUnderTest } from "../open-store.ts";
import type { Interpose, OpenShared } from "../shared-database.ts";
import { assertSane, closing } from "./aftermath.ts";
import { nameOf, type Pair } from "./pair.ts";
import { nextPlan, runSchedule } from "./schedule.ts";
import type { Setting } from "./setting.ts";
import { checkTrials, endOf, keyOf, serialEnds, settingOf, type Trial, trialName } from "./trial.ts";

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
    const options = pair.options ?? {};
    const plain = await database.connect(options);
    const gates: readonly [Gate, Gate] = [new Gate(), new Gate()];
    const stores = [
      await database.connect(options, gates[0].interpose),
      await database.connect(options, gates[1].interpose),
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
      trials.push(trialOf(setting, [endOf(outcomes[0]), endOf(outcomes[1])], name));
      schedules += 1;
      plan = nextPlan(choices);
    }
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

export function trialOf({ orgId }: Setting, ends: Trial["ends"], name: string): Trial {
  return { orgId, ends, keys: [keyOf(0, name).idempotencyKey, keyOf(1, name).idempotencyKey] };
}
