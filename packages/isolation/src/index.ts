export { type DatabaseIsolation, type DatabaseOptions, databaseIsolation } from "./database.ts";
export {
  assertSafe,
  type DoctorOptions,
  doctor,
  type Finding,
  type FindingCode,
  type PlacedTenant,
  type SqlQuery,
} from "./doctor.ts";
export type { Beginning, Gate, Row, Statement, TenantDriver } from "./driver.ts";
export type { AdminOptions } from "./isolation.ts";
export type { MoveContext, MovedPlace, MoveOptions, MoveStage, StageProgress } from "./moving.ts";
export { type NameMap, tenantLogin, tenantName } from "./names.ts";
export {
  type ActorOption,
  type Held,
  type Placement,
  type PlacementEnd,
  type PlacementPause,
  type PlacementStore,
  type ProvisioningFailure,
  placementOf,
} from "./placement.ts";
export { storePlacements } from "./placement-store.ts";
export { generatePolicies } from "./policies/generate-policies.ts";
export { type ProofKey, type ProofOptions, proofKeyStatement } from "./proof.ts";
export {
  type DeprovisionOptions,
  type ProvisionerOptions,
  type ProvisionOptions,
  type StepProgress,
  TenantProvisioner,
} from "./provisioner.ts";
export { DSN_PURPOSE, rewrapPlacement } from "./rewrap.ts";
export { type RowOptions, rowIsolation } from "./row.ts";
export { type SchemaOptions, schemaIsolation } from "./schema.ts";
export type {
  AdminEntry,
  DeprovisionPolicy,
  DeprovisionReport,
  Isolation,
  IsolationStrategy,
  OrgRef,
  ProvisionContext,
  RunOptions,
} from "./strategy.ts";
export { StrategyRegistry } from "./strategy-registry.ts";
export {
  defineTables,
  type Scope,
  type TableDeclaration,
  type TableInput,
  type TableOptions,
  type VisibleTo,
} from "./table-declaration.ts";
export type { OpenedPool, OpenPool, PoolOptions } from "./tenant-pools.ts";
