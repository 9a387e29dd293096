import { hasOwn } from "@tenantry/core";
import { type Cell, Column, cast, textOf } from "./cell.ts";
import type { Statement } from "./executor.ts";
import { nameOf } from "./statement.ts";

// Statements as pieces. A piece is constant text with values and other pieces in between, so what is the same in every call
// is the same object: the text of a statement is put together once for all calls that consist of the same pieces.

export interface Sql {
  readonly texts: readonly string[];
  readonly parts: readonly Part[];
}
type Part = Sql | Value | Rows | Identifier;

/** One value, cast to a type of PostgreSQL. */
interface Value {
  readonly value: Cell;
  readonly type: string;
}

/** Rows, as a set with these columns. */
interface Rows {
  readonly rows: readonly unknown[];
  readonly columns: Columns;
  readonly cells: CellsOf<never>;
}

/** The cells of one of them, by column. */
type CellsOf<T> = (of: T, place: number) => Readonly<Record<string, unknown>>;

/** A name that is not ours, in quotes: the schema. */
export interface Identifier {
  readonly identifier: string;
}

/** Names and types, made once for all statements that have them. */
export interface Columns {
  readonly names: readonly string[];
  readonly types: readonly string[];
}

export function sql(texts: TemplateStringsArray, ...parts: readonly Part[]): Sql {
  return { texts, parts };
}

export function value(cell: Cell, type: string): Value {
  return { value: cell, type };
}

/**
 * A single row is a list of values: the planner then knows that it is one, and looks it up by an index however small the
 * tables still are. Several are arrays, one for each column, of which it supposes ten; of a set that comes out of JSON it
 * would suppose a hundred, and read tables of ten thousand rows from one end to the other. Cells are made when they are
 * written, one row after another, so that those of thousands are never there at once.
 */
export function rows<T>(of: readonly T[], columns: Columns, cells: CellsOf<T>): Rows {
  return { rows: of, columns, cells };
}

/** Columns as they are written in a list: `id uuid, name text`. */
export function columns(list: string): Columns {
  const typed = list.split(", ").map((column) => column.split(" "));
  return { names: typed.map(([name = ""]) => name), types: typed.map(([, type = ""]) => type) };
}

/** Pieces with commas between them. */
export const listed: (pieces: readonly Sql[]) => Sql = separatedBy(", ");

/** Conditions that all have to hold. */
export const allOf: (pieces: readonly Sql[]) => Sql = separatedBy(" and ");

function separatedBy(separator: string): (pieces: readonly Sql[]) => Sql {
  const known: (readonly string[])[] = [];
  return (parts) => {
    const { length } = parts;
    const texts = known[length] ?? ["", ...Array.from({ length: length - 1 }, () => separator), ""];
    known[length] = texts;
    return { texts, parts };
  };
}

/** Makes statements of pieces, for one schema. */
export class Statements {
  readonly #prepare: boolean;
  /** By what a statement consists of. */
  readonly #known = new Map<string, Pick<Statement, "name" | "text">>();

  constructor(prepare: boolean) {
    this.#prepare = prepare;
  }

  of(piece: Sql): Statement {
    const values: (string | null)[] = [];
    const shape = shapeOf(piece, values);
    let known = this.#known.get(shape);
    if (known === undefined) {
      const { name, text } = nameOf(textFor(piece, { count: 0 }));
      known = { name: this.#prepare ? name : null, text };
      this.#known.set(shape, known);
    }
    return { name: known.name, text: known.text, values };
  }
}

/** What a piece consists of, in a few characters; its values go into the list. */
function shapeOf({ texts, parts }: Sql, values: (string | null)[]): string {
  let shape = `${numberOf(texts)}`;
  for (const part of parts) {
    if (hasOwn(part, "texts")) {
      shape += `(${shapeOf(part, values)})`;
    } else if (hasOwn(part, "value")) {
      values.push(textOf(part.value, part.type));
      shape += `,${part.type}`;
    } else if (hasOwn(part, "rows")) {
      addRows(part, values);
      shape += `,${part.rows.length === 1 ? "row" : "rows"}${numberOf(part.columns)}`;
    } else {
      shape += `,${part.identifier}`;
    }
  }
  return shape;
}

function addRows({ rows: of, columns: { names, types }, cells }: Rows, values: (string | null)[]): void {
  const cellsOf = cells as CellsOf<unknown>;
  if (of.length === 1) {
    const only = cellsOf(of[0], 0);
    values.push(...names.map((name, place) => textOf(only[name] as Cell, types[place] ?? "")));
    return;
  }
  const made = types.map((type) => new Column(type));
  of.forEach((one, number) => {
    const row = cellsOf(one, number);
    made.forEach((column, place) => {
      column.add(row[names[place] ?? ""] as Cell);
    });
  });
  values.push(...made.map((column) => column.array()));
}

const numbers = new WeakMap<object, number>();
let last = 0;

/** Something constant is told apart by a number of its own. */
function numberOf(constant: object): number {
  const known = numbers.get(constant);
  if (known !== undefined) {
    return known;
  }
  last += 1;
  numbers.set(constant, last);
  return last;
}

/** The text of a piece, with the placeholders of values in the order in which `shapeOf` lists them. */
function textFor({ texts, parts }: Sql, placed: { count: number }): string {
  const placeholder = (type: string): string => {
    placed.count += 1;
    return cast(placed.count, type);
  };
  const textOfPart = (part: Part): string => {
    if (hasOwn(part, "texts")) {
      return textFor(part, placed);
    }
    if (hasOwn(part, "value")) {
      return placeholder(part.type);
    }
    return hasOwn(part, "rows") ? set(part, placeholder) : part.identifier;
  };
  return texts.map((text, place) => text + (place < parts.length ? textOfPart(parts[place] as Part) : "")).join("");
}

function set({ rows: { length }, columns: { names, types } }: Rows, placeholder: (type: string) => string): string {
  if (length === 1) {
    return `(values (${types.map(placeholder).join(", ")})) as r(${names.join(", ")})`;
  }
  const cells = names.map((name, place) => `${name}::${types[place]}`);
  const arrays = names.map(() => placeholder("text[]"));
  return `(select ${cells.join(", ")} from unnest(${arrays.join(", ")}) as u(${names.join(", ")})) as r`;
}
