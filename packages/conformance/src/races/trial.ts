import { isTenancyError, type Tables, type TenancyEvent, type TenancyOptions } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { assert, describeError, type Outcome, outcomeOf } from "../assertions.ts";
import type { StoreUnderTest } from "../open-store.ts";
import { type End, type Ends, type Meeting, nameOf, type Pair } from "./pair.ts";
import { type Setting, settled } from "./setting.ts";

/** One meeting of two calls, with how they ended. */
export interface Trial extends Meeting {
  readonly ends: Ends;
  readonly keys: readonly [left: string, right: string];
}

export function trialOf(setting: Setting, [left, right]: readonly [Outcome, Outcome], name: string): Trial {
  const keys = [keyOf(0, name).idempotencyKey, keyOf(1, name).idempotencyKey] as const;
  return { setting, left, right, ends: [endOf(left), endOf(right)], keys };
}

let count = 0;

/** A name that no other trial has. */
export function trialName(): string {
  count += 1;
  return `${count}`;
}

/** The setting of a pair, ready for its calls. */
export async function settingOf(pair: Pick<Pair, "start">, store: StoreUnderTest, name: string): Promise<Setting> {
  const setting = await settled(store, name);
  return pair.start === undefined ? setting : pair.start(store, setting);
}

/** The options of one side's instance: each may have a clock of its own. */
export function optionsOf(
  { options = {}, ahead = [0, 0] }: Pick<Pair, "options" | "ahead">,
  side: 0 | 1,
): TenancyOptions {
  return ahead[side] === 0 ? options : { ...options, clock: () => new Date(Date.now() + ahead[side]) };
}

/** What a call ended with; whatever is not an error of the core's is told in full. */
export function endOf(outcome: Outcome): End {
  if (outcome.ok) {
    return "ok";
  }
  assert(isTenancyError(outcome.error), `H08: a call threw ${describeError(outcome.error)}`);
  return outcome.error.code;
}

/** The outcomes of the two serial orders, as the reference store gives them. */
export interface Serial {
  readonly leftFirst: Ends;
  readonly rightFirst: Ends;
}

export async function serialEnds(pair: Pair): Promise<Serial> {
  const inOrder = async (isLeftFirst: boolean): Promise<Ends> => {
    const database = new InMemoryDatabase();
    const setting = await settingOf(pair, new InMemoryTenancyStore(pair.options ?? {}, database), trialName());
    const outcomes = new Map<0 | 1, Outcome>();
    for (const side of isLeftFirst ? ([0, 1] as const) : ([1, 0] as const)) {
      const store = new InMemoryTenancyStore(optionsOf(pair, side), database);
      outcomes.set(side, await outcomeOf(() => (side === 0 ? pair.left : pair.right)[1](store, setting, keyOf(side))));
    }
    const [left, right] = [outcomes.get(0) as Outcome, outcomes.get(1) as Outcome];
    assertAgreement(pair, { left, right, setting });
    assertOrdered(pair, { left, right, setting }, isLeftFirst);
    return [endOf(left), endOf(right)];
  };
  return { leftFirst: await inOrder(true), rightFirst: await inOrder(false) };
}

export function keyOf(side: 0 | 1, name = "trial"): { readonly idempotencyKey: string } {
  return { idempotencyKey: `${name}-${side === 0 ? "left" : "right"}` };
}

/**
 * Every trial must have ended as one of the serial orders would; where both calls succeeded their events say which order
 * it was, and it must be one in which both succeed.
 */
export function checkTrials(
  pair: Pair,
  { leftFirst, rightFirst }: Serial,
  trials: readonly Trial[],
  tables: Tables,
): void {
  const events = new Map(tables.evt.map((event) => [`${event.orgId} ${event.idempotencyKey}`, event]));
  for (const trial of trials) {
    const { ends, keys, setting } = trial;
    const isOf = (order: Ends): boolean => order[0] === ends[0] && order[1] === ends[1];
    assert(
      isOf(leftFirst) || isOf(rightFirst),
      `pair ${nameOf(pair)}: ended with ${shownEnds(ends)}, allowed is ${pair.allowed.map(shownEnds).join(" or ")}`,
    );
    assertAgreement(pair, trial);
    const [left, right] = keys.map((key) => events.get(`${setting.orgId} ${key}`));
    if (ends[0] === "ok" && ends[1] === "ok" && pair.isAcross !== true) {
      assertOrdered(pair, trial, assertOrder(pair, { leftFirst, rightFirst }, left, right));
    }
  }
}

function assertAgreement(pair: Pair, meeting: Meeting): void {
  const what = pair.contradiction?.(meeting) ?? null;
  assert(what === null, `pair ${nameOf(pair)}: the answers contradict each other: ${what}`);
}

function assertOrdered(pair: Pair, meeting: Meeting, isLeftFirst: boolean): void {
  const what = pair.ordered?.(meeting, isLeftFirst) ?? null;
  assert(what === null, `pair ${nameOf(pair)}: the ${isLeftFirst ? "left" : "right"} one came first, and ${what}`);
}

/** What has to hold once both have ended, asked of every instance. */
export async function assertAfterwards(
  pair: Pair,
  stores: readonly StoreUnderTest[],
  trials: readonly Pick<Trial, "setting">[],
): Promise<void> {
  for (const { setting } of pair.afterwards === undefined ? [] : trials) {
    for (const store of stores) {
      const what = await pair.afterwards?.(store, setting);
      assert(what === null, `pair ${nameOf(pair)}: once both had ended somebody found that ${what} (H06)`);
    }
  }
}

/** Answers whether the left one came first. */
function assertOrder(
  pair: Pair,
  { leftFirst, rightFirst }: Serial,
  left: TenancyEvent | undefined,
  right: TenancyEvent | undefined,
): boolean {
  assert(
    left !== undefined && right !== undefined,
    `pair ${nameOf(pair)}: both succeeded, and an event is missing (H01)`,
  );
  const [order, who] = left.seq < right.seq ? [leftFirst, "left"] : [rightFirst, "right"];
  assert(
    order[0] === "ok" && order[1] === "ok",
    `pair ${nameOf(pair)}: both succeeded, the ${who} one first, and then the other ends with ${shownEnds(order)}`,
  );
  return who === "left";
}

function shownEnds(ends: readonly End[]): string {
  return `{${ends.join(", ")}}`;
}
