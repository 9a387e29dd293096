/** Decisions that a list of numbers makes. Once the list is used up each is the first, so that less is simpler. */
export class Choices {
  readonly #numbers: readonly number[];
  #place = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** At least 0, less than `limit`. */
  below(limit: number): number {
    const number = this.#numbers[this.#place] ?? 0;
    this.#place += 1;
    return limit === 0 ? 0 : number % limit;
  }

  of<T>(first: T, ...others: readonly T[]): T {
    const place = this.below(others.length + 1);
    return place === 0 ? first : (others[place - 1] as T);
  }

  /** Once in so many times; never once the numbers are used up. */
  oneIn(times: number): boolean {
    return this.below(times) === times - 1;
  }
}
