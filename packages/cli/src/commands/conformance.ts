import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, looking } from "../command.ts";
import { many, oneOf, required, text, whole } from "../option.ts";
import { CliError, EXIT, type Exit } from "../problem.ts";

export const runConformance: Command = looking({
  name: "conformance run",
  summary: "prove that a store behaves",
  description:
    "Runs the suite of @tenantry/conformance over the store that a module exports. Its documentation says what the module exports, and what the levels mean.",
  args: { module: required(text("module", "the file that exports the store")) },
  options: {
    profile: oneOf("profile", "seconds or minutes", ["quick", "long"]),
    seed: whole("number", "where chance begins (1)", 0),
    only: many("part", "a level, or a part of a test's name"),
    junit: text("file", "write the result as continuous integration reads it"),
    report: text("file", "write a page"),
  },
  prints: "what the suite found out, as its own `--json` writes it",
  examples: [{ line: "tenantry conformance run ./store.mjs --profile long", says: "Minutes, and all levels." }],
  async run({ args, options: { profile, seed, only, junit, report }, out, io, signal }) {
    const kit = createRequire(import.meta.url).resolve("@tenantry/conformance/package.json");
    const folder = mkdtempSync(join(tmpdir(), "tenantry-conformance-"));
    try {
      const result = join(folder, "result.json");
      const given = [
        ...(profile === undefined ? [] : ["--profile", profile]),
        ...(seed === undefined ? [] : ["--seed", String(seed)]),
        ...only.flatMap((part) => ["--only", part]),
        ...(junit === undefined ? [] : ["--junit", junit]),
        ...(report === undefined ? [] : ["--report", report]),
        ...(out.isJson ? ["--json", result] : []),
      ];
      const child = spawn(process.execPath, [join(kit, "../dist/cli/main.js"), "run", args.module, ...given], {
        cwd: io.cwd,
        stdio: ["ignore", "pipe", "pipe"],
        signal,
      });
      child.stdout.on("data", (chunk) => (out.isJson ? io.stderr : io.stdout).write(chunk));
      child.stderr.on("data", (chunk) => io.stderr.write(chunk));
      const status = await new Promise<number | null>((finish, fail) => {
        child.once("close", finish);
        child.once("error", fail);
      });
      if (out.isJson && status !== EXIT.usage) {
        out.document(JSON.parse(readFileSync(result, "utf8")));
      }
      return exitOf(status);
    } catch (error) {
      if (signal.aborted) {
        throw new CliError("cli.interrupted", "Interrupted: the suite was stopped.");
      }
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

/** The suite ends with 1 where something failed: to this program these are findings. */
function exitOf(status: number | null): Exit {
  switch (status) {
    case 0:
      return EXIT.done;
    case 1:
      return EXIT.findings;
    default:
      return EXIT.usage;
  }
}
