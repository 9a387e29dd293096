import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { openMemory } from "../test/suite.ts";
import { describeFixtures } from "./describe-store.ts";
import type { FixtureFile } from "./index.ts";

// The fixtures of the public specification are not ours to ship: they run where they lie beside the repository.
const folder = new URL("../../../../shared/fixtures/flametrench/", import.meta.url);
if (existsSync(folder)) {
  const fixtures: readonly FixtureFile[] = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json") && !path.endsWith(".schema.json"))
    .sort()
    .map((path) => ({ path, content: JSON.parse(readFileSync(new URL(path, folder), "utf8")) }));
  const report = (finding: string): void => console.warn(finding);
  describe("the public corpus", () => describeFixtures({ describe, it, open: openMemory, fixtures, report }));
} else {
  it.skip("the public corpus is not beside this repository");
}
