import {
  InternalError,
  IsolationError,
  type TenancyError,
  type UnavailableCode,
  UnavailableError,
} from "@tenantry/core";

/** What we keep of a server's error: no statement, no value. */
export interface ServerError {
  readonly code: string;
}

/** The server's error behind what a driver or an ORM threw, or `null`: a code alone proves nothing. */
export function serverError(error: unknown): ServerError | null {
  let current = error;
  for (let depth = 0; depth < 5 && typeof current === "object" && current !== null; depth += 1) {
    const { code, severity, originalCode, cause, meta } = current as {
      readonly code?: unknown;
      readonly severity?: unknown;
      readonly originalCode?: unknown;
      readonly cause?: unknown;
      readonly meta?: { readonly driverAdapterError?: unknown };
    };
    // An adapter of Prisma's.
    if (typeof originalCode === "string") {
      return { code: originalCode };
    }
    if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && typeof severity === "string") {
      return { code };
    }
    current = cause ?? meta?.driverAdapterError;
  }
  return null;
}

/** Whether nothing more is answered on the connection: its session was ended, or the error is no answer of a server. */
export function endsConnection(error: unknown): boolean {
  const code = serverError(error)?.code;
  return code === undefined || /^(08|57P)/.test(code) || code === "25P03" || code === "25P04";
}

/** What an error means that nobody's own statement caused: at connecting, beginning, or letting a tenant in. */
export function entryFault(error: unknown): TenancyError {
  const code = serverError(error)?.code;
  const cause = trace(error);
  switch (code) {
    // No such schema, no such role, no such database: the place was never made, or is gone.
    case "3F000":
    case "22023":
    case "3D000":
      return new IsolationError("isolation.not_provisioned", {}, { cause });
    case "57P03":
    case "53300":
      return new UnavailableError("unavailable.server", {}, { cause });
    case "57014":
      return new UnavailableError("unavailable.timeout", {}, { cause });
  }
  if (code !== undefined && !endsConnection(error)) {
    return new InternalError("internal.unexpected", {}, { cause });
  }
  return new UnavailableError(unreached(error), {}, { cause });
}

function unreached(error: unknown): UnavailableCode {
  const message = error instanceof Error ? error.message : "";
  if (/timeout exceeded when trying to connect/i.test(message)) {
    return "unavailable.pool_timeout";
  }
  return /after calling end on the pool|CONNECTION_ENDED/i.test(message)
    ? "unavailable.closed"
    : "unavailable.connection";
}

export function commitUnknown(error: unknown): IsolationError {
  return new IsolationError("isolation.commit_unknown", {}, { cause: trace(error) });
}

/** What may be told of a driver's error: its code alone. Its text may quote values. */
export function trace(error: unknown): Error {
  const code = serverError(error)?.code ?? (error as { readonly code?: unknown } | null)?.code;
  const kept = new Error(
    `database error ${typeof code === "string" ? code : error instanceof Error ? error.name : typeof error}`,
  );
  kept.name = "DatabaseError";
  return kept;
}
