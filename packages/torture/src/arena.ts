import type { OpenStore } from "@tenantry/conformance";
import type { OpenShared } from "@tenantry/conformance/races";
import type { TenancyOptions } from "@tenantry/core";

/** A database of one's own, in which every open is an empty schema. */
export interface Arena {
  readonly open: OpenShared;
  close(): Promise<void>;
}

/** An empty store, for the levels on which one instance is enough. */
export async function openStore(arena: Arena, options: TenancyOptions): Promise<OpenStore> {
  const database = await arena.open();
  return {
    store: await database.connect(options),
    tables: () => database.tables(),
    close: () => database.close(),
  };
}
