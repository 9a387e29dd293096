// The reference store as a module for the command: everything it can be tested on.
import { interposedPort } from "@tenantry/conformance/races";
import { StoreFault, Tenancy } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";

export const name = "memory";

export async function open(options) {
  const store = new InMemoryTenancyStore(options);
  return { store, tables: () => store.tables(), close() {} };
}

export async function openShared() {
  const database = new InMemoryDatabase();
  return {
    connect: (options, interpose) => new Tenancy(interposedPort(database, interpose), options),
    tables: () => database.tables(),
    close() {},
  };
}

export const driverErrors = {
  lost: () => new StoreFault("indeterminate"),
  contention: [() => new StoreFault("contention", { code: "unavailable.contention" })],
};
