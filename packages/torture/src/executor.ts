import type { Interpose } from "@tenantry/conformance/races";
import type { SqlExecutor } from "@tenantry/store-sql";
import { kindOf } from "./interposed-drivers.ts";

/** Puts something between a store and its executor: every statement that it runs is a request. */
export function interposedExecutor(executor: SqlExecutor, interpose: Interpose | undefined): SqlExecutor {
  return interpose === undefined
    ? executor
    : { ...executor, run: (statement) => interpose({ kind: kindOf(statement.text) }, () => executor.run(statement)) };
}
