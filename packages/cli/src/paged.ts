import type { Page } from "@tenantry/core";
import { stopIfInterrupted } from "./problem.ts";

/** As many as a page may have. */
const LARGEST = 200;

/** All rows of a list, page by page, or the first `most` of them. Stops between two pages where it is interrupted. */
export async function* paged<T>(
  read: (page: { readonly cursor: string | null; readonly limit: number }) => Promise<Page<T>>,
  signal: AbortSignal,
  most: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<T> {
  let left = most;
  for (let cursor: string | null = null; left > 0; ) {
    stopIfInterrupted(signal);
    const page: Page<T> = await read({ cursor, limit: Math.min(left, LARGEST) });
    yield* page.data;
    left -= page.data.length;
    if (page.nextCursor === null) {
      return;
    }
    cursor = page.nextCursor;
  }
}
