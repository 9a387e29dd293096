import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// One project per folder, so that `--project core` picks one package.
const folders = ["packages", "examples"]
  .filter((parent) => existsSync(parent))
  .flatMap((parent) => readdirSync(parent).map((name) => ({ name, root: `${parent}/${name}` })));

const common = {
  // Two slow cores that also run the database; a test that hangs still ends.
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // A process for each file costs more than most files do. What one leaves behind, it cleans up itself.
  isolate: false,
  // The default leaves a core to nobody: tests wait for the database half of their time.
  maxWorkers: availableParallelism(),
};

export default defineConfig({
  test: {
    // In the root config it runs once for all projects: one PostgreSQL per run.
    globalSetup: "packages/testkit/src/global-setup.ts",
    projects: [
      ...folders.map(({ name, root }) => ({
        test: {
          name,
          root,
          include: ["{src,test}/**/*.test.ts"],
          ...common,
          // Minutes long, so it is asked for.
          exclude: process.env["SOAK"] === undefined ? ["**/*.soak.test.ts"] : [],
        },
      })),
      { test: { name: "repository", include: ["test/**/*.test.ts"], ...common } },
    ],
    coverage: {
      provider: "v8",
      include: ["packages/core/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.test-d.ts"],
      reporter: [["text", { skipFull: true }]],
      reportsDirectory: ".out/coverage",
      thresholds: { statements: 100, branches: 100 },
    },
  },
});
