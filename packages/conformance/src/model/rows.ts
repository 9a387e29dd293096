import type { Tables } from "@tenantry/core";
import { differences } from "../differences.ts";
import { isEqual } from "./equality.ts";

const TABLES = ["org", "mem", "inv", "tup", "evt"] as const;

/** Compares tables with those of the reference store, again and again: rows that were equal once are not looked at again. */
export class RowComparison {
  readonly #who: string;
  readonly #equal = new WeakMap<object, object>();
  /** How many keys there were when they were equal. */
  #keys = 0;

  constructor(who: string) {
    this.#who = who;
  }

  /** What is different, a line each. */
  differences(own: Tables, expected: Tables): readonly string[] {
    for (const table of TABLES) {
      if (!this.#sameRows(own[table], expected[table])) {
        return differences(own[table], expected[table], "exact").map((line) => `H11: ${this.#who}, ${table}${line}`);
      }
    }
    if (own.idem.length === this.#keys && expected.idem.length === this.#keys) {
      return [];
    }
    this.#keys = expected.idem.length;
    const [keys, expectedKeys] = [keysOf(own), keysOf(expected)];
    return isEqual(keys, expectedKeys)
      ? []
      : differences(keys, expectedKeys, "exact").map((line) => `H11: ${this.#who}, idem${line}`);
  }

  #sameRows(own: readonly object[], expected: readonly object[]): boolean {
    return (
      own.length === expected.length &&
      own.every((row, place) => {
        const other = expected[place] as object;
        if (this.#equal.get(row) === other) {
          return true;
        }
        if (!isEqual(row, other)) {
          return false;
        }
        this.#equal.set(row, other);
        return true;
      })
    );
  }
}

/** What keys stand for. Those that the library made are random: one for every event that no caller's key stands for. */
function keysOf({ idem, evt }: Tables): readonly string[] {
  const callers = new Set(evt.map(({ idempotencyKey }) => idempotencyKey));
  return idem
    .map(({ scope, key, state, orgId, seq }) => [scope, callers.has(key) ? key : "", state, orgId, seq].join(" "))
    .sort();
}
