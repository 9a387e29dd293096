import type { Signal } from "@tenantry/context";
import type { OrgId } from "@tenantry/core";

/** What keeps something of tenants in this process: a validator, settings, pools. */
export interface Invalidates {
  /** Forgets what is kept of one tenant. */
  invalidate(orgId: OrgId): unknown;
}

/** What becomes of a tenant's place when the tenant is ended. */
export type DeprovisionPolicy = "rename" | "drop" | "retain" | "purge";

/** What makes the place for a tenant's rows, where there is anything to make: `TenantProvisioner` of `@tenantry/isolation`. */
export interface Provisioner {
  /** Writes down where a new tenant's rows will be. Without it all tenants have one strategy. */
  place?(orgId: OrgId, strategy: string): Promise<unknown>;
  /** Makes it, or goes on where it was left. Throws an `IsolationError` where that fails. */
  provision(orgId: OrgId, options?: { readonly signal?: Signal }): Promise<unknown>;
  /** Whether it can be used: `ready`. Throws `isolation.not_provisioned` where there is none. */
  status(orgId: OrgId): Promise<{ readonly state: string; readonly strategy?: string }>;
  deprovision(
    orgId: OrgId,
    options: { readonly policy: DeprovisionPolicy; readonly confirm?: OrgId },
  ): Promise<unknown>;
  /** Tenants that were ended and whose place was not taken down, at most so many. */
  leftovers?(limit: number): Promise<readonly OrgId[]>;
}

/** Where causes go that no caller sees: what a cache threw, say. */
export type Log = (failure: { readonly source: string; readonly cause: unknown }) => void;
