/** What consoles of Node, Bun and Deno look for. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");
const REDACTED = "[redacted]";

/** A secret in memory. As text, as JSON and on a console it is `[redacted]`; {@link reveal} alone says it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    Object.defineProperty(this, INSPECT, { value: () => REDACTED });
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }
}
