export { MAJORS, type Major } from "./binaries.ts";
export { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
export { createDatabase, type Database, type DatabaseOptions } from "./database.ts";
export { setup } from "./global-setup.ts";
export { brokenInvariants, type Invariant, invariants } from "./invariants.ts";
export { startWireProxy, type WireParse, type WireProxy, type WireStatement } from "./wire-proxy.ts";
