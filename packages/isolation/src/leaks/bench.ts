import { generate, uuidOf } from "@tenantry/core";
import { SETTING, settings } from "../entrance.ts";
import { serverError } from "../fault.ts";
import { quoted } from "../identifier.ts";
import type { PgPool, PgPoolClient } from "../pg.ts";
import { pgDriver } from "../pg.ts";
import { isOwned, orgValue, type TableDeclaration } from "../table-declaration.ts";

/** Values of a row by column, without the organization's. */
export type LeakRow = Readonly<Record<string, unknown>>;

/** Asks inside a tenant. */
export type LeakQuery = (
  text: string | { readonly name: string; readonly text: string },
  values?: unknown[],
) => Promise<{ readonly rows: readonly LeakRow[]; readonly rowCount: number | null }>;

/** Enters a tenant as the host does: begins, sets, works, ends. */
export type Enter = <T>(uuid: string, fn: (query: LeakQuery) => Promise<T>) => Promise<T>;

/** What we call of a pool of `pg` besides. */
export interface LeakPool extends PgPool {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: readonly LeakRow[]; readonly rowCount: number | null }>;
}

export interface LeakTestOptions {
  readonly tables: TableDeclaration;
  /** The application's, of one connection, so that whatever stays on it is met again. */
  readonly pool: LeakPool;
  /** A pool whose role sees and writes all rows. */
  readonly admin: LeakPool;
  /**
   * A row of each tenant table, parents first: values of its columns, the same for both organizations. `own` gives a row that
   * was made before for the same organization.
   */
  readonly rows: Readonly<Record<string, (own: (table: string) => LeakRow) => LeakRow>>;
  /** Queries of the host's functions, for instance `select * from app.report()`. */
  readonly calls?: readonly string[];
  /** How the host enters a tenant, where it is not by this package. The UUID is that of the organization. */
  readonly enter?: Enter;
  /** With the strategy `schema` nothing is found by a path through `public`. */
  readonly strategy?: "row" | "schema";
  readonly prove?: (uuid: string) => string | Promise<string>;
}

/** One thing that is tried. */
export interface LeakCase {
  readonly name: string;
  /** Throws a `LeakError` where something leaks. */
  run(): Promise<void>;
}

/** A leak, or what a case could not find out. */
export class LeakError extends Error {
  override readonly name = "LeakError";
}

/** Two organizations that are thrown away, and ways to look at their rows from outside and from inside. */
export class Bench {
  readonly options: LeakTestOptions;
  readonly a: string = uuidOf(generate("org"));
  readonly b: string = uuidOf(generate("org"));
  readonly #rows = new Map<string, LeakRow>();

  constructor(options: LeakTestOptions) {
    this.options = options;
  }

  get owned(): readonly string[] {
    const { tables } = this.options.tables;
    return Object.keys(tables).filter((name) => isOwned(tables[name]?.scope ?? "ignored"));
  }

  at(table: string): string {
    return `${quoted(this.options.tables.schema)}.${quoted(table)}`;
  }

  get column(): string {
    return quoted(this.options.tables.orgColumn);
  }

  value(uuid: string): string {
    return orgValue(this.options.tables.orgType, uuid);
  }

  row(uuid: string, table: string): LeakRow {
    return this.#rows.get(`${uuid} ${table}`) ?? missing(table);
  }

  /** Makes the rows of an organization, as the admin. */
  async seed(uuid: string): Promise<void> {
    const { rows, admin, tables } = this.options;
    for (const [table, make] of Object.entries(rows)) {
      const own = { ...make((other) => this.row(uuid, other)), [tables.orgColumn]: this.value(uuid) };
      const { text, values } = insertion(this.at(table), own);
      const answer = await admin.query(`${text} returning *`, values);
      this.#rows.set(`${uuid} ${table}`, answer.rows[0] ?? missing(table));
    }
  }

  /** Removes all rows of both, children first. */
  async clear(): Promise<void> {
    for (const table of Object.keys(this.options.rows).reverse()) {
      const values = [this.value(this.a), this.value(this.b)];
      await this.options.admin.query(`delete from ${this.at(table)} where ${this.column} in ($1, $2)`, values);
    }
  }

  /** Both with their rows, for some work. */
  async seeded<T>(work: () => Promise<T>): Promise<T> {
    await this.clear();
    try {
      await this.seed(this.a);
      await this.seed(this.b);
      return await work();
    } finally {
      await this.clear();
    }
  }

  /** What of a table belongs to an organization, as text, as the admin sees it. */
  async stored(uuid: string, table: string): Promise<string> {
    const text = `select to_jsonb(t) as row from ${this.at(table)} t where ${this.column} = $1 order by to_jsonb(t)::text`;
    return JSON.stringify((await this.options.admin.query(text, [this.value(uuid)])).rows);
  }

  async enter<T>(uuid: string, fn: (query: LeakQuery) => Promise<T>): Promise<T> {
    const { enter, pool, prove = (own: string) => own } = this.options;
    if (enter !== undefined) {
      return await enter(uuid, fn);
    }
    const entry = settings([[SETTING, "$", await prove(uuid)]]);
    return await pgDriver(pool).transaction({ readOnly: false, entry: [entry], signal: null }, (client: PgPoolClient) =>
      fn(
        (text, values = []) =>
          client.query(typeof text === "string" ? { text, values } : text) as unknown as ReturnType<LeakQuery>,
      ),
    );
  }

  /** The SQLSTATE with which something inside a tenant is refused; `null`: it is not. */
  async refusal(uuid: string, text: string, values: unknown[] = []): Promise<string | null> {
    try {
      await this.enter(uuid, (query) => query(text, values));
      return null;
    } catch (error) {
      return serverError(error)?.code ?? Promise.reject(error);
    }
  }
}

export function insertion(table: string, row: LeakRow): { readonly text: string; readonly values: unknown[] } {
  const columns = Object.keys(row);
  const places = columns.map((_, index) => `$${index + 1}`);
  return {
    text: `insert into ${table} (${columns.map(quoted).join(", ")}) values (${places.join(", ")})`,
    values: Object.values(row),
  };
}

export function leak(what: string): never {
  throw new LeakError(what);
}

function missing(table: string): never {
  throw new LeakError(`there is no row for the table ${table}: give one in \`rows\``);
}
