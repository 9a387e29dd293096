/** Empty schemas: made when none is free, and emptied after use, which takes a thirtieth of the time. */
export class Schemas {
  readonly #migrate: (schema: string) => Promise<unknown>;
  readonly #run: (text: string) => Promise<Answer>;
  readonly #prefix: string;
  readonly #free: string[] = [];
  #made = 0;
  /** All that hold rows of a store; the same in every schema. */
  #tables: readonly string[] | null = null;

  constructor(migrate: (schema: string) => Promise<unknown>, run: (text: string) => Promise<Answer>, prefix = "arena") {
    this.#migrate = migrate;
    this.#run = run;
    this.#prefix = prefix;
  }

  async take(): Promise<string> {
    const free = this.#free.pop();
    if (free !== undefined) {
      return free;
    }
    this.#made += 1;
    const schema = `${this.#prefix}_${this.#made}`;
    await this.#migrate(schema);
    this.#tables ??= await this.#tablesOf(schema);
    return schema;
  }

  async giveBack(schema: string): Promise<void> {
    // One statement, so that references between the tables are checked when all rows are gone.
    const deletions = (this.#tables ?? []).map((table) => `${table}_gone as (delete from ${schema}.${table})`);
    await this.#run(`with ${deletions.join(", ")} select 1`);
    this.#free.push(schema);
  }

  async #tablesOf(schema: string): Promise<readonly string[]> {
    const { rows } = await this.#run(
      `select tablename from pg_tables where schemaname = '${schema}' and tablename <> 'migration'`,
    );
    return rows.map(({ tablename }) => String(tablename));
  }
}

interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}
