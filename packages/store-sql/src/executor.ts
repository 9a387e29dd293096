/** One statement with its values. The text is constant for a shape; every value is text or null, cast in the text. */
export interface Statement {
  /** Constant for the text, at most 63 bytes; `null` where statements are not to be prepared. */
  readonly name: string | null;
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** A row of text columns. */
export type Row = Readonly<Record<string, string | null>>;

/**
 * The seam to a driver. It sends what it is given and returns what comes back: no retry, no rule, no error of its own but
 * {@link NotSent}. Whatever else goes wrong is thrown as the driver throws it.
 */
export interface SqlExecutor {
  /** Runs one statement as a transaction of its own, prepared under its name if it has one. One round trip. */
  run(statement: Statement): Promise<readonly Row[]>;
  /** Runs texts without values, in order, in one transaction, on one connection. For migrations. */
  batch(texts: readonly string[]): Promise<void>;
}

/** Certainly nothing reached the server: no connection could be had. `cause` is the driver's error. */
export class NotSent extends Error {
  override readonly name = "NotSent";

  constructor(cause: unknown) {
    super("no connection", { cause });
  }
}

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
