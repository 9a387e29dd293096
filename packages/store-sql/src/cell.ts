// Every value travels as text, so that no driver has an opinion of its own on any of them.

/** What becomes a column: JSON is written out, an instant in ISO 8601. */
export type Cell = string | number | bigint | boolean | Date | null | object;

export function textOf(cell: Cell, type: string): string | null {
  if (cell === null || typeof cell === "string") {
    return cell;
  }
  if (cell instanceof Date) {
    return cell.toISOString();
  }
  if (type.endsWith("[]")) {
    return arrayOf(cell as readonly string[], "text");
  }
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

/** An array of PostgreSQL's, as text. */
export function arrayOf(cells: readonly Cell[], type: string): string {
  const column = new Column(type);
  for (const cell of cells) {
    column.add(cell);
  }
  return column.array();
}

/** The cells of one column. Rows that are written at once have much in common: what repeats is made once. */
export class Column {
  readonly #type: string;
  readonly #elements: string[] = [];
  #last: Cell = null;
  #element = "null";

  constructor(type: string) {
    this.#type = type;
  }

  add(cell: Cell): void {
    if (!isSame(cell, this.#last)) {
      this.#last = cell;
      this.#element = elementOf(textOf(cell, this.#type), this.#type);
    }
    this.#elements.push(this.#element);
  }

  array(): string {
    return `{${this.#elements.join(",")}}`;
  }
}

function isSame(cell: Cell, last: Cell): boolean {
  return cell === last || (cell instanceof Date && last instanceof Date && cell.getTime() === last.getTime());
}

function elementOf(text: string | null, type: string): string {
  if (text === null) {
    return "null";
  }
  // Most is free of both; nothing in a UUID has to be looked at.
  if (type === "uuid" || type === "timestamptz") {
    return `"${text}"`;
  }
  const escaped = text.includes("\\") ? text.replaceAll("\\", "\\\\") : text;
  return `"${escaped.includes('"') ? escaped.replaceAll('"', '\\"') : escaped}"`;
}

/**
 * A placeholder with its type. Through text what some drivers have an opinion on: JSON is encoded a second time, and of
 * booleans every text is false.
 */
export function cast(place: number, type: string): string {
  return type.startsWith("json") || type === "boolean" ? `$${place}::text::${type}` : `$${place}::${type}`;
}
