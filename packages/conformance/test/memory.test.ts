import { describe, it } from "vitest";
import { describeStore } from "../src/index.ts";
import { openMemory } from "./suite.ts";

// The reference store. Its test is here because the suite depends on it.
describeStore({ name: "memory", describe, it, open: openMemory });
