import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

/** What the worker finds in its environment. */
type Bindings = Readonly<Record<string, string>>;

// Without Node's modules: the flags say so, because late compatibility dates (seen: from September 2026) bring them unasked.
// A worker's network is for public addresses unless one is declared that allows others.
const configFor = (bindings: Bindings): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.js")],
      compatibilityDate = "2026-11-01",
      compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"],
      bindings = [${Object.entries(bindings).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`)}],
    )),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

/** Its main module is the path of the program. */
const { default: program } = createRequire(import.meta.url)("workerd") as { readonly default: string };

/** Runs a worker in workerd and calls it at its address. Throws what workerd says if the worker does not start. */
export async function withWorkerd<T>(
  worker: string,
  use: (url: string) => Promise<T>,
  bindings: Bindings = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-workerd-"));
  writeFileSync(join(folder, "worker.js"), worker);
  writeFileSync(join(folder, "config.capnp"), configFor(bindings));
  const errors = openSync(join(folder, "errors"), "w");
  const server = spawn(program, ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "ignore", errors, "pipe"],
  });
  const kill = (): unknown => server.kill();
  process.once("exit", kill);
  const ended = once(server, "exit");
  try {
    const control = server.stdio[3] as Readable;
    // One line of JSON when it listens, on the port that the system chose.
    const started = await Promise.race([once(control.setEncoding("utf8"), "data"), ended.then(() => null)]);
    if (started === null) {
      throw new Error(readFileSync(join(folder, "errors"), "utf8"));
    }
    const { port } = JSON.parse(started[0]) as { readonly port: number };
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    process.off("exit", kill);
    server.kill();
    await ended;
    closeSync(errors);
    rmSync(folder, { recursive: true, force: true });
  }
}
