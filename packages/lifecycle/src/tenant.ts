import type { Change, Membership, Organization, OrgId, Status, Suspension, Write } from "@tenantry/core";

/** `provisioning`: its place is not ready. `inactive`: deactivated, or deleted for the time being. */
export type TenantStatus = "provisioning" | "inactive" | "suspended" | "active" | "revoked";

/** An organization and what is known of its suspension. */
export interface Tenant {
  readonly id: OrgId;
  readonly slug: string | null;
  readonly name: string | null;
  /** Derived: it is stored nowhere. */
  readonly status: TenantStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Why it is suspended, since when, until when; `null`: it is not, or was before the store kept reasons. */
  readonly suspension: Omit<Suspension, "orgId"> | null;
}

export interface CreatedTenant {
  readonly tenant: Tenant;
  readonly ownerMembership: Membership;
}

/** What a store says of an organization, in the words of a tenant. `isReady`: whether its place is. */
export function tenantOf(org: Organization, suspension: Suspension | null, isReady = true): Tenant {
  const { id, slug, name, version, createdAt, updatedAt } = org;
  return {
    ...{ id, slug, name, status: statusOf(org.status, suspension, isReady), version, createdAt, updatedAt },
    // A store that does not know of suspensions leaves them behind.
    suspension: org.status !== "suspended" || suspension === null ? null : withoutOrg(suspension),
  };
}

/** A suspension without a reason on record was made by `suspendOrg`. */
export function statusOf(status: Status, suspension: Pick<Suspension, "kind"> | null, isReady = true): TenantStatus {
  switch (status) {
    case "revoked":
      return "revoked";
    case "suspended":
      return suspension === null || suspension.kind === "suspended" ? "suspended" : "inactive";
    case "active":
      return isReady ? "active" : "provisioning";
  }
}

/** The suspension that there is once a decision is written. */
export function suspensionAfter(write: Write | null, before: Suspension | null): Suspension | null {
  return (write?.changes ?? []).reduce((found: Suspension | null, change: Change) => {
    if (change.op === "putSuspension") {
      return change.row;
    }
    return change.op === "deleteSuspension" ? null : found;
  }, before);
}

function withoutOrg({ orgId: _, ...suspension }: Suspension): Omit<Suspension, "orgId"> {
  return suspension;
}
