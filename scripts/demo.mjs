// Build quietly, then run the demo on what its environment names.
import { spawnSync } from "node:child_process";

const run = (command, ...args) =>
  spawnSync(command, args, { stdio: "inherit", env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" } }).status ?? 1;

process.exitCode =
  run("turbo", "run", "build", "--filter=@tenantry/example-demo", "--output-logs=errors-only", "--log-order=grouped") ||
  run(process.execPath, "examples/demo/dist/main.js", ...process.argv.slice(2));
