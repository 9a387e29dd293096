import { type StorePort, Tenancy } from "@tenantry/core";
import { InMemoryDatabase } from "@tenantry/store-memory";
import { interposedPort, type OpenShared } from "../src/shared-database.ts";

/** The reference store's rows under several instances. `broken` puts something in front of the port. */
export function sharedMemory(broken: (port: StorePort) => StorePort = (port) => port): OpenShared {
  return async () => {
    const database = new InMemoryDatabase();
    return {
      connect: (options, interpose) => new Tenancy(interposedPort(broken(database), interpose), options),
      tables: () => database.tables(),
      close() {},
    };
  };
}
