import { type IndeterminateError, isTenancyError, UnavailableError } from "@tenantry/core";

/**
 * The result of a mutation, also where the connection died while it was committed: then it is found out whether it took
 * effect. If it did not it never will, and `UnavailableError` says that it may be tried again. Where that cannot be found
 * out either, the error of the mutation stands.
 */
export async function settled<R>(mutation: Promise<R>): Promise<R> {
  try {
    return await mutation;
  } catch (error) {
    if (!isTenancyError(error, "indeterminate.commit")) {
      throw error;
    }
    const resolution = await (error as IndeterminateError<R>).resolve().catch(() => null);
    if (resolution === null) {
      throw error;
    }
    if (resolution.committed) {
      return resolution.result;
    }
    throw new UnavailableError("unavailable.connection", {}, { cause: error });
  }
}
