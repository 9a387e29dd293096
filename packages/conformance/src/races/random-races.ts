import { assert, assertAll, outcomeOf } from "../assertions.ts";
import type { Chance } from "../chance.ts";
import { isEqual } from "../model/equality.ts";
import type { StoreUnderTest } from "../open-store.ts";
import type { OpenShared, SharedDatabase } from "../shared-database.ts";
import { after } from "../timing.ts";
import { assertSane, closing } from "./aftermath.ts";
import type { End, Pair, Storm } from "./pair.ts";
import {
  assertAfterwards,
  checkTrials,
  endOf,
  keyOf,
  optionsOf,
  serialEnds,
  settingOf,
  type Trial,
  trialName,
  trialOf,
} from "./trial.ts";

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
    const plain = await database.connect(pair.options ?? {});
    const serial = await serialEnds(pair);
    const done: Trial[] = [];
    for (let round = 0; round < trials; round += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, trials - round) }, () =>
        meet(pair, { plain, here, there }, chance),
      );
      done.push(...(await Promise.all(batch)));
    }
    await assertAfterwards(pair, [here, there], done);
    const tables = await database.tables();
    assertAll(
      () => checkTrials(pair, serial, done, tables),
      () => assertSane(tables),
    );
  });
}

async function meet(
  pair: Pair,
  { plain, here, there }: Readonly<Record<"plain" | "here" | "there", StoreUnderTest>>,
  chance: Chance,
): Promise<Trial> {
  // Decided before anything is awaited, so that a seed repeats it whatever happens at the same time.
  const [isLeftHere, leftDelay, rightDelay] = [chance.below(2) === 0, delay(chance), delay(chance)];
  const name = trialName();
  const setting = await settingOf(pair, plain, name);
  // Where each side has a clock of its own it has an instance of its own.
  const [leftStore, rightStore] = isLeftHere || pair.ahead !== undefined ? [here, there] : [there, here];
  const call = (side: 0 | 1, store: StoreUnderTest, ms: number | null): Promise<unknown> => {
    const run = (): Promise<unknown> => (side === 0 ? pair.left : pair.right)[1](store, setting, keyOf(side, name));
    return ms === null ? run() : after(ms).then(run);
  };
  const [left, right] = await Promise.all([
    outcomeOf(() => call(0, leftStore, leftDelay)),
    outcomeOf(() => call(1, rightStore, rightDelay)),
  ]);
  return trialOf(setting, [left, right], name);
}

/** Most often none, so that both calls begin in the same moment. */
function delay(chance: Chance): number | null {
  return chance.below(3) === 0 ? chance.below(4) : null;
}

/** Lets all calls of a storm begin in the same moment, again and again. */
export async function raceStorm(openShared: OpenShared, storm: Storm, trials: number): Promise<void> {
  await closing(openShared, async (database) => {
    const [here, there] = await twoInstances(database, storm);
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
  pair: Pick<Pair, "options" | "ahead">,
): Promise<readonly [left: StoreUnderTest, right: StoreUnderTest]> {
  return [await database.connect(optionsOf(pair, 0)), await database.connect(optionsOf(pair, 1))];
}
