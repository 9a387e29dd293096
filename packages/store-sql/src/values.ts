import { type Cell, cast, textOf } from "./cell.ts";

/** Collects the values of one statement while its text is written. */
export class Values {
  readonly list: (string | null)[] = [];

  /** The placeholder of a value, cast to a type of PostgreSQL. */
  add(value: Cell, type: string): string {
    this.list.push(textOf(value, type));
    return cast(this.list.length, type);
  }
}
