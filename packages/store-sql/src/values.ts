/** What becomes a column of text: JSON is written out, an instant in ISO 8601. */
type Cell = string | number | bigint | boolean | Date | null | object;

/** Collects the values of one statement while its text is written. */
export class Values {
  readonly list: (string | null)[] = [];

  /** The placeholder of a value, cast to a type of PostgreSQL. */
  add(value: Cell, type: string): string {
    this.list.push(textOf(value, type));
    return cast(this.list.length, type);
  }

  /**
   * The placeholder of rows, as a set with these columns. A single row is a list of values: the planner then knows that it
   * is one, and looks it up by an index however small the tables still are. Several are arrays, one for each column, of
   * which it supposes ten; of a set that comes out of JSON it would suppose a hundred, and read tables of ten thousand
   * rows from one end to the other.
   */
  rows(rows: readonly Readonly<Record<string, unknown>>[], columns: string): string {
    const typed = columns.split(", ").map((column) => column.split(" ") as [name: string, type: string]);
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) {
      const values = typed.map(([name, type]) => this.add(only[name] as Cell, type));
      return `(values (${values.join(", ")})) as r(${typed.map(([name]) => name).join(", ")})`;
    }
    const names = typed.map(([name]) => name);
    const arrays = typed.map(([name, type]) => this.add(arrayOf(rows.map((row) => textOf(row[name] as Cell, type))), "text[]"));
    const cells = typed.map(([name, type]) => `${name}::${type}`);
    return `(select ${cells.join(", ")} from unnest(${arrays.join(", ")}) as u(${names.join(", ")})) as r`;
  }
}

/** Through text where a driver would encode JSON a second time. */
function cast(place: number, type: string): string {
  return /^json/.test(type) ? `$${place}::text::${type}` : `$${place}::${type}`;
}

function textOf(value: Cell, type: string): string | null {
  if (value === null || typeof value === "string") {
    return value;
  }
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (type.endsWith("[]")) {
    return arrayOf(value as readonly string[]);
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** An array of PostgreSQL's, as text. */
function arrayOf(cells: readonly (string | null)[]): string {
  return `{${cells.map((cell) => (cell === null ? "null" : `"${cell.replaceAll(/["\\]/g, "\\$&")}"`)).join(",")}}`;
}
