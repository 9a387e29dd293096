import { describe, test, vi } from "vitest";
import { playMany } from "../../conformance/src/model/describe-model.ts";
import { amount, noteFor, seed } from "../src/effort.ts";

vi.setConfig({ testTimeout: 3_600_000 });

describe("memory", () => {
  const steps = amount(4000, 5_000_000);
  const note = noteFor("memory", { "model steps": steps });

  test("the reference store and the rules agree", () => playMany({ open: null, seed, steps, note }));
});
