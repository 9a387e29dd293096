import type { Tenancy } from "@tenantry/core";
import {
  type Isolation,
  placementOf,
  rowIsolation,
  type SqlQuery,
  StrategyRegistry,
  schemaIsolation,
  storePlacements,
  TenantProvisioner,
} from "@tenantry/isolation";
import { drizzleDriver } from "@tenantry/isolation/drizzle";
import { listened } from "@tenantry/isolation/pg";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import type { Rows } from "./projects.ts";
import { createOwned } from "./tables.ts";

/** Rows of all tenants in one set of tables, kept apart by policies; or a schema and a role for each tenant. */
export type Strategy = "row" | "schema";

/** Where tenants' rows are, and what makes room for a new tenant. */
export interface Places {
  readonly isolation: Isolation<Rows>;
  /** With `row` there is nothing to make. */
  readonly provisioner: TenantProvisioner | null;
  readonly placementOf: ReturnType<typeof placementOf> | null;
  close(): Promise<void>;
}

export interface PlacesOptions {
  readonly store: Tenancy;
  readonly appUrl: string;
  readonly appRole: string;
  /** As the role that owns the tables. */
  readonly owner: pg.Pool;
}

export function openPlaces(strategy: Strategy, { store, appUrl, appRole, owner }: PlacesOptions): Places {
  // Of the connections: what a run for a tenant of the strategy `schema` sets goes before it.
  const own = listened(new pg.Pool({ connectionString: appUrl, max: 8, options: "-c search_path=app" }));
  own.on("error", () => {});
  const driver = drizzleDriver(drizzle({ client: own }));
  const close = (): Promise<void> => own.end();
  if (strategy === "row") {
    return { isolation: rowIsolation(driver), provisioner: null, placementOf: null, close };
  }
  const query: SqlQuery = async (text, values) => (await owner.query(text, [...values])).rows;
  const isolation = schemaIsolation(driver, {
    provisioning: query,
    appRole,
    async migrate({ schema }) {
      await owner.query(createOwned(pg.escapeIdentifier(schema)));
      return "0001";
    },
  });
  const placements = storePlacements(store);
  const provisioner = new TenantProvisioner({
    placements,
    strategies: StrategyRegistry.withDefaults(rowIsolation(driver)).register(isolation),
  });
  return { isolation, provisioner, placementOf: placementOf(placements), close };
}
