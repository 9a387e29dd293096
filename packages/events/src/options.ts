import { ConfigError, type ConfigFault } from "@tenantry/core";
import { systemTimers, type Timers } from "./timers.ts";

// The checks of what is configured, each with what belongs there.

/** Collects what is wrong, so that all of it is told at once. */
export class Checks<K extends string> {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #faults: ConfigFault[] = [];

  constructor(options: unknown, keys: readonly K[]) {
    const own = ownOf(options);
    this.#given = own ?? {};
    if (own === null) {
      this.#faults.push({ path: "", expected: "an object" });
    }
    for (const key of Object.keys(this.#given)) {
      if (!(keys as readonly string[]).includes(key)) {
        this.#faults.push({ path: key.slice(0, 64), expected: "no such key" });
      }
    }
  }

  fault(path: string, expected: string): void {
    this.#faults.push({ path, expected });
  }

  get(key: K): unknown {
    return this.#given[key];
  }

  integer(key: K, otherwise: number, least: number, most: number): number {
    const value = this.#given[key] ?? otherwise;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    this.fault(key, `an integer from ${least} to ${most}`);
    return otherwise;
  }

  timers(key: K): Timers {
    const value = this.#given[key] ?? systemTimers;
    const { set, clear } = value as Partial<Timers>;
    if (typeof set !== "function" || typeof clear !== "function") {
      this.fault(key, "what has set() and clear()");
    }
    return value as Timers;
  }

  /** A function of the host's; `undefined` where it is left out. */
  optionalFunction<F>(key: K): F | undefined {
    const value = this.#given[key];
    if (value === undefined || typeof value === "function") {
      return value as F | undefined;
    }
    this.fault(key, "a function");
    return undefined;
  }

  function<F>(key: K): F {
    const value = this.optionalFunction<F>(key);
    if (value === undefined && this.#given[key] === undefined) {
      this.fault(key, "a function");
    }
    return value as F;
  }

  oneOf<const V extends string>(key: K, values: readonly V[], otherwise: V): V {
    const value = this.#given[key] ?? otherwise;
    if ((values as readonly unknown[]).includes(value)) {
      return value as V;
    }
    this.fault(key, values.join(" or "));
    return otherwise;
  }

  name(key: K, otherwise?: string): string {
    const value = this.#given[key] ?? otherwise;
    if (typeof value === "string" && NAME.test(value)) {
      return value;
    }
    this.fault(key, "1 to 64 characters a-z A-Z 0-9 _ . -");
    return "";
  }

  /** Throws `ConfigError` `config.invalid` if anything was wrong. */
  done(): void {
    if (this.#faults.length > 0) {
      throw new ConfigError("config.invalid", { faults: Object.freeze([...this.#faults]) });
    }
  }
}

/** `null`: it is no object, or one that cannot be read. */
function ownOf(options: unknown): Readonly<Record<string, unknown>> | null {
  try {
    return typeof options === "object" && options !== null ? Object.assign(Object.create(null), options) : null;
  } catch {
    return null;
  }
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
