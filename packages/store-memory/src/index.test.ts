import { describeStore } from "@tenantry/conformance";
import { describe, it } from "vitest";
import { InMemoryTenancyStore } from "./index.ts";

describeStore({
  name: "memory",
  describe,
  it,
  async open(options) {
    const store = new InMemoryTenancyStore(options);
    return { store, tables: () => store.tables(), close() {} };
  },
});
