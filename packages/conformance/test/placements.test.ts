import { describe, it } from "vitest";
import { storePlacements } from "../../isolation/src/placement-store.ts";
import { describeFixtures } from "../src/describe-store.ts";
import { corpus } from "../src/index.ts";
import { describePlacementModel } from "../src/model/describe-placement-model.ts";
import { openMemory } from "./suite.ts";

const fixtures = corpus.filter(({ path }) => path.startsWith("placement/"));
describeFixtures({ describe, it, open: openMemory, fixtures, placements: storePlacements, report: console.warn });
describePlacementModel({
  ...{ name: "memory", describe, it, open: openMemory, placements: storePlacements },
  ...{ steps: 4000 },
});
