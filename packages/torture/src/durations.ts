import type { StoreUnderTest } from "@tenantry/conformance";

/** A step of the scale ends 5 % above where it begins. */
const STEP = 1.05;
/** Where the first step ends, in milliseconds. */
const LEAST = 0.01;

/** How many calls took at most so many milliseconds, and more than the step before: 5 % is as exact as it gets. */
export type Counts = readonly (readonly [ms: number, count: number])[];

/** How long calls took, counted on a scale, so that millions need no more room than a few. */
export class Durations {
  readonly #steps = new Map<number, number>();

  add(ms: number): void {
    const step = Math.max(0, Math.ceil(Math.log(ms / LEAST) / Math.log(STEP)));
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1);
  }

  /** What was counted since it was taken last. */
  take(): Counts {
    const steps = [...this.#steps].sort(([a], [b]) => a - b);
    this.#steps.clear();
    return steps.map(([step, count]) => [Number((LEAST * STEP ** step).toPrecision(3)), count]);
  }
}

const known = new Map<string, Durations>();

/** Those of the calls of a store, by its name. */
export function durationsOf(store: string): Durations {
  const durations = known.get(store) ?? new Durations();
  known.set(store, durations);
  return durations;
}

/** The same store, of which every call is timed. */
export function timed<S extends StoreUnderTest>(store: S, durations: Durations): S {
  const methods = new Map<PropertyKey, unknown>();
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") {
        return value;
      }
      const method = methods.get(name) ?? timedMethod(target, value, durations);
      methods.set(name, method);
      return method;
    },
  });
}

function timedMethod(target: object, method: object, durations: Durations): unknown {
  return (...args: unknown[]) => {
    const start = performance.now();
    const result: unknown = Reflect.apply(method as () => unknown, target, args);
    if (result instanceof Promise) {
      const note = (): void => durations.add(performance.now() - start);
      result.then(note, note);
    }
    return result;
  };
}
