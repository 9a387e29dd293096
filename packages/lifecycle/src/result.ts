import { isTenancyError, type TenancyError } from "@tenantry/core";

/** What came of something: a value, or the error that it was refused with. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: TenancyError };

/** The same as a value. What is no error of the library's is a bug, and is thrown. */
export async function resultOf<T>(work: Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    if (isTenancyError(error)) {
      return { ok: false, error };
    }
    throw error;
  }
}
