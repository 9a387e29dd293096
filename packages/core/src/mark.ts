/** Something that nobody else can see or put on an object. */
export interface Mark<T> {
  /** An object gets it once. It need not be extensible for its owner's eyes, but for this: freeze it afterwards. */
  put(object: object, value: T): void;
  /** What an object has; `undefined` for every other value. No code of the object's runs, be it a proxy. */
  on(value: unknown): T | undefined;
}

/** A constructor that answers an object makes its subclasses put their fields on that one. */
class Itself {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is the point of it
    return object;
  }
}

/** A mark of its own. A private field: several times faster than a `WeakMap`, whose every entry the collector visits. */
export function mark<T>(): Mark<T> {
  class Marked extends Itself {
    readonly #value: T;

    constructor(object: object, value: T) {
      super(object);
      this.#value = value;
    }

    static on(value: unknown): T | undefined {
      return typeof value === "object" && value !== null && #value in value ? value.#value : undefined;
    }
  }
  return {
    put(object, value) {
      new Marked(object, value);
    },
    on: Marked.on,
  };
}
