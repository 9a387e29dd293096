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

/** An array of PostgreSQL's, as text. Rows that are written at once have much in common: what repeats is made once. */
export function arrayOf(cells: readonly Cell[], type: string): string {
  let [last, element]: [Cell, string] = [null, "null"];
  const elements = cells.map((cell) => {
    if (cell !== last) {
      [last, element] = [cell, elementOf(textOf(cell, type))];
    }
    return element;
  });
  return `{${elements.join(",")}}`;
}

function elementOf(text: string | null): string {
  return text === null ? "null" : `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

/**
 * A placeholder with its type. Through text what some drivers have an opinion on: JSON is encoded a second time, and of
 * booleans every text is false.
 */
export function cast(place: number, type: string): string {
  return type.startsWith("json") || type === "boolean" ? `$${place}::text::${type}` : `$${place}::${type}`;
}
