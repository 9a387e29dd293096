export type { Figure, Note } from "../figures.ts";
export {
  type Interpose,
  interposedPort,
  type OpenShared,
  type Parked,
  type Place,
  type SharedDatabase,
  type StoreRequest,
} from "../shared-database.ts";
export { describePlacementRaces, describeRaces, type RacesDescription } from "./describe-races.ts";
