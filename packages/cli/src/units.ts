import type { Output } from "./output.ts";
import { EXIT, type Exit, problemOf } from "./problem.ts";

interface Units<T> {
  readonly title: string;
  readonly items: readonly T[];
  readonly nameOf: (item: T) => string;
  readonly work: (item: T) => Promise<void>;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/**
 * Works on one after another, and stops between two once Ctrl-C was pressed. What fails is told and stops nothing. Where
 * there is but one its error is the command's.
 */
export async function eachOf<T>({ title, items, nameOf, work, out, signal }: Units<T>): Promise<Exit> {
  const [only] = items;
  if (only !== undefined && items.length === 1) {
    await work(only);
    return EXIT.done;
  }
  const progress = out.progress(title, items.length);
  let done = 0;
  let failed = 0;
  for (const item of items) {
    if (signal.aborted) {
      break;
    }
    try {
      await work(item);
      done += 1;
      progress.step(nameOf(item));
    } catch (error) {
      if (signal.aborted && error instanceof Error && error.name === "AbortError") {
        break;
      }
      const { code, text } = problemOf(error);
      failed += 1;
      progress.step(`${nameOf(item)} failed`);
      out.problem(code, `${nameOf(item)}: ${text}`);
    }
  }
  const left = items.length - done - failed;
  progress.end(`${done} done, ${failed} failed${left === 0 ? "" : `, ${left} not begun`}`);
  if (left > 0) {
    return EXIT.interrupted;
  }
  return failed === 0 ? EXIT.done : EXIT.findings;
}
