import type { Organization, OrgId, Status } from "@tenantry/core";
import { frozen } from "./frozen.ts";

/** Where a tenant's rows are kept, and whether they can be used: only `ready` can. */
export interface Placement {
  readonly strategy: string;
  readonly state: PlacementState;
  /** How far the tenant's own tables are migrated; absent or `null`: it has none, or none yet. */
  readonly migratedTo?: string | null;
  /** Writes are refused until then, in ISO 8601; absent or `null`: they are not. */
  readonly pausedUntil?: string | null;
}

export type PlacementState = "pending" | "ready" | "failed" | "deprovisioning" | "archived" | "removed";

/** An organization as a request sees it. */
export interface TenantInfo {
  readonly id: OrgId;
  readonly slug: string | null;
  readonly name: string | null;
  readonly version: number;
  readonly status: Status;
  readonly placement: Placement;
}

/** Rows told apart by a column: there is nothing to make ready. */
export const ROW_PLACEMENT: Placement = Object.freeze({ strategy: "row", state: "ready" });

/** What is needed of an organization, deeply frozen. */
export function tenantInfo(org: Organization, placement: Placement): TenantInfo {
  const { id, slug, name, version, status } = org;
  return frozen({ id, slug, name, version, status, placement: { ...placement } });
}

function placementOf({ strategy, state, migratedTo, pausedUntil }: Placement): Placement {
  return {
    strategy,
    state,
    ...(migratedTo === undefined ? {} : { migratedTo }),
    ...(pausedUntil === undefined ? {} : { pausedUntil }),
  };
}

/** A copy that nobody can change: what comes from a cache is everybody's. */
export function frozenTenant({ id, slug, name, version, status, placement }: TenantInfo): TenantInfo {
  return frozen({ id, slug, name, version, status, placement: placementOf(placement) });
}

export function isUsable({ status, placement }: TenantInfo): boolean {
  return status === "active" && placement.state === "ready";
}
