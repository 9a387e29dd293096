import type { Run } from "./play.ts";

/**
 * The smallest run that still fails, as far as the attempts go: without the steps behind the failure, then without whatever
 * steps, numbers and options can be left out. Each is tried alone, so what is left over is needed.
 */
export async function reduced(run: Run, fails: (run: Run) => Promise<number | null>, attempts: number): Promise<Run> {
  const search = new Search(run, fails, attempts);
  await search.withoutTheRest();
  for (let before: Run | null = null; before !== search.best; ) {
    before = search.best;
    await search.withoutSteps();
    await search.withoutOptions();
    await search.withSimplerSteps();
  }
  return search.best;
}

class Search {
  best: Run;
  readonly #fails: (run: Run) => Promise<number | null>;
  #attempts: number;

  constructor(run: Run, fails: (run: Run) => Promise<number | null>, attempts: number) {
    this.best = run;
    this.#fails = fails;
    this.#attempts = attempts;
  }

  /** Whether the candidate fails too; then it is the best one so far, up to the step at which it failed. */
  async #try(candidate: Run): Promise<boolean> {
    if (this.#attempts === 0 || candidate.steps.length === 0) {
      return false;
    }
    this.#attempts -= 1;
    const length = await this.#fails(candidate);
    if (length === null) {
      return false;
    }
    this.best = { ...candidate, steps: candidate.steps.slice(0, length) };
    return true;
  }

  async withoutTheRest(): Promise<void> {
    await this.#try(this.best);
  }

  async withoutSteps(): Promise<void> {
    for (let size = this.best.steps.length >> 1; size >= 1; size >>= 1) {
      // From the end: what is there depends on what came before.
      for (let place = this.best.steps.length - size; place >= 0; place -= size) {
        const { steps } = this.best;
        await this.#try({ ...this.best, steps: [...steps.slice(0, place), ...steps.slice(place + size)] });
        place = Math.min(place, this.best.steps.length);
      }
    }
  }

  async withoutOptions(): Promise<void> {
    for (const key of Object.keys(this.best.options)) {
      const others = Object.entries(this.best.options).filter(([name]) => name !== key);
      await this.#try({ ...this.best, options: Object.fromEntries(others) });
    }
  }

  async withSimplerSteps(): Promise<void> {
    for (let place = 0; place < this.best.steps.length; place += 1) {
      if (await this.#withNumbers(place, [])) {
        continue;
      }
      for (let index = (this.best.steps[place]?.numbers.length ?? 0) - 1; index >= 0; index -= 1) {
        const numbers: readonly number[] = this.best.steps[place]?.numbers ?? [];
        const value = numbers[index] ?? 0;
        for (const smaller of [0, 1, 2, 3].filter((candidate) => candidate < value)) {
          if (await this.#withNumbers(place, numbers.with(index, smaller))) {
            break;
          }
        }
      }
    }
  }

  #withNumbers(place: number, numbers: readonly number[]): Promise<boolean> {
    const last = numbers.findLastIndex((number) => number !== 0);
    const step = this.best.steps[place];
    return step === undefined
      ? Promise.resolve(false)
      : this.#try({
          ...this.best,
          steps: this.best.steps.with(place, { ...step, numbers: numbers.slice(0, last + 1) }),
        });
  }
}
