/** Collects the values of one statement while its text is written. */
export class Values {
  readonly list: (string | null)[] = [];

  /** The placeholder of a value, cast to a type of PostgreSQL. */
  add(value: string | number | bigint | Date | null, type: string): string {
    this.list.push(value === null ? null : value instanceof Date ? value.toISOString() : String(value));
    return `$${this.list.length}::${type}`;
  }

  /**
   * The placeholder of any instant there is. PostgreSQL does not read the years before 1 and after 9999 as ISO 8601 writes
   * them; no row is from there. Through text: some drivers would read it themselves.
   */
  anyInstant(value: Date): string {
    const text = value.toISOString();
    const isBefore = text.startsWith("-") || text.startsWith("0000");
    const readable = isBefore ? "-infinity" : text.startsWith("+") ? "9999-12-31T23:59:59.999Z" : text;
    return `${this.add(readable, "text")}::timestamptz`;
  }

  /** The placeholder of several texts, as an array. */
  texts(texts: readonly string[]): string {
    this.list.push(JSON.stringify(texts));
    return `array(select json_array_elements_text($${this.list.length}::text::json))`;
  }

  /** The placeholder of several UUIDs, as an array. */
  uuids(uuids: readonly string[]): string {
    return this.add(`{${uuids.join(",")}}`, "uuid[]");
  }

  /** The placeholder of rows, as a set with these columns. Through text: some drivers would encode JSON twice. */
  rows(rows: readonly Readonly<Record<string, unknown>>[], columns: string): string {
    this.list.push(JSON.stringify(rows));
    return `json_to_recordset($${this.list.length}::text::json) as r(${columns})`;
  }
}
