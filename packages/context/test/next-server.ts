import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Running } from "./running.ts";

/** What a test lets the application of Next.js do. */
export interface NextHandlers {
  readonly route: (request: Request) => Promise<Response>;
  readonly page: (headers: Headers) => Promise<string>;
}

// Next.js bundles what it serves, so the application asks for its handlers where the test left them.
const place = Symbol.for("@tenantry/context next handlers");
const asked = `globalThis[Symbol.for(${JSON.stringify(place.description)})]`;

const METHODS = ["GET", "POST"];
const FILES: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ private: true, type: "module" }),
  "next.config.mjs": "export default { eslint: { ignoreDuringBuilds: true } };",
  "app/[[...path]]/route.js": [
    'export const dynamic = "force-dynamic";',
    ...METHODS.map((method) => `export const ${method} = (request) => ${asked}.route(request);`),
  ].join("\n"),
  "app/component/page.js": `import { headers } from "next/headers";
import { createElement } from "react";
export const dynamic = "force-dynamic";
export default async function Page() {
  return createElement("pre", null, await ${asked}.page(await headers()));
}`,
  "app/component/layout.js": `import { createElement } from "react";
export default function Layout({ children }) {
  return createElement("html", null, createElement("body", null, children));
}`,
};

interface NextApp {
  prepare(): Promise<void>;
  getRequestHandler(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  close(): Promise<void>;
}
// Its types for modules do not say that it can be called.
const createNext = createRequire(import.meta.url)("next") as (options: {
  readonly dev: boolean;
  readonly dir: string;
  readonly hostname: string;
  readonly port: number;
}) => NextApp;

const dir = fileURLToPath(new URL("../.out/next-app", import.meta.url));

/** Builds the application and serves it in this process. */
export async function serveNext(handlers: NextHandlers): Promise<Running> {
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  const program = join(dirname(createRequire(import.meta.url).resolve("next/package.json")), "dist/bin/next");
  const env = { ...process.env, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  const building = spawn(process.execPath, [program, "build"], { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  for (const stream of [building.stdout, building.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
  }
  const [status] = await once(building, "close");
  if (status !== 0) {
    throw new Error(said.join(""));
  }
  Object.assign(globalThis, { [place]: handlers });
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const app = createNext({ dev: false, dir, hostname: "127.0.0.1", port });
  await app.prepare();
  const handle = app.getRequestHandler();
  server.on("request", (request, response) => void handle(request, response));
  return {
    port,
    async close() {
      server.closeAllConnections();
      server.close();
      await app.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
