// Build, run every test once, and end with a line any reader understands.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

const reports = [".out/tests-core.json", ".out/tests.json"];
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1" };
const run = (command, ...args) => spawnSync(command, args, { stdio: "inherit", env }).status ?? 1;

for (const report of reports) rmSync(report, { force: true });
const vitest = (report, ...args) =>
  run("vitest", "run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`);
const [ofCore, ofOthers] = reports;
let status = run("turbo", "run", "build", "typecheck", "--output-logs=errors-only");
if (status === 0) {
  // What covers the core are its own tests. Counting slows down whatever runs, so the others do without.
  const statuses = [vitest(ofCore, "--coverage", "--project", "core"), vitest(ofOthers, "--project", "!core")];
  status = statuses.find((each) => each !== 0) ?? 0;
}
let [passed, failed] = [0, 0];
try {
  for (const report of reports) {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
    // A file that cannot be loaded counts no failed test of its own.
    const unloadable = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
    passed += numPassedTests;
    failed += numFailedTests + unloadable.length;
  }
} catch {
  // No report: the build failed, or vitest did not start. What ran does not stand for all.
  failed += 1;
}
// An unhandled rejection or missing coverage fails the run and no test; the exit status alone tells.
if (failed === 0 && (status !== 0 || passed === 0)) failed = 1;
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
