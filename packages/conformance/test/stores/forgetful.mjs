// A store that forgets its events, with nothing for races and faults.
import { InMemoryTenancyStore } from "@tenantry/store-memory";

export async function open(options) {
  const store = new InMemoryTenancyStore(options);
  return { store, tables: () => ({ ...store.tables(), evt: [] }), close() {} };
}
