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
    return arrayOf(cell as readonly string[]);
  }
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

/** An array of PostgreSQL's, as text. */
export function arrayOf(cells: readonly (string | null)[]): string {
  return `{${cells.map((cell) => (cell === null ? "null" : `"${cell.replaceAll(/["\\]/g, "\\$&")}"`)).join(",")}}`;
}

/** A placeholder with its type; JSON through text, which some drivers would encode a second time. */
export function cast(place: number, type: string): string {
  return type.startsWith("json") ? `$${place}::text::${type}` : `$${place}::${type}`;
}
