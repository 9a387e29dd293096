import { progress } from "@clack/prompts";
import type { Io } from "./io.ts";

/** A key of a row, and how wide it is printed. */
export type Column = readonly [key: string, width: number];

/** How far several units of work are. */
export interface Progress {
  /** One more is done; `label` is the next one, or what became of this one. */
  step(label: string): void;
  /** No more will be done. */
  end(label: string): void;
}

/**
 * Results go to standard output: with `--json` one document, or an object per line; for people as text. Whatever else
 * there is to say goes to standard error.
 */
export class Output {
  readonly #io: Io;
  readonly #json: boolean;
  readonly #quiet: boolean;
  #headed = false;

  constructor(io: Io, { json, quiet }: { readonly json: boolean; readonly quiet: boolean }) {
    this.#io = io;
    this.#json = json;
    this.#quiet = quiet;
  }

  get isJson(): boolean {
    return this.#json;
  }

  /** The result. `text`: for people, where its fields line by line are not what they need. */
  document(value: object, text: string = fieldsOf(value)): void {
    this.#print(this.#json ? jsonOf(value) : text);
  }

  /** One of a list. On a terminal the first one has a heading. */
  row(value: object, columns: readonly Column[]): void {
    if (this.#json) {
      this.#print(jsonOf(value));
      return;
    }
    if (!this.#headed && this.#io.stdout.isTTY === true) {
      this.#print(lineOf(columns.map(([key, width]) => [key.toUpperCase(), width])));
    }
    this.#headed = true;
    const fields = new Map<string, unknown>(Object.entries(value));
    this.#print(lineOf(columns.map(([key, width]) => [textOf(fields.get(key)), width])));
  }

  /** Something to know besides the result. */
  note(text: string): void {
    if (!this.#quiet) {
      this.#io.stderr.write(`${printable(text)}\n`);
    }
  }

  /** Why it was refused: one line, whatever is in it. */
  problem(code: string, text: string): void {
    this.#io.stderr.write(`tenantry: ${code}: ${printable(text)}\n`);
  }

  /** A bar on a terminal, lines elsewhere. */
  progress(title: string, most: number): Progress {
    if (this.#quiet || this.#io.stderr.isTTY !== true) {
      let done = 0;
      return {
        step: (label) => {
          done += 1;
          this.note(`${done}/${most} ${label}`);
        },
        end: (label) => this.note(label),
      };
    }
    // Ctrl-C is the program's to answer: it stops between two units.
    const bar = progress({ max: Math.max(most, 1), output: this.#io.stderr, input: this.#io.stdin });
    bar.start(printable(title));
    return {
      step: (label) => bar.advance(1, printable(label)),
      end: (label) => bar.stop(printable(label)),
    };
  }

  #print(text: string): void {
    this.#io.stdout.write(`${this.#json ? text : printable(text)}\n`);
  }
}

/** JSON in which nothing moves a terminal's cursor: the characters that JSON leaves alone are escaped too. */
function jsonOf(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Text in which nothing moves a terminal's cursor or hides what is there. */
export function printable(text: string): string {
  return text.replace(/(?![\n\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** The fields of a document, one a line. */
export function fieldsOf(value: object): string {
  const fields = Object.entries(value);
  const width = Math.max(...fields.map(([key]) => key.length));
  return fields.map(([key, field]) => `${key.padEnd(width)}  ${textOf(field)}`.trimEnd()).join("\n");
}

function lineOf(cells: readonly (readonly [text: string, width: number])[]): string {
  return cells
    .map(([text, width]) => text.padEnd(width))
    .join("  ")
    .trimEnd();
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) {
    return "-";
  }
  if (value instanceof Date) {
    return value.toISOString();
  }
  return (typeof value === "object" ? JSON.stringify(value) : String(value)).replaceAll("\n", "\ufffd");
}
