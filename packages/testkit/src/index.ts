export { MAJORS, type Major } from "./binaries.ts";
export { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
export { createDatabase, type Database, type DatabaseOptions } from "./database.ts";
export { setup } from "./global-setup.ts";
export { groupInvariants } from "./group-invariants.ts";
export type { Invariant } from "./invariant.ts";
export { brokenInvariants, invariants } from "./invariants.ts";
export { type Killed, killedAt } from "./killed.ts";
export { type NeonEndpoint, startNeonEndpoint } from "./neon-endpoint.ts";
export {
  answeredWith,
  cutAfter,
  cutBefore,
  cutWithin,
  deliveredTwice,
  type HeldRequest,
  heldBefore,
  type NeonFault,
  refused,
  withoutBody,
} from "./neon-faults.ts";
export { type OpenDatabase, openDatabase } from "./open-database.ts";
export { type CountTrips, operationTrips, PROMISED_TRIPS } from "./operation-trips.ts";
export { type Pooler, type PoolerOptions, poolerMissing, startPooler } from "./pooler.ts";
export { startWireProxy, type WireParse, type WireProxy, type WireStatement } from "./wire-proxy.ts";
export { Worlds } from "./worlds.ts";
