/** The tables of a schema, so that references are gone before what they refer to. */
const TABLES = ["evt", "idem", "txn", "tup", "mem", "inv"];

/** Empty schemas: made when none is free, and emptied after use, which takes a thirtieth of the time. */
export class Schemas {
  readonly #migrate: (schema: string) => Promise<unknown>;
  readonly #run: (text: string) => Promise<unknown>;
  readonly #free: string[] = [];
  #made = 0;

  constructor(migrate: (schema: string) => Promise<unknown>, run: (text: string) => Promise<unknown>) {
    this.#migrate = migrate;
    this.#run = run;
  }

  async take(): Promise<string> {
    const free = this.#free.pop();
    if (free !== undefined) {
      return free;
    }
    this.#made += 1;
    const schema = `arena_${this.#made}`;
    await this.#migrate(schema);
    return schema;
  }

  async giveBack(schema: string): Promise<void> {
    // One statement, so that references between the tables are checked when all rows are gone.
    const deletions = TABLES.map((table) => `${table} as (delete from ${schema}.${table})`);
    await this.#run(`with ${deletions.join(", ")} delete from ${schema}.org`);
    this.#free.push(schema);
  }
}
