#!/usr/bin/env node
import { EXIT, kindOf, NobodyReads } from "./problem.ts";
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
const { stdin, stdout, stderr, env } = process;
/** Why what was printed is not complete, besides that nobody reads it. */
let unwritten: Error | null = null;
function notWritten(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") {
    // `tenantry orgs list | head`: what lists stops, and what has come of anything else is still told by the status.
    interruption.abort(new NobodyReads());
  } else if (error.code !== "ERR_STREAM_DESTROYED") {
    unwritten ??= error;
  }
}
stdout.on("error", notWritten);
// Without anybody to complain to the work goes on.
stderr.on("error", () => {});

const status = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  cwd: process.cwd(),
  signal: interruption.signal,
});
// A configuration may have left a pool open, and what was printed may still be on its way.
stdout.write("", (error) => {
  // The event may be later than this.
  if (error) {
    notWritten(error);
  }
  if (unwritten === null || status !== EXIT.done) {
    process.exit(status);
  }
  const text = `What was done is done, but standard output could not be written to its end. (${kindOf(unwritten)})`;
  stderr.write(`tenantry: cli.output: ${text}\n`, () => process.exit(EXIT.refused));
});
