import type { ConfigFault, OrgId } from "@tenantry/core";
import type { Sealer } from "@tenantry/core/seal";
import type { MoveOptions, PlacementStore, SqlQuery, TableDeclaration, TenantProvisioner } from "@tenantry/isolation";
import type { MigrateTenantsOptions } from "@tenantry/isolation/migrate";
import type { LeakTestOptions } from "@tenantry/isolation/testing";
import { CliError } from "./problem.ts";

/** What a configuration exports as `isolation`: the parts that the application has. */
export interface IsolationParts {
  /** What `defineTables` made. */
  readonly tables?: TableDeclaration;
  /** Asks the application's database. Default: the one at `DATABASE_URL`, through `pg`. */
  readonly query?: SqlQuery;
  /** As in the options of the strategy `schema`. */
  readonly rolePerTenant?: boolean;
  readonly placements?: PlacementStore;
  readonly provisioner?: Pick<
    TenantProvisioner,
    "provision" | "status" | "deprovision" | "pauseWrites" | "resumeWrites" | "moveTenant"
  >;
  /** How rows are copied when a tenant is moved, and how it is found out whether all are there. */
  readonly moving?: Pick<MoveOptions, "copy" | "verify" | "drainMs">;
  /** What connection strings are sealed with. */
  readonly sealer?: Sealer;
  /** What `migrateTenants` needs besides the placements and what is typed. */
  readonly migrations?: Pick<
    MigrateTenantsOptions,
    "source" | "connect" | "concurrency" | "lockTimeoutMs" | "onFailure"
  >;
  /** What `leakTest` needs besides the tables. */
  readonly leakTest?: Omit<LeakTestOptions, "tables">;
  /** What a tenant's schema or database is called, where it is not made from its id. */
  readonly nameOf?: (orgId: OrgId) => string;
}

const KEYS: readonly string[] = [
  "tables",
  "query",
  "rolePerTenant",
  "placements",
  "provisioner",
  "moving",
  "sealer",
  "migrations",
  "leakTest",
  "nameOf",
];

export function isolationFaults(parts: object): readonly ConfigFault[] {
  return Object.keys(parts)
    .filter((key) => !KEYS.includes(key))
    .map((key) => ({ path: `isolation.${key}`, expected: `one of ${KEYS.join(", ")}` }));
}

/** A part that a command cannot do without. Throws `cli.config`. */
export function needed<K extends keyof IsolationParts>(parts: IsolationParts, key: K): NonNullable<IsolationParts[K]> {
  const part = parts[key];
  if (part === undefined || part === null) {
    throw new CliError("cli.config", `This needs a configuration that exports isolation with ${key}.`);
  }
  return part;
}
