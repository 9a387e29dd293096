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
  const said = answerBehind(error);
  return said === null ? null : { code: said.code };
}

interface Answer extends ServerError {
  readonly text: unknown;
}

function answerBehind(error: unknown): Answer | null {
  let current = error;
  for (let depth = 0; depth < 5 && typeof current === "object" && current !== null; depth += 1) {
    const { code, message, severity, severity_local, originalCode, originalMessage, cause, meta } = current as {
      readonly code?: unknown;
      readonly message?: unknown;
      readonly severity?: unknown;
      readonly severity_local?: unknown;
      readonly originalCode?: unknown;
      readonly originalMessage?: unknown;
      readonly cause?: unknown;
      readonly meta?: { readonly driverAdapterError?: unknown };
    };
    // An adapter of Prisma's.
    if (typeof originalCode === "string") {
      return { code: originalCode, text: originalMessage };
    }
    // postgres.js has the first of them only from servers: PgBouncer sends no more than what would be translated.
    if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && typeof (severity ?? severity_local) === "string") {
      return { code, text: message };
    }
    current = cause ?? meta?.driverAdapterError;
  }
  return null;
}

/** Whether a pooler hands each statement to another connection, and so refused to begin a transaction. It has no code for it. */
function poolsStatements(error: unknown): boolean {
  const said = answerBehind(error);
  return said?.code === "08P01" && typeof said.text === "string" && /statement pooling mode/.test(said.text);
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
  if (poolsStatements(error)) {
    return new IsolationError("isolation.no_transaction", { reason: "none" }, { cause });
  }
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
