import { PGlite } from "@electric-sql/pglite";
import { describeStore } from "@tenantry/conformance";
import { readTables } from "@tenantry/store-sql";
import { Worlds } from "@tenantry/testkit";
import { afterAll, describe, it } from "vitest";
import { migratePglite, PgliteTenancyStore, pgliteExecutor } from "./pglite.ts";

const database = new PGlite();
const worlds = new Worlds(
  (schema) => migratePglite(database, { schema }),
  (text) => database.exec(text),
);
afterAll(() => database.close());

describeStore({
  name: "PGlite",
  describe,
  it,
  async open(options) {
    const { schema, close } = await worlds.open();
    const store = new PgliteTenancyStore(database, { ...options, schema });
    return {
      store,
      tables: () => readTables(pgliteExecutor(database), { schema }),
      close,
      transaction: (work) =>
        database.transaction((transaction) => work(new PgliteTenancyStore(transaction, { ...options, schema }))),
    };
  },
});
