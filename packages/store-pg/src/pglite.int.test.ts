import { PGlite } from "@electric-sql/pglite";
import { describeStore } from "@tenantry/conformance";
import { readTables } from "@tenantry/store-sql";
import { Worlds } from "@tenantry/testkit";
import { afterAll, describe, it } from "vitest";
import { storePlacements } from "../../isolation/src/placement-store.ts";
import { migratePglite, PgliteTenancyStore, pgliteExecutor } from "./pglite.ts";

const groups = ["placement"] as const;

const database = new PGlite();
const worlds = new Worlds(
  (schema) => migratePglite(database, { schema, groups }),
  (text) => database.exec(text),
  groups,
);
afterAll(() => database.close());

describeStore({
  name: "PGlite",
  describe,
  it,
  placements: storePlacements,
  async open(options) {
    const { schema, close } = await worlds.open();
    const store = new PgliteTenancyStore(database, { ...options, schema });
    return {
      store,
      tables: () => readTables(pgliteExecutor(database), { schema, groups }),
      close,
      transaction: (work) =>
        database.transaction((transaction) => work(new PgliteTenancyStore(transaction, { ...options, schema }))),
    };
  },
});
