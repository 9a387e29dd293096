import { isTenancyError, type OrgId, type Tables, type TenancyEvent } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { assert, describeError, type Outcome, outcomeOf } from "../assertions.ts";
import type { StoreUnderTest } from "../open-store.ts";
import { type End, type Ends, nameOf, type Pair } from "./pair.ts";
import { type Setting, settled } from "./setting.ts";

/** One meeting of two calls, whose outcomes are known. */
export interface Trial {
  readonly orgId: OrgId;
  readonly ends: Ends;
  readonly keys: readonly [left: string, right: string];
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
    const store = new InMemoryTenancyStore(pair.options ?? {}, new InMemoryDatabase());
    const setting = await settingOf(pair, store, trialName());
    const call = async (side: 0 | 1): Promise<End> =>
      endOf(await outcomeOf(() => (side === 0 ? pair.left : pair.right)[1](store, setting, keyOf(side))));
    if (isLeftFirst) {
      const left = await call(0);
      return [left, await call(1)];
    }
    const right = await call(1);
    return [await call(0), right];
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
  for (const { ends, orgId, keys } of trials) {
    const isOf = (order: Ends): boolean => order[0] === ends[0] && order[1] === ends[1];
    assert(
      isOf(leftFirst) || isOf(rightFirst),
      `pair ${nameOf(pair)}: ended with ${shownEnds(ends)}, allowed is ${pair.allowed.map(shownEnds).join(" or ")}`,
    );
    const [left, right] = keys.map((key) => events.get(`${orgId} ${key}`));
    if (ends[0] === "ok" && ends[1] === "ok" && pair.isAcross !== true) {
      assertOrder(pair, { leftFirst, rightFirst }, left, right);
    }
  }
}

function assertOrder(
  pair: Pair,
  { leftFirst, rightFirst }: Serial,
  left: TenancyEvent | undefined,
  right: TenancyEvent | undefined,
): void {
  assert(
    left !== undefined && right !== undefined,
    `pair ${nameOf(pair)}: both succeeded, and an event is missing (H01)`,
  );
  const [order, who] = left.seq < right.seq ? [leftFirst, "left"] : [rightFirst, "right"];
  assert(
    order[0] === "ok" && order[1] === "ok",
    `pair ${nameOf(pair)}: both succeeded, the ${who} one first, and then the other ends with ${shownEnds(order)}`,
  );
}

function shownEnds(ends: readonly End[]): string {
  return `{${ends.join(", ")}}`;
}
