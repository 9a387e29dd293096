export { mutations, type Operation, operations } from "../contract/operations.ts";
export type { Figure, Note } from "../figures.ts";
export {
  type Interpose,
  interposedPort,
  type OpenShared,
  type SharedDatabase,
  type StoreRequest,
} from "../shared-database.ts";
export { aftermath, fencedOff, KEY, meet, type Stage, staged, tookEffect } from "./attempt.ts";
export type { FaultCase } from "./cases.ts";
export { describeFaults, describePlacementFaults, type FaultsDescription } from "./describe-faults.ts";
export type { DriverErrors, Ending } from "./ways.ts";
