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
    for (const [key, inner] of Object.entries(result)) {
      // What the details of a refusal name is no entity.
      if (key !== "details") {
        this.take(inner);
      }
    }
  }

  /** The arguments, with the objects of this store in their places; an id where nothing was handed out. */
  given(args: readonly unknown[]): readonly unknown[] {
    return args.map((arg) => this.#given(arg));
  }

  #given(value: unknown): unknown {
    if (value instanceof Held) {
      return this.#object(value);
    }
    if (!holds(value)) {
      return value;
    }
    return Array.isArray(value)
      ? value.map((inner) => this.#given(inner))
      : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#given(inner)]));
  }

  #object({ id, which }: Held): unknown {
    return (which === "first" ? this.#first : this.#last).get(id) ?? id;
  }
}

/** Whether such a place is anywhere in it. */
function holds(value: unknown): value is object {
  return isObject(value) && Object.values(value).some((inner) => inner instanceof Held || holds(inner));
}
