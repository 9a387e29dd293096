export { corpus } from "./corpus.ts";
export { describeStore, type StoreDescription, type TestRunner } from "./describe-store.ts";
export type { FixtureFile } from "./fixture/format.ts";
export type { Open, OpenStore, StoreUnderTest } from "./open-store.ts";
export type { PlacementOperations, PlacementPolicy, WithPlacements } from "./placements/operations.ts";
