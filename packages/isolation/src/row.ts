import { ConfigError, IsolationError } from "@tenantry/core";
import type { TenantDriver } from "./driver.ts";
import { type AdminOptions, TransactionIsolation } from "./isolation.ts";
import { hmacProver, type ProofOptions, unproved } from "./proof.ts";
import { purge } from "./purge.ts";
import type { Isolation, IsolationStrategy } from "./strategy.ts";
import type { TableDeclaration } from "./table-declaration.ts";

export interface RowOptions<Tx> {
  readonly admin?: AdminOptions<Tx>;
  /** The tables that a purge empties of a tenant's rows. */
  readonly tables?: TableDeclaration;
  /** For tables whose script was made with `proof: "hmac"`. */
  readonly proof?: ProofOptions;
  readonly clock?: () => Date;
}

/**
 * One set of tables for all tenants, kept apart by row policies: the strategy `row`. The role of the driver's connections is
 * the `appRole` that the tables were declared for.
 */
export function rowIsolation<Tx>(
  driver: TenantDriver<Tx>,
  { admin, tables, proof, clock = () => new Date() }: RowOptions<Tx> = {},
): Isolation<Tx> & IsolationStrategy<Tx> {
  const checked = admin === undefined ? null : checkedAdmin(admin);
  const isolation = new TransactionIsolation<Tx>({
    name: "row",
    isVersioned: false,
    driver,
    driverOf: async () => ({ driver, release() {} }),
    entrance: { parts: () => [], prove: proof === undefined ? unproved : hmacProver(proof, clock) },
    admin: checked,
    clock,
  });
  return {
    name: "row",
    steps: [],
    run: (tenant, fn, options) => isolation.run(tenant, fn, options),
    attach: (tx, tenant, fn) => isolation.attach(tx, tenant, fn),
    runAsAdmin: (who, fn) => isolation.runAsAdmin(who, fn),
    async provision() {
      // There are no steps.
    },
    async deprovision({ id }, policy) {
      switch (policy) {
        case "retain":
          return { policy, archivedAs: null, rows: null };
        case "purge":
          if (checked === null || tables === undefined) {
            throw new ConfigError("config.invalid", {
              faults: [{ path: "tables", expected: "what to purge, and an admin" }],
            });
          }
          return { policy, archivedAs: null, rows: await purge(checked.driver, tables, id) };
        case "rename":
        case "drop":
          throw new IsolationError("isolation.unsupported", { what: policy });
      }
    },
  };
}

export function checkedAdmin<Tx>(admin: AdminOptions<Tx>): AdminOptions<Tx> {
  if (typeof admin.audit !== "function" || typeof admin.driver?.transaction !== "function") {
    throw new ConfigError("config.invalid", {
      faults: [{ path: "admin", expected: "a driver and an audit callback" }],
    });
  }
  return admin;
}
