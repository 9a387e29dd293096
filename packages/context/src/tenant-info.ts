import type { Organization, OrgId, Status } from "@tenantry/core";
import { frozen } from "./frozen.ts";

/** Where a tenant's rows are kept, and whether they can be used: only `ready` can. */
export interface Placement {
  readonly strategy: string;
  readonly state: PlacementState;
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

/** A copy that nobody can change: what comes from a cache is everybody's. */
export function frozenTenant({ id, slug, name, version, status, placement }: TenantInfo): TenantInfo {
  const { strategy, state } = placement;
  return frozen({ id, slug, name, version, status, placement: { strategy, state } });
}

export function isUsable({ status, placement }: TenantInfo): boolean {
  return status === "active" && placement.state === "ready";
}
