import { type StorePort, Tenancy, type TenancyOptions } from "@tenantry/core";
import { InMemoryDatabase } from "@tenantry/store-memory";
import type { StoreUnderTest } from "../src/open-store.ts";
import { interposedPort, type OpenShared } from "../src/shared-database.ts";

export interface Broken {
  /** Put in front of the rows. */
  readonly port?: (port: StorePort) => StorePort;
  /** What an instance makes of its options. */
  readonly options?: (options: TenancyOptions) => TenancyOptions;
  /** Put around every instance. */
  readonly store?: (store: StoreUnderTest) => StoreUnderTest;
}

/** The reference store's rows under several instances, as if they were far away; honest unless it is broken. */
export function sharedMemory({
  port = (own) => own,
  options: heard = (own) => own,
  store = (own) => own,
}: Broken = {}): OpenShared {
  return async () => {
    const database = new InMemoryDatabase();
    return {
      connect(options, interpose = (_, send) => send()) {
        return store(new Tenancy(port({ ...interposedPort(database, interpose), isRemote: true }), heard(options)));
      },
      tables: () => database.tables(),
      close() {},
    };
  };
}
