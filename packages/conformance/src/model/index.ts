export type { Figure, Note } from "../figures.ts";
export { describeModel, type ModelDescription } from "./describe-model.ts";
export { describePlacementModel } from "./describe-placement-model.ts";
