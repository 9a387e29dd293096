import type { Metadata } from "@tenantry/core";
import {
  type MigrateOptions,
  migrate,
  NotSent,
  type Row,
  type SqlExecutor,
  type SqlOptions,
  SqlTenancyStore,
} from "@tenantry/store-sql";

/** What we call of the `sql` that Neon's `neon()` answers. A query is sent when it is awaited, and not before. */
export interface NeonSql {
  query(text: string, values: (string | null)[], options: NeonQueryOptions): PromiseLike<unknown>;
  /** We pass queries; the function is what the driver takes besides. */
  transaction(
    queries: readonly PromiseLike<unknown>[] | ((...unused: never[]) => unknown),
    options: { readonly isolationLevel: "ReadCommitted"; readonly readOnly: false },
  ): PromiseLike<unknown>;
}
interface NeonQueryOptions {
  readonly arrayMode: false;
  readonly fullResults: false;
  readonly types: { getTypeParser(): (text: string) => string };
}

/** Tenancy on Neon through HTTP: each round trip is one request, and there is no connection to keep. */
export class NeonHttpTenancyStore<O = Metadata, M = Metadata> extends SqlTenancyStore<O, M> {
  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(sql: NeonSql, options: SqlOptions<O, M> = {}) {
    super({ executor: neonHttpExecutor(sql), concurrentSessions: true, hostTransactions: false }, options);
  }
}

/** Creates or updates the tables through HTTP; see `migrate` of `@tenantry/store-sql`. */
export function migrateNeonHttp(sql: NeonSql, options: MigrateOptions = {}): Promise<readonly string[]> {
  return migrate(neonHttpExecutor(sql), options);
}

/** Rows by column name and every value as text, whatever the application has configured for its own queries. */
const AS_TEXT: NeonQueryOptions = {
  arrayMode: false,
  fullResults: false,
  types: { getTypeParser: () => (text) => text },
};

/** Neon's HTTP queries behind the seam of `@tenantry/store-sql`. It has no session, and so no named statements. */
export function neonHttpExecutor(sql: NeonSql): SqlExecutor {
  return {
    async run({ text, values }) {
      try {
        return (await sql.query(text, [...values], AS_TEXT)) as readonly Row[];
      } catch (error) {
        throw wasNeverSent(error) ? new NotSent(error) : error;
      }
    },
    async batch(texts) {
      const queries = texts.map((text) => sql.query(text, [], AS_TEXT));
      // Here too the application may have configured something else for itself.
      await sql.transaction(queries, { isolationLevel: "ReadCommitted", readOnly: false });
    },
  };
}

/** How the `fetch` of Node names a connection that never came about. */
const NEVER_CONNECTED = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];

/** Where the runtime does not say so for certain, a request counts as sent: it may take effect. */
function wasNeverSent(error: unknown): boolean {
  const { sourceError } = (error ?? {}) as { readonly sourceError?: { readonly cause?: { readonly code?: unknown } } };
  return NEVER_CONNECTED.includes(String(sourceError?.cause?.code));
}
