/** Collects the values of one statement while its text is written. */
export class Values {
  readonly list: (string | null)[] = [];

  /** The placeholder of a value, cast to a type of PostgreSQL. */
  add(value: string | number | bigint | Date | null, type: string): string {
    this.list.push(value === null ? null : value instanceof Date ? value.toISOString() : String(value));
    return `$${this.list.length}::${type}`;
  }

  /** The placeholder of rows, as a set with these columns. Through text: some drivers would encode JSON twice. */
  rows(rows: readonly Readonly<Record<string, unknown>>[], columns: string): string {
    this.list.push(JSON.stringify(rows));
    return `json_to_recordset($${this.list.length}::text::json) as r(${columns})`;
  }
}
