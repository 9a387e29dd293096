import { StoreFault } from "@tenantry/core";
import { describe, it } from "vitest";
import { storePlacements } from "../../../isolation/src/placement-store.ts";
import { sharedMemory } from "../../test/shared-memory.ts";
import { describeFaults, describePlacementFaults } from "./describe-faults.ts";
import type { DriverErrors } from "./ways.ts";

/** What a port throws, for a store of which the port is the driver. */
const errors: DriverErrors = {
  notSent: () => new StoreFault("retryable"),
  lost: () => new StoreFault("indeterminate"),
  contention: [() => new StoreFault("contention", { code: "unavailable.contention" })],
  cancelled: () => new StoreFault("retryable", { code: "unavailable.timeout" }),
  unexpected: [() => new StoreFault("bug")],
};

describeFaults({ name: "memory", describe, it, openShared: sharedMemory(), errors });
describePlacementFaults({
  ...{ name: "memory", describe, it, openShared: sharedMemory(), errors, placements: storePlacements },
});
