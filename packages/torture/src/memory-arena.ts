import { interposedPort } from "@tenantry/conformance/races";
import { Tenancy } from "@tenantry/core";
import { InMemoryDatabase } from "@tenantry/store-memory";
import type { Arena } from "./arena.ts";
import { durationsOf, timed } from "./durations.ts";

/** The reference store. */
export async function openMemoryArena(): Promise<Arena> {
  return {
    async open() {
      const database = new InMemoryDatabase();
      return {
        connect: (options, interpose) =>
          timed(new Tenancy(interposedPort(database, interpose), options), durationsOf("memory")),
        tables: () => database.tables(),
        close() {},
      };
    },
    async close() {},
  };
}
