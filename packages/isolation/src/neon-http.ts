import type { ActiveTenant } from "@tenantry/context";
import { admit } from "./admission.ts";
import { entryOf } from "./entrance.ts";
import { commitUnknown, endsConnection, entryFault, serverError } from "./fault.ts";
import { hmacProver, type ProofOptions, unproved } from "./proof.ts";
import type { RunOptions } from "./strategy.ts";

/** What we call of the `sql` that Neon's `neon()` answers. A query is sent when it is awaited, and not before. */
export interface NeonSql {
  query(text: string, values?: unknown[]): PromiseLike<unknown>;
  /** We pass queries; the function is what the driver takes besides. */
  transaction(
    queries: readonly PromiseLike<unknown>[] | ((...unused: never[]) => unknown),
    options: { readonly readOnly: boolean },
  ): PromiseLike<unknown>;
}

export interface NeonBatchOptions {
  readonly proof?: ProofOptions;
  readonly clock?: () => Date;
}

export interface NeonBatches {
  /**
   * Queries in one transaction for the tenant, in one request: what lets the tenant in comes first. Answers what each query
   * answers. Checks as `IsolationStrategy.run` does; an answer that was lost is `isolation.commit_unknown`.
   */
  runBatch(
    tenant: ActiveTenant,
    batch: (sql: Pick<NeonSql, "query">) => readonly PromiseLike<unknown>[],
    options?: Omit<RunOptions, "signal" | "idleTimeoutMs">,
  ): Promise<readonly unknown[]>;
}

/** Batches on Neon's HTTP for the strategy `row`. It has no session, so there is no function to run inside. */
export function neonHttpIsolation(
  sql: NeonSql,
  { proof, clock = () => new Date() }: NeonBatchOptions = {},
): NeonBatches {
  const entrance = { parts: () => [], prove: proof === undefined ? unproved : hmacProver(proof, clock) };
  return {
    async runBatch(tenant, batch, options) {
      const admitted = admit(tenant, { name: "row", isVersioned: false, now: clock() }, options);
      const { text, values } = await entryOf(entrance, admitted);
      const queries = batch({ query: (own, ownValues) => sql.query(own, ownValues) });
      try {
        const { readOnly } = admitted;
        const all = await sql.transaction([sql.query(text, [...values]), ...queries], { readOnly });
        return (all as readonly unknown[]).slice(1);
      } catch (error) {
        if (serverError(error) === null) {
          throw wasNeverSent(error) ? entryFault(error) : commitUnknown(error);
        }
        throw endsConnection(error) ? commitUnknown(error) : error;
      }
    },
  };
}

/** How the `fetch` of Node names a connection that never came about. Elsewhere a request counts as sent. */
function wasNeverSent(error: unknown): boolean {
  const { sourceError } = (error ?? {}) as { readonly sourceError?: { readonly cause?: { readonly code?: unknown } } };
  const code = String(sourceError?.cause?.code);
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"].includes(code);
}
