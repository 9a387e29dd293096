import { interposedPort } from "@tenantry/conformance/races";
import { Tenancy } from "@tenantry/core";
import { InMemoryDatabase } from "@tenantry/store-memory";
import type { Arena } from "./arena.ts";

/** The reference store. */
export async function openMemoryArena(): Promise<Arena> {
  return {
    async open() {
      const database = new InMemoryDatabase();
      return {
        connect: (options, interpose) => new Tenancy(interposedPort(database, interpose), options),
        tables: () => database.tables(),
        close() {},
      };
    },
    async close() {},
  };
}
