import type { Interpose, StoreRequest } from "@tenantry/conformance/races";
import type { SqlExecutor, Statement } from "@tenantry/store-sql";

/** Puts something between a store on PostgreSQL and its driver: every statement that it runs is a request. */
export function interposedExecutor(executor: SqlExecutor, interpose: Interpose | undefined): SqlExecutor {
  return interpose === undefined
    ? executor
    : { ...executor, run: (statement) => interpose({ kind: kindOf(statement) }, () => executor.run(statement)) };
}

/** What a statement is for, by its first words: facts are selected, fences wait with a patience of their own. */
export function kindOf({ text }: Pick<Statement, "text">): StoreRequest["kind"] {
  if (text.startsWith("select")) {
    return "load";
  }
  return text.startsWith("with patience") ? "settle" : "commit";
}
