import { type Cell, cast, textOf } from "./cell.ts";

/** Collects the values of one statement while its text is written. */
export class Values {
  readonly list: (string | null)[] = [];

  /** The placeholder of a value, cast to a type of PostgreSQL. */
  add(value: Cell, type: string): string {
    this.list.push(textOf(value, type));
    return cast(this.list.length, type);
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
}
