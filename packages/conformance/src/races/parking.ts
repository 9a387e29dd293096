import type { Tuple } from "@tenantry/core";
import { assert, assertAll, outcomeOf } from "../assertions.ts";
import type { Chance } from "../chance.ts";
import type { OpenShared, Parked, Place } from "../shared-database.ts";
import { within } from "../timing.ts";
import { assertSane, closing } from "./aftermath.ts";
import { nameOf, type Pair } from "./pair.ts";
import { twoInstances } from "./random-races.ts";
import type { Setting } from "./setting.ts";
import {
  assertAfterwards,
  checkTrials,
  keyOf,
  serialEnds,
  settingOf,
  type Trial,
  trialName,
  trialOf,
} from "./trial.ts";

/** How often a commit really stopped inside. */
export interface ParkedTrials {
  readonly trials: number;
  readonly stopped: number;
}

const STUCK_AFTER_MS = 15_000;

/**
 * Holds one lock after another in a third session, so that a commit stops where it needs it; meanwhile the other call runs
 * as far as it can. Each side is the first one at each place.
 */
export async function parkPair(
  openShared: OpenShared,
  pair: Pair,
  { most, chance }: { readonly most: number; readonly chance: Chance },
): Promise<ParkedTrials> {
  let stopped = 0;
  const trials: Trial[] = [];
  await closing(openShared, async (database) => {
    const { park } = database;
    assert(park !== undefined, "the database holds no locks");
    const stores = await twoInstances(database, pair);
    const plain = await database.connect(pair.options ?? {});
    const serial = await serialEnds(pair);
    for (const [kind, first] of kinds(most, chance)) {
      const name = trialName();
      const setting = await settingOf(pair, plain, name);
      const place = placeOf(kind, setting, name);
      if (place === null) {
        continue;
      }
      const parked = await park(place);
      const start = async (side: 0 | 1): Promise<Running> => {
        const call = outcomeOf(() =>
          (side === 0 ? pair.left : pair.right)[1](stores[side], setting, keyOf(side, name)),
        );
        const running = { call, isDone: false };
        void call.then(() => {
          running.isDone = true;
        });
        return running;
      };
      const one = await start(first);
      await blockedOrDone(parked, [one]);
      stopped += one.isDone ? 0 : 1;
      const other = await start(first === 0 ? 1 : 0);
      await blockedOrDone(parked, [one, other]);
      await parked.release();
      const outcomes = await within(STUCK_AFTER_MS, Promise.all([one.call, other.call]));
      assert(outcomes !== null, `pair ${nameOf(pair)}: both calls wait, and the lock at ${place.at} is gone`);
      const [left, right] = first === 0 ? outcomes : [outcomes[1], outcomes[0]];
      trials.push(trialOf(setting, [left, right], name));
    }
    await assertAfterwards(pair, stores, trials);
    const tables = await database.tables();
    assertAll(
      () => checkTrials(pair, serial, trials, tables),
      () => assertSane(tables),
    );
  });
  return { trials: trials.length, stopped };
}

interface Running {
  readonly call: ReturnType<typeof outcomeOf>;
  readonly isDone: boolean;
}

/** Waits until as many sessions wait for a lock as calls are under way. */
async function blockedOrDone(parked: Parked, calls: readonly Running[]): Promise<void> {
  for (;;) {
    const open = calls.filter(({ isDone }) => !isDone).length;
    if (open === 0 || (await parked.waiting()) >= open) {
      return;
    }
  }
}

const KINDS = ["org", "a", "b", "d", "e", "x", "v", "role of u", "role of x", "left key", "right key", "slug"] as const;
type Kind = (typeof KINDS)[number];

function kinds(most: number, chance: Chance): readonly (readonly [Kind, 0 | 1])[] {
  const all = KINDS.flatMap((kind): (readonly [Kind, 0 | 1])[] => [
    [kind, 0],
    [kind, 1],
  ]);
  while (all.length > most) {
    all.splice(chance.below(all.length), 1);
  }
  return all;
}

function placeOf(kind: Kind, setting: Setting, name: string): Place | null {
  const { orgId, u, x, v, slug } = setting;
  switch (kind) {
    case "org":
      return { at: "org", id: orgId };
    case "a":
    case "b":
    case "d":
    case "e":
    case "x":
      return { at: "membership", id: setting[kind].id };
    case "v":
      return { at: "invitation", id: v.id };
    case "role of u":
      return { at: "tuple", tuple: roleOf(u, orgId, "member") };
    case "role of x":
      return { at: "tuple", tuple: roleOf(x.usrId, orgId, "owner") };
    case "left key":
      return { at: "key", scope: orgId, key: keyOf(0, name).idempotencyKey };
    case "right key":
      return { at: "key", scope: orgId, key: keyOf(1, name).idempotencyKey };
    case "slug":
      return { at: "slug", slug: `new-${slug}` };
  }
}

function roleOf(subjectId: Tuple["subjectId"], orgId: string, relation: string): Tuple {
  return { subjectType: "usr", subjectId, relation, objectType: "org", objectId: orgId, expiresAt: null };
}
