import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { describeSettings } from "./suite.ts";

describeSettings(
  "memory",
  async () => {
    const database = new InMemoryDatabase();
    const store = () => new InMemoryTenancyStore({ groups: ["settings"] }, database);
    return {
      stores: [store(), store()],
      tables: async () => database.tables(),
      dump: async () => JSON.stringify(database.tables()),
      close: async () => {},
    };
  },
  100,
);
