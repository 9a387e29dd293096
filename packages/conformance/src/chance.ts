import { encode, type IdType } from "@tenantry/core";

/** Chance that a seed repeats: a small generator of full period over 32 bits, good enough to pick from lists. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, less than `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  of<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) {
      throw new Error("there is nothing to choose from");
    }
    return value;
  }

  /** Another sequence, which follows from this one. */
  fork(): Chance {
    return new Chance(this.below(2 ** 32));
  }
}

/** Ids in the order in which they are asked for: equal calls on two stores make equal ids. */
export class SequentialIds {
  readonly #counts = new Map<IdType, number>();
  readonly #made: string[] = [];

  readonly next = <T extends IdType>(type: T): `${T}_${string}` => {
    const count = (this.#counts.get(type) ?? 0) + 1;
    this.#counts.set(type, count);
    const id = sequentialId(type, count);
    this.#made.push(id);
    return id;
  };

  /** The ids made since the last look. */
  taken(): readonly string[] {
    return this.#made.splice(0);
  }
}

/** The id of a number. Higher numbers are later in every order. */
export function sequentialId<T extends IdType>(type: T, count: number): `${T}_${string}` {
  return encode(type, `01900000-0000-7000-8000-${count.toString(16).padStart(12, "0")}`) as `${T}_${string}`;
}
