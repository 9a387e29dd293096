import { Bar } from "./bar.ts";
import type { Io } from "./io.ts";
import { printable } from "./printable.ts";

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
  #bar: Bar | null = null;

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
      this.#above(() => this.#io.stderr.write(`${printable(text)}\n`));
    }
  }

  /** Why it was refused: one line, whatever is in it. */
  problem(code: string, text: string): void {
    this.#above(() => this.#io.stderr.write(`tenantry: ${code}: ${printable(text).replaceAll("\n", " ")}\n`));
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
    const bar = new Bar(this.#io.stderr, title, most);
    this.#bar = bar;
    return {
      step: (label) => bar.advance(label),
      end: (label) => {
        bar.erase();
        this.#bar = null;
        this.note(label);
      },
    };
  }

  /** Above the bar, where there is one. */
  #above(write: () => void): void {
    this.#bar?.erase();
    write();
    this.#bar?.draw();
  }

  #print(text: string): void {
    this.#above(() => this.#io.stdout.write(`${this.#json ? text : printable(text)}\n`));
  }
}

/** JSON in which nothing moves a terminal's cursor or hides what is there: what JSON leaves alone of it is escaped too. */
function jsonOf(value: object): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
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
