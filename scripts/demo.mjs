// Build without a word unless it fails, then run the demo.
import { spawnSync } from "node:child_process";

const build = spawnSync("turbo", ["run", "build", "--filter=@tenantry/example-demo", "--output-logs=errors-only"], {
  stdio: ["ignore", "pipe", "pipe"],
  encoding: "utf8",
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
});
if (build.status === 0) {
  const demo = [`${import.meta.dirname}/../examples/demo/dist/main.js`, ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, demo, { stdio: "inherit" }).status ?? 1;
} else {
  console.error(build.error?.message ?? `${build.stdout}${build.stderr}`);
  process.exitCode = 1;
}
