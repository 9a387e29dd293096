import type { Io } from "./io.ts";
import { printable } from "./printable.ts";

const CELLS = 24;
const ERASE = "\r\u001b[K";

/**
 * A bar on the last line of a terminal. That of @clack/prompts takes the keyboard, and there Ctrl-C and Escape end the process
 * in the middle of a unit of work, with 0: here they stay what they are.
 */
export class Bar {
  readonly #stream: Io["stderr"];
  readonly #title: string;
  readonly #most: number;
  #done = 0;
  #label = "";

  constructor(stream: Io["stderr"], title: string, most: number) {
    this.#stream = stream;
    this.#title = title;
    this.#most = Math.max(most, 1);
    this.draw();
  }

  advance(label: string): void {
    this.#done += 1;
    this.#label = label;
    this.draw();
  }

  draw(): void {
    const filled = Math.min(CELLS, Math.round((this.#done / this.#most) * CELLS));
    const cells = "█".repeat(filled).padEnd(CELLS, "░");
    const line = printable(`${this.#title} ${cells} ${this.#done}/${this.#most} ${this.#label}`);
    this.#stream.write(`${ERASE}${line.slice(0, (this.#stream.columns || 80) - 1)}`);
  }

  /** Makes room for a line of something else. */
  erase(): void {
    this.#stream.write(ERASE);
  }
}
