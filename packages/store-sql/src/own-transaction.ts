import { errorFor, errorOf, generate, PreconditionError, type Resolution, uuidOf } from "@tenantry/core";
import type { SqlExecutor } from "./executor.ts";
import { faultOf } from "./faults.ts";
import { schemaIdentifier } from "./identifier.ts";
import { isInTransaction } from "./joined.ts";
import { read, send } from "./port.ts";
import { requests } from "./requests.ts";

/** How a driver opens a transaction: begins, works and commits; what the work throws rolls back and is thrown on. */
export type Transact<Handle> = <T>(work: (handle: Handle, executor: SqlExecutor) => Promise<T>) => Promise<T>;

/** `SqlTenancyStore.inTransaction` says what it does. */
export async function inOwnTransaction<Handle, T>(
  executor: SqlExecutor,
  { schema = "tenancy", prepare = true }: { readonly schema?: string; readonly prepare?: boolean },
  transact: Transact<Handle>,
  work: (handle: Handle) => Promise<T>,
): Promise<T> {
  if (executor.connection !== undefined && (await isInTransaction(executor.connection))) {
    throw new PreconditionError("precondition.invalid_input", { key: "database" });
  }
  const { markTransaction, fenceTransaction, transactionState } = requests(schemaIdentifier(schema), prepare);
  const id = uuidOf(generate("tup"));
  const reached: { phase: "begin" | "open" | "thrown" | "commit"; result: T | undefined } = {
    phase: "begin",
    result: undefined,
  };
  try {
    return await transact(async (handle, inside) => {
      reached.phase = "open";
      try {
        reached.result = await work(handle);
      } catch (error) {
        reached.phase = "thrown";
        throw error;
      }
      // The last thing before the commit: whether this row is there answers an unknown outcome.
      await send(inside, markTransaction(id));
      reached.phase = "commit";
      return reached.result;
    });
  } catch (error) {
    switch (reached.phase) {
      case "begin":
        throw errorOf(faultOf(error, "read"));
      case "thrown":
        throw error;
      case "open":
        throw errorOf(faultOf(error, "joined"));
      case "commit": {
        const fault = faultOf(error, "commit");
        if (fault.kind === "bug") {
          throw error;
        }
        if (fault.kind !== "indeterminate") {
          throw errorOf(fault);
        }
      }
    }
  }
  const resolve = async (): Promise<Resolution<T>> => {
    try {
      const isLost =
        (await read(executor, fenceTransaction(id))) || (await read(executor, transactionState(id))) === "fenced";
      return isLost ? { committed: false } : { committed: true, result: reached.result as T };
    } catch (error) {
      throw errorOf(faultOf(error, "read"));
    }
  };
  throw errorFor("indeterminate.commit", {}, { hidden: { key: id, resolve } });
}
