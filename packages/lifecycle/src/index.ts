export type { DueOptions } from "./deletion.ts";
export type { LifecycleOptions } from "./options.ts";
export type { DeprovisionPolicy, Invalidates, Log, PreparedValues, Provisioner, SettingsPort } from "./ports.ts";
export type { Result } from "./result.ts";
export {
  type CreateTenantInput,
  type DeleteOptions,
  type DueReport,
  type LifecycleResults,
  type SuspendOptions,
  TenantLifecycleService,
} from "./service.ts";
export { type CreatedTenant, statusOf, type Tenant, type TenantStatus } from "./tenant.ts";
export { createTenantry, type Tenantry, type TenantryOptions } from "./tenantry.ts";
