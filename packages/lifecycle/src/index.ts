export type { DueOptions } from "./deletion.ts";
export type { DeprovisionPolicy, Invalidates, Log, Provisioner } from "./ports.ts";
export type { Result } from "./result.ts";
export {
  type CreateTenantInput,
  type DeleteOptions,
  type DueReport,
  type LifecycleOptions,
  type LifecycleResults,
  type SuspendOptions,
  TenantLifecycleService,
} from "./service.ts";
export { type CreatedTenant, statusOf, type Tenant, type TenantStatus } from "./tenant.ts";
export { createTenantry, type Tenantry, type TenantryOptions } from "./tenantry.ts";
