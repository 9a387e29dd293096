import type { OrgId } from "@tenantry/core";

/** What became of one tenant. */
export interface TenantMigration {
  readonly orgId: OrgId;
  readonly outcome: "applied" | "up_to_date" | "failed" | "skipped";
  /** Files that were run, or noted. */
  readonly files: readonly string[];
  /** Why it failed, or was left out. */
  readonly code: string | null;
  readonly file: string | null;
  readonly sqlState: string | null;
  readonly milliseconds: number;
}

export interface MigrationReport {
  readonly tenants: readonly TenantMigration[];
  readonly applied: number;
  readonly upToDate: number;
  readonly failed: number;
  readonly skipped: number;
  readonly milliseconds: number;
}

export function reportOf(tenants: readonly TenantMigration[], milliseconds: number): MigrationReport {
  const count = (outcome: TenantMigration["outcome"]): number =>
    tenants.filter((one) => one.outcome === outcome).length;
  return {
    tenants,
    applied: count("applied"),
    upToDate: count("up_to_date"),
    failed: count("failed"),
    skipped: count("skipped"),
    milliseconds,
  };
}
