import type { Signal } from "@tenantry/context";
import type {
  CreateOptions,
  CreateOrgInput,
  CreateOrgResult,
  MutationOptions,
  NewPlacement,
  OrgId,
} from "@tenantry/core";

/** What keeps something of tenants in this process: a validator, settings, pools. */
export interface Invalidates {
  /** Forgets what is kept of one tenant. */
  invalidate(orgId: OrgId): unknown;
}

/** What becomes of a tenant's place when the tenant is ended. */
export type DeprovisionPolicy = "rename" | "drop" | "retain" | "purge";

/** What makes the place for a tenant's rows, where there is anything to make: `TenantProvisioner` of `@tenantry/isolation`. */
export interface Provisioner {
  /**
   * Where a new tenant's rows will be, and whether there is anything to make: written with the tenant, in one commit, by a store
   * that keeps the group `placement`. Without it all tenants have one strategy, and nothing of it is kept.
   */
  newPlacement?(strategy: string): NewPlacement;
  /** Makes it, or goes on where it was left. Throws an `IsolationError` where that fails. */
  provision(orgId: OrgId, options?: Pick<MutationOptions, "actor"> & { readonly signal?: Signal }): Promise<unknown>;
  /** Whether it can be used: `ready`. Throws `isolation.not_provisioned` where there is none. */
  status(orgId: OrgId): Promise<{
    readonly state: string;
    readonly strategy?: string;
    readonly migratedTo?: string | null;
    readonly pausedUntil?: string | null;
  }>;
  deprovision(
    orgId: OrgId,
    options: Pick<MutationOptions, "actor"> & { readonly policy: DeprovisionPolicy; readonly confirm?: OrgId },
  ): Promise<unknown>;
  /** Tenants that were ended and whose place was not taken down, at most so many. */
  leftovers?(limit: number): Promise<readonly OrgId[]>;
}

/** What a new tenant is given values by: `TenantSettings` of `@tenantry/settings`. */
export interface SettingsPort {
  /** Checks values. Throws what is wrong with them. */
  prepare(values: object): Promise<PreparedValues>;
}

/** Checked values of a tenant that is not founded yet. */
export interface PreparedValues {
  /** Founds an organization in this store that has them, in one commit; `null`: they are kept elsewhere. */
  founding(store: object): ((input: CreateOrgInput, options?: CreateOptions) => Promise<CreateOrgResult>) | null;
  /** Writes them, in a commit of their own. */
  write(orgId: OrgId, options?: MutationOptions): Promise<unknown>;
}

/** Where causes go that no caller sees: what a cache threw, say. */
export type Log = (failure: { readonly source: string; readonly cause: unknown }) => void;
