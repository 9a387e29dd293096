export type { Abortable, Signal } from "./aborting.ts";
export { type ActiveTenant, type Actor, isActiveTenant } from "./active-tenant.ts";
export { type Cache, cacheKey, globalKey, type TenantCache, tenantCache } from "./cache-key.ts";
export { CompositeResolver, type Log, type Named, type Resolution } from "./composite.ts";
export {
  CONFIG_VARIABLES,
  loadConfig,
  type ResolutionConfig,
  type ResolvedConfig,
  type TenancyConfig,
} from "./config.ts";
export {
  type DirectoryOptions,
  type DirectoryStore,
  type StandingQuestion,
  storeDirectory,
  type TenantDirectory,
  type TenantStanding,
} from "./directory.ts";
export { type GuardOptions, type OperatorEntry, type OperatorRules, TenantGuard } from "./guard.ts";
export {
  HEALTH_STATUSES,
  type Health,
  type HealthCheck,
  type HealthStatus,
  health,
  type PartHealth,
  storeHealth,
} from "./health.ts";
export { answerFor, type ErrorBody, errorBody, httpStatusOf, TENANT_HEADER } from "./http.ts";
export { recordedEntries } from "./operators.ts";
export type { Placed } from "./placed.ts";
export type { TenantReference } from "./reference.ts";
export { type ResolverParts, ResolverRegistry } from "./registry.ts";
export { RequestTenant } from "./request-tenant.ts";
export type { Requirement } from "./requirement.ts";
export { RESERVED_LABELS } from "./reserved-labels.ts";
export type { Claims, ReceivedHeaders, ResolutionInput } from "./resolution-input.ts";
export type { TenantResolver, TrustLevel } from "./resolver.ts";
export type { TenantScope } from "./scope.ts";
export {
  type Received,
  TenantContext,
  type TenantContextOptions,
  type TenantJob,
  tenantClaims,
  toJob,
} from "./tenant-context.ts";
export { type Placement, type PlacementState, ROW_PLACEMENT, type TenantInfo } from "./tenant-info.ts";
export { type ConfinedStore, inTenant, type TenantMutationOptions, type TenantStore } from "./tenant-store.ts";
export { TenantValidator, type ValidatorOptions } from "./validator.ts";
