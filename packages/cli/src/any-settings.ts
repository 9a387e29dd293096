import type { MutationOptions, OrgId } from "@tenantry/core";
import type { Setting, Unsound } from "@tenantry/settings";

/** What the commands call of a `TenantSettings`, whatever is declared. */
export interface AnySettings {
  isSecret(key: string): boolean;
  get(orgId: OrgId, key: string): Promise<unknown>;
  getAll(orgId: OrgId): Promise<object>;
  effective(orgId: OrgId): Promise<{ readonly orgId: OrgId; readonly version: number; readonly values: object }>;
  set(orgId: OrgId, key: string, value: unknown, options?: MutationOptions): Promise<Setting>;
  unset(orgId: OrgId, key: string, options?: MutationOptions): Promise<void>;
  rewrap(orgId: OrgId, options?: Pick<MutationOptions, "actor">): Promise<number>;
  check(orgId: OrgId): Promise<readonly Unsound[]>;
}
