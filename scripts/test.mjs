// Build, run every test once, and end with a line any reader understands.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

const report = ".out/tests.json";
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1" };
const run = (command, ...args) => spawnSync(command, args, { stdio: "inherit", env }).status ?? 1;

rmSync(report, { force: true });
const status =
  run("turbo", "run", "build", "typecheck", "--output-logs=errors-only") ||
  run("vitest", "run", "--coverage", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`);
let [passed, failed] = [0, 0];
try {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
  // A file that cannot be loaded counts no failed test of its own.
  const unloadable = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  passed = numPassedTests;
  failed = numFailedTests + unloadable.length;
} catch {
  // No report: the build failed, or vitest did not start.
}
// An unhandled rejection or missing coverage fails the run and no test; the exit status alone tells.
if (failed === 0 && (status !== 0 || passed === 0)) failed = 1;
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
