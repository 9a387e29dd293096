import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { serve } from "@hono/node-server";
import { createApp } from "./app.ts";
import { openBackend } from "./backend.ts";
import type { Strategy } from "./places.ts";
import { prepare } from "./prepare.ts";
import { throwAwayDatabase } from "./throw-away.ts";

/** On a database of its own that is gone afterwards, or on those that OWNER_DATABASE_URL and APP_DATABASE_URL name. */
export async function serveAtelier(strategy: Strategy): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: "string", default: process.env["PORT"] ?? "3000" } } });
  const port = Number(values.port);
  const home = new URL(`http://saas.localhost:${port}/`);

  const database = await throwAwayDatabase(process.env);
  await prepare({ ...database, strategy });
  const backend = await openBackend({
    ...database,
    strategy,
    home,
    secret: randomBytes(48),
    origin: `http://127.0.0.1:${port}`,
  });
  const server = serve({ fetch: createApp(backend).fetch, hostname: "127.0.0.1", port }, () => {
    console.log(`Atelier is at ${home.href}\nEnd it with Ctrl-C.`);
  });
  backend.webhooks.start();
  // What somebody asked to have deleted is ended once its time has come.
  const timer = setInterval(() => void backend.lifecycle.runDue({ limit: 100 }).catch(console.error), 60_000);

  async function end(): Promise<void> {
    clearInterval(timer);
    server.close();
    await backend.close();
    await database.close();
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void end());
  }
}
