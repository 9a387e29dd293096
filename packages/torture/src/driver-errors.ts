import type { DriverErrors } from "@tenantry/conformance/faults";
import type { Driver } from "./driver.ts";

/** An answer of the server, as pg and postgres.js throw it. What it says is no caller's business. */
function answered(code: string, constraint?: string): () => unknown {
  return () =>
    Object.assign(new Error("canary in a message"), {
      code,
      severity: "ERROR",
      detail: "canary in a detail",
      constraint,
      constraint_name: constraint,
    });
}

const withCode = (code: string) => () => Object.assign(new Error(`canary ${code}`), { code });

/** Without a status of its own a request is one that the driver could not fetch. */
const fetchFailed = (code: string) => () =>
  Object.assign(new Error("Error connecting to database"), {
    name: "NeonDbError",
    sourceError: Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error(code), { code }) }),
  });

/** How each driver tells that it had no connection to send anything on. */
const notSent: Readonly<Record<Driver, () => unknown>> = {
  pg: () => new Error("Client has encountered a connection error and is not queryable"),
  "postgres.js": withCode("ECONNREFUSED"),
  "Neon HTTP": fetchFailed("ECONNREFUSED"),
  "Neon WebSocket": () => new Error("Client has encountered a connection error and is not queryable"),
};

/** How each driver tells that a connection is lost under a statement. */
const lost: Readonly<Record<Driver, () => unknown>> = {
  pg: () => new Error("Connection terminated unexpectedly"),
  "postgres.js": withCode("CONNECTION_CLOSED"),
  "Neon HTTP": fetchFailed("UND_ERR_SOCKET"),
  "Neon WebSocket": () => new Error("Connection terminated unexpectedly"),
};

export function driverErrors(driver: Driver): DriverErrors {
  return {
    notSent: notSent[driver],
    lost: lost[driver],
    contention: [answered("40001"), answered("40P01"), answered("55P03")],
    cancelled: answered("57014"),
    timeout: () => new Error("Query read timeout"),
    unknown: [
      () => undefined,
      () => "canary",
      () => ({}),
      withCode("ECONNRESET"),
      answered("57P01"),
      answered("08006"),
    ],
    unexpected: [answered("23502"), answered("42P01"), answered("XX000"), answered("23505", "org_id_unique")],
  };
}
