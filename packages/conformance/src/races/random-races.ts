import { assert, assertAll, outcomeOf } from "../assertions.ts";
import type { Chance } from "../chance.ts";
import { isEqual } from "../model/equality.ts";
import type { StoreUnderTest } from "../open-store.ts";
import type { OpenShared, SharedDatabase } from "../shared-database.ts";
import { after } from "../timing.ts";
import { assertSane, closing } from "./aftermath.ts";
import type { End, Pair, Storm } from "./pair.ts";
import { checkTrials, endOf, keyOf, serialEnds, settingOf, type Trial, trialName } from "./trial.ts";

/** Trials that are under way at the same time. */
const AT_ONCE = 4;

/** Lets the two calls of a pair meet again and again, at random timing, through two instances of the store. */
export async function racePair(
  openShared: OpenShared,
  pair: Pair,
  { trials, chance }: { readonly trials: number; readonly chance: Chance },
): Promise<void> {
  await closing(openShared, async (database) => {
    const [here, there] = await twoInstances(database, pair);
    const serial = await serialEnds(pair);
    const done: Trial[] = [];
    for (let round = 0; round < trials; round += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, trials - round) }, () => meet(pair, here, there, chance));
      done.push(...(await Promise.all(batch)));
    }
    const tables = await database.tables();
    assertAll(
      () => checkTrials(pair, serial, done, tables),
      () => assertSane(tables),
    );
  });
}

async function meet(pair: Pair, here: StoreUnderTest, there: StoreUnderTest, chance: Chance): Promise<Trial> {
  // Decided before anything is awaited, so that a seed repeats it whatever happens at the same time.
  const [isLeftHere, leftDelay, rightDelay] = [chance.below(2) === 0, delay(chance), delay(chance)];
  const name = trialName();
  const setting = await settingOf(pair, here, name);
  const [leftStore, rightStore] = isLeftHere ? [here, there] : [there, here];
  const call = (side: 0 | 1, store: StoreUnderTest, ms: number | null): Promise<unknown> => {
    const run = (): Promise<unknown> => (side === 0 ? pair.left : pair.right)[1](store, setting, keyOf(side, name));
    return ms === null ? run() : after(ms).then(run);
  };
  const [left, right] = await Promise.all([
    outcomeOf(() => call(0, leftStore, leftDelay)),
    outcomeOf(() => call(1, rightStore, rightDelay)),
  ]);
  return {
    orgId: setting.orgId,
    ends: [endOf(left), endOf(right)],
    keys: [keyOf(0, name).idempotencyKey, keyOf(1, name).idempotencyKey],
  };
}

/** Most often none, so that both calls begin in the same moment. */
function delay(chance: Chance): number | null {
  return chance.below(3) === 0 ? chance.below(4) : null;
}

/** Lets all calls of a storm begin in the same moment, again and again. */
export async function raceStorm(openShared: OpenShared, storm: Storm, trials: number): Promise<void> {
  await closing(openShared, async (database) => {
    const [here, there] = await twoInstances(database, {});
    const ended: (readonly End[])[] = [];
    for (let round = 0; round < trials; round += 1) {
      const name = trialName();
      const setting = await settingOf(storm, here, name);
      const outcomes = await Promise.all(
        storm.calls.map((side, place) => {
          const key = storm.isOneKey === true ? `${name}-shared` : `${name}-${place}`;
          return outcomeOf(() => side(place % 2 === 0 ? here : there, setting, { idempotencyKey: key }));
        }),
      );
      ended.push(outcomes.map(endOf).sort());
      if (storm.isOneKey === true) {
        const [first, ...others] = outcomes.map((outcome) => (outcome.ok ? outcome.result : null));
        assert(
          others.every((other) => isEqual(other, first)),
          `H01: storm ${storm.number}, ${storm.name}: one key gave different answers`,
        );
      }
    }
    const allowed = [...storm.ends].sort();
    const forbidden = ended.find((ends) => !isEqual(ends, allowed));
    const tables = await database.tables();
    assertAll(
      () =>
        assert(
          forbidden === undefined,
          `storm ${storm.number}, ${storm.name}: ended with ${forbidden?.join(", ")}; allowed is ${allowed.join(", ")}`,
        ),
      () => assertSane(tables),
    );
  });
}

export async function twoInstances(
  database: SharedDatabase,
  { options = {} }: Pick<Pair, "options">,
): Promise<readonly [StoreUnderTest, StoreUnderTest]> {
  return [await database.connect(options), await database.connect(options)];
}
