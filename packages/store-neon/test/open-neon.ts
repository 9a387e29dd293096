import { neonConfig } from "@neondatabase/serverless";
import { type NeonEndpoint, type OpenDatabase, openDatabase, startNeonEndpoint } from "@tenantry/testkit";
import { inject } from "vitest";
import { WebSocket } from "ws";

/** A database of one's own on Neon. */
export interface OpenNeon {
  readonly url: string;
  close(): Promise<void>;
}

export interface OpenLocalNeon extends OpenNeon {
  readonly endpoint: NeonEndpoint;
  /** The same database without Neon in between. */
  readonly database: OpenDatabase;
}

/** An empty database, on the service that `NEON_DATABASE_URL` names or behind an endpoint of our own. */
export async function openNeon(): Promise<OpenNeon> {
  const given = process.env["NEON_DATABASE_URL"];
  if (given === undefined || given === "") {
    return openLocalNeon();
  }
  neonConfig.webSocketConstructor = WebSocket;
  return openDatabase(given);
}

/** An empty database behind an endpoint of our own: for tests that count requests or disturb them. */
export async function openLocalNeon(): Promise<OpenLocalNeon> {
  const database = await openDatabase(inject("databaseUrl"));
  const endpoint = await startNeonEndpoint(database.url);
  // The driver knows one service for the whole module, so one endpoint serves a test file.
  Object.assign(neonConfig, endpoint.neonConfig);
  return {
    url: database.url,
    endpoint,
    database,
    async close() {
      await endpoint.stop();
      await database.close();
    },
  };
}
