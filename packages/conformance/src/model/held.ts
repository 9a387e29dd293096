import { isObject } from "../differences.ts";

/** Stands among the arguments for an entity that the store itself handed out, in the place of its id. */
export class Held {
  readonly id: string;
  /** The first one that was handed out may be out of date, the last one seldom is. */
  readonly which: "first" | "last";

  constructor(id: string, which: "first" | "last") {
    this.id = id;
    this.which = which;
  }

  toJSON(): string {
    return this.id;
  }
}

/** The entities that one store has handed out: it knows those objects again, and no copies of them. */
export class Hands {
  readonly #first = new Map<string, object>();
  readonly #last = new Map<string, object>();

  /** Takes every entity of an answer. */
  take(result: unknown): void {
    if (!isObject(result) || result instanceof Date) {
      return;
    }
    const { id } = result;
    if (typeof id === "string") {
      this.#last.set(id, result);
      if (!this.#first.has(id)) {
        this.#first.set(id, result);
      }
    }
    for (const inner of Object.values(result)) {
      this.take(inner);
    }
  }

  /** The arguments, with the objects of this store in their places; an id where nothing was handed out. */
  given(args: readonly unknown[]): readonly unknown[] {
    return args.map((arg) => {
      if (arg instanceof Held) {
        return this.#object(arg);
      }
      return isObject(arg) && Object.values(arg).some((value) => value instanceof Held)
        ? Object.fromEntries(
            Object.entries(arg).map(([key, value]) => [key, value instanceof Held ? this.#object(value) : value]),
          )
        : arg;
    });
  }

  #object({ id, which }: Held): unknown {
    return (which === "first" ? this.#first : this.#last).get(id) ?? id;
  }
}
