/** A block is cut in two when it has become twice as long. */
const BLOCK = 256;

/**
 * Distinct strings in ascending order, in blocks: to put one in or take one out anywhere moves the rest of a block, however
 * many there are. Ids ascend, so a new one almost always goes to the end, where nothing moves.
 */
export class Ordered<V extends string> {
  readonly #blocks: V[][];
  #size = 1;

  constructor(first: V) {
    this.#blocks = [[first]];
  }

  get size(): number {
    return this.#size;
  }

  add(value: V): void {
    const last = this.#blocks.at(-1);
    if (last === undefined || (last.length >= BLOCK && value > (last.at(-1) as V))) {
      this.#blocks.push([value]);
      this.#size += 1;
      return;
    }
    const place = Math.min(this.#blockOf(value), this.#blocks.length - 1);
    const block = this.#blocks[place] as V[];
    const at = firstFrom(block, value);
    if (block[at] === value) {
      return;
    }
    block.splice(at, 0, value);
    this.#size += 1;
    if (block.length > 2 * BLOCK) {
      this.#blocks.splice(place + 1, 0, block.splice(BLOCK));
    }
  }

  delete(value: V): void {
    const place = this.#blockOf(value);
    const block = this.#blocks[place];
    const at = block === undefined ? 0 : firstFrom(block, value);
    if (block?.[at] !== value) {
      return;
    }
    block.splice(at, 1);
    this.#size -= 1;
    if (block.length === 0) {
      this.#blocks.splice(place, 1);
    }
  }

  /** Those behind a value; behind `null` all of them. */
  *after(position: V | null): Generator<V> {
    let place = position === null ? 0 : this.#blockOf(position);
    let at = position === null ? 0 : firstFrom(this.#blocks[place] ?? [], position);
    for (; place < this.#blocks.length; place += 1, at = 0) {
      const block = this.#blocks[place] as V[];
      for (; at < block.length; at += 1) {
        if (block[at] !== position) {
          yield block[at] as V;
        }
      }
    }
  }

  /** The place of the block that a value is in, if it is in one. */
  #blockOf(value: V): number {
    let [low, high] = [0, this.#blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (((this.#blocks[middle] as V[]).at(-1) as V) < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** The place of the first that is not less than a value, in an ascending list. */
export function firstFrom<V extends string | number>(values: readonly V[], value: V): number {
  const { length } = values;
  if (length > 0 && (values[length - 1] as V) < value) {
    return length;
  }
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as V) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Several ascending sequences as one. */
export function* merged<V extends string>(sequences: readonly Iterable<V>[]): Generator<V> {
  const sources = sequences.map((sequence) => sequence[Symbol.iterator]());
  const heads = sources.map((source) => source.next());
  for (;;) {
    let least = -1;
    for (const [place, head] of heads.entries()) {
      if (head.done !== true && (least === -1 || head.value < (heads[least]?.value as V))) {
        least = place;
      }
    }
    if (least === -1) {
      return;
    }
    yield heads[least]?.value as V;
    heads[least] = (sources[least] as Iterator<V>).next();
  }
}

/**
 * Ids by what they belong to, on a shelf for each state that is looked for. What is asked for lies on one shelf or on
 * several, which are read together in the order of ids; nothing else is passed over.
 */
export class Shelves<K, V extends string> {
  readonly #shelves = new Map<K, Map<number, Ordered<V>>>();

  put(key: K, number: number, id: V): void {
    const shelves = this.#shelves.get(key);
    const shelf = shelves?.get(number);
    if (shelves === undefined) {
      this.#shelves.set(key, new Map([[number, new Ordered(id)]]));
    } else if (shelf === undefined) {
      shelves.set(number, new Ordered(id));
    } else {
      shelf.add(id);
    }
  }

  take(key: K, number: number, id: V): void {
    this.#shelves.get(key)?.get(number)?.delete(id);
  }

  /** The shelves that something was put on. */
  numbers(key: K): readonly number[] {
    return [...(this.#shelves.get(key)?.keys() ?? [])];
  }

  size(key: K, shelves: readonly number[]): number {
    return this.#of(key, shelves).reduce((sum, { size }) => sum + size, 0);
  }

  /** What lies on these shelves behind a position. */
  after(key: K, shelves: readonly number[], position: V | null): Iterable<V> {
    const [only, ...others] = this.#of(key, shelves).map((ordered) => ordered.after(position));
    return only === undefined ? [] : others.length === 0 ? only : merged([only, ...others]);
  }

  #of(key: K, numbers: readonly number[]): readonly Ordered<V>[] {
    const shelves = this.#shelves.get(key);
    return shelves === undefined ? [] : numbers.flatMap((number) => shelves.get(number) ?? []);
  }
}
