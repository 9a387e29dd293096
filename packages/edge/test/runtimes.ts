import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { EdgeVM } from "@edge-runtime/vm";
import type { Task } from "../src/run.ts";
import type { Transcript } from "../src/scenario.ts";
import { bundle } from "./bundle.ts";
import { withWorkerd } from "./workerd.ts";

/** A place where the bundle runs: answers the transcript of a task. */
export type Runtime = (task: Task) => Promise<Transcript>;

/** This process, with the bundle as a module. */
export const node: Runtime = async (task) => {
  const { text } = await bundle("run.ts");
  return inFile(text, async (file) => {
    const { run } = (await import(pathToFileURL(file).href)) as { readonly run: Runtime };
    return run(task);
  });
};

/** The virtual machine of edge functions, with the bundle as a script. */
export const edgeVm: Runtime = async (task) => {
  const { text } = await bundle("run.ts", { format: "iife", globalName: "edge" });
  const vm = new EdgeVM();
  vm.evaluate(text);
  return JSON.parse(await vm.evaluate<Promise<string>>(`edge.run(${JSON.stringify(task)}).then(JSON.stringify)`));
};

export const workerd: Runtime = async (task) => {
  const { text } = await bundle("worker.ts");
  return withWorkerd(text, async (url) => {
    const response = await fetch(url, { method: "POST", body: JSON.stringify(task) });
    return (await response.json()) as Transcript;
  });
};

/** Programs that run a file; npm brings them. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  bun: ["bun@1.4.5"],
  // The driver looks at the environment for its defaults.
  deno: ["deno@2.9.6", "run", "--allow-net", "--allow-env"],
};

export function program(name: string): Runtime {
  return async (task) => {
    const { text } = await bundle("script.ts", { define: { TASK: JSON.stringify(task) } });
    return inFile(text, async (file) => {
      // Not synchronously: the endpoint is in this process.
      const { stdout } = await promisify(execFile)("npx", ["-y", ...(PROGRAMS[name] ?? [name]), file]);
      return JSON.parse(stdout) as Transcript;
    });
  };
}

async function inFile<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-edge-"));
  try {
    const file = join(folder, "bundle.mjs");
    writeFileSync(file, text);
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
