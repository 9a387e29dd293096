import { Bench, type LeakCase, type LeakTestOptions, leak } from "./bench.ts";
import { databaseCases, sessionCases } from "./session-cases.ts";
import { tableCases } from "./table-cases.ts";

/**
 * What is tried to get at another tenant's rows on the host's own tables, case by case, for any test runner. Each case makes
 * rows of two organizations that nobody else has, and removes them. Run them one after another.
 */
export function leakTest(options: LeakTestOptions): readonly LeakCase[] {
  const bench = new Bench(options);
  return [
    {
      name: "every tenant table has a row",
      async run() {
        const missing = bench.owned.filter((table) => !Object.hasOwn(options.rows, table));
        if (missing.length > 0) {
          leak(`never reached: ${missing.join(", ")}`);
        }
      },
    },
    ...databaseCases(bench),
    ...bench.owned.filter((table) => Object.hasOwn(options.rows, table)).flatMap((table) => tableCases(bench, table)),
    ...sessionCases(bench),
  ];
}
