export type { Figure, Note } from "../figures.ts";
export {
  type Interpose,
  interposedPort,
  type OpenShared,
  type SharedDatabase,
  type StoreRequest,
} from "../shared-database.ts";
export { describeFaults, type FaultsDescription } from "./describe-faults.ts";
export type { DriverErrors } from "./ways.ts";
