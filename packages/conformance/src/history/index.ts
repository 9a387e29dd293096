export { Chance } from "../chance.ts";
export type { Violation } from "../invariants/invariant.ts";
export { brokenInvariants, invariants, Watch } from "../invariants/violations.ts";
export { assertKept, assertSane } from "../races/aftermath.ts";
export { brokenPromises } from "./check.ts";
export type { History, Line, Walk } from "./line.ts";
export { Client, Recorder, resolution } from "./recorder.ts";
export { type Workload, work } from "./workload.ts";
