import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { describeStore, type Open, type StoreDescription } from "../src/index.ts";

/** The honest store, in a world of its own each time. */
export const openMemory: Open = async (options) => {
  const store = new InMemoryTenancyStore(options);
  return { store, tables: () => store.tables(), close() {} };
};

/** What a test context says when a test is left out. */
class LeftOut extends Error {}

const context = {
  skip(reason: string): never {
    throw new LeftOut(reason);
  },
};

export type Verdict = "passed" | "failed" | "left out";

/** The tests of a suite by their names, parts joined by " > ", each of which can be run. */
export function testsOf(
  description: Pick<StoreDescription, "open"> & Partial<StoreDescription>,
): ReadonlyMap<string, () => Promise<Verdict>> {
  const tests = new Map<string, () => Promise<Verdict>>();
  const parents: string[] = [];
  describeStore({
    name: "store",
    ...description,
    describe(name, body) {
      parents.push(name);
      body();
      parents.pop();
    },
    it(name, body) {
      tests.set([...parents.slice(1), name].join(" > "), async () => {
        try {
          await body(context);
          return "passed";
        } catch (error) {
          return error instanceof LeftOut ? "left out" : "failed";
        }
      });
    },
  });
  return tests;
}
