#!/usr/bin/env node
import { EXIT } from "./problem.ts";
import { run } from "./run.ts";

const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // Whoever asks twice does not want to wait for what was begun.
    if (interruption.signal.aborted) {
      process.exit(EXIT.interrupted);
    }
    interruption.abort();
  });
}
// `tenantry orgs list | head`: nobody reads any more.
process.stdout.on("error", () => process.exit(EXIT.done));

const { stdin, stdout, stderr, env } = process;
const status = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  cwd: process.cwd(),
  signal: interruption.signal,
});
// A configuration may have left a pool open, and what was printed may still be on its way.
stdout.write("", () => process.exit(status));
