import { type CommitOutcome, StoreFault, type UnavailableCode } from "@tenantry/core";
import { NotSent, RolledBack } from "./executor.ts";
import { endsConnection, type ServerError, SQLSTATE, serverError } from "./sqlstate.ts";

// The one place where a driver's errors get their meaning: by SQLSTATE, and by whether a commit was in flight.

/**
 * What was under way: a read, which changes nothing; a statement that commits by itself; or a part of the host's
 * transaction, where nothing is committed and nothing can be done on another connection.
 */
export type Intent = "read" | "commit" | "joined";

/** Unique rules that the rules of the core know: losing a race for one of them is an ordinary outcome. */
const KNOWN_UNIQUE = [
  "org_slug_held_once",
  "mem_one_live",
  "mem_replaced_once",
  "mem_one_per_invitation",
  "tup_granted_once",
  "idem_key_used_once",
  "joins_user_once",
  "domain_verified_once",
];
/** Foreign keys to the host's users table, where it is linked, end like this. */
export const USERS_LINK_SUFFIX = "_user_known";

/** The ordinary outcome that an error of a commit stands for. Throws a `StoreFault` for every other error. */
export function commitOutcome(error: unknown, intent: Intent = "commit"): CommitOutcome {
  const server = serverError(error);
  if (
    server?.code === SQLSTATE.uniqueViolation &&
    server.constraint !== null &&
    KNOWN_UNIQUE.includes(server.constraint)
  ) {
    return { outcome: "conflict", constraint: server.constraint };
  }
  if (server?.code === SQLSTATE.foreignKeyViolation && server.constraint?.endsWith(USERS_LINK_SUFFIX)) {
    return { outcome: "unknown_user" };
  }
  throw faultOf(error, intent);
}

/** Whether a prepared statement was refused for what it was prepared as: gone, there already, or of other columns. */
export function isStalePreparation(error: unknown): boolean {
  const code = serverError(error)?.code;
  return (
    code === SQLSTATE.invalidStatementName ||
    code === SQLSTATE.duplicatePreparedStatement ||
    code === SQLSTATE.featureNotSupported
  );
}

/** What an error means for the one who asked. */
export function faultOf(error: unknown, intent: Intent): StoreFault {
  if (error instanceof StoreFault) {
    return error;
  }
  if (error instanceof NotSent) {
    return notSent(error.cause, intent);
  }
  const server = serverError(error);
  if (server !== null) {
    return answered(server, intent, error);
  }
  const cause = trace(error);
  if (error instanceof RolledBack) {
    return new StoreFault("bug", { cause });
  }
  if (isClosed(error)) {
    return new StoreFault("unavailable", { code: "unavailable.closed", cause });
  }
  const code = /timeout/i.test(messageOf(error)) ? "unavailable.timeout" : "unavailable.connection";
  return lost(intent, code, cause);
}

/** Whatever is not an answer of the server left the statement in flight. */
function lost(intent: Intent, code: UnavailableCode, cause: Error): StoreFault {
  switch (intent) {
    case "read":
      return new StoreFault("retryable", { code, cause });
    case "commit":
      return new StoreFault("indeterminate", { code, cause });
    case "joined":
      // The transaction is lost with its connection, so certainly nothing was committed.
      return new StoreFault("unavailable", { code, cause });
  }
}

function answered(server: ServerError, intent: Intent, error: unknown): StoreFault {
  const cause = trace(error);
  switch (server.code) {
    case SQLSTATE.serializationFailure:
      // The host's transaction as a whole would have to be repeated.
      return new StoreFault(intent === "joined" ? "unavailable" : "contention", {
        code: "unavailable.contention",
        cause,
      });
    case SQLSTATE.deadlockDetected:
    case SQLSTATE.lockNotAvailable:
      return new StoreFault("contention", { code: "unavailable.contention", cause });
    case SQLSTATE.queryCanceled:
      return new StoreFault("retryable", { code: "unavailable.timeout", cause });
    case SQLSTATE.diskFull:
    case SQLSTATE.outOfMemory:
    case SQLSTATE.configurationLimitExceeded:
    case SQLSTATE.ioError:
    case SQLSTATE.readOnlyTransaction:
      return new StoreFault("unavailable", { code: "unavailable.server", cause });
    case SQLSTATE.cannotConnectNow:
    case SQLSTATE.tooManyConnections:
      return new StoreFault("retryable", { code: "unavailable.server", cause });
    case SQLSTATE.transactionResolutionUnknown:
    case SQLSTATE.statementCompletionUnknown:
      return lost(intent, "unavailable.connection", cause);
    case SQLSTATE.adminShutdown:
    case SQLSTATE.crashShutdown:
    case SQLSTATE.idleSessionTimeout:
    case SQLSTATE.idleInTransactionTimeout:
    case SQLSTATE.transactionTimeout:
      // Poolers and drivers may hand over the answer to an earlier statement, so this one may still take effect.
      return lost(intent, "unavailable.connection", cause);
    default:
      return server.code.startsWith("08")
        ? lost(intent, "unavailable.connection", cause)
        : new StoreFault("bug", { cause });
  }
}

/** No connection could be had. Wrong credentials, a missing database or a missing right do not heal by trying again. */
function notSent(error: unknown, intent: Intent): StoreFault {
  const cause = trace(error);
  const code = serverError(error)?.code;
  if (code === SQLSTATE.cannotConnectNow || code === SQLSTATE.tooManyConnections) {
    return new StoreFault("retryable", { code: "unavailable.server", cause });
  }
  if (code?.startsWith("28") || code === "3D000" || code === "42501") {
    return new StoreFault("bug", { cause });
  }
  if (isClosed(error)) {
    return new StoreFault("unavailable", { code: "unavailable.closed", cause });
  }
  if (/timeout exceeded when trying to connect/i.test(messageOf(error))) {
    return new StoreFault("unavailable", { code: "unavailable.pool_timeout", cause });
  }
  // The host's transaction went with its connection, and another one has nothing of it.
  return new StoreFault(intent === "joined" ? "unavailable" : "retryable", { code: "unavailable.connection", cause });
}

function isClosed(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return (
    code === "CONNECTION_ENDED" ||
    /after calling end on the pool|PGlite is closed|PGlite is closing/i.test(messageOf(error))
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

/** No such table, schema, column or function. */
const UNMIGRATED: readonly string[] = ["42P01", "3F000", "42703", "42883"];

/** What may be told of a driver's error: its code and the constraint, or the system's code. Its text may quote values. */
function trace(error: unknown): Error {
  const server = serverError(error);
  const code = server?.code ?? (error as { readonly code?: unknown } | null)?.code;
  const told = typeof code === "string" ? code : error instanceof Error ? error.name : typeof error;
  const where = server?.constraint ? ` (${server.constraint})` : "";
  const hint = UNMIGRATED.includes(told) ? ": run the migrations in the schema that the store's options name" : "";
  const kept = new Error(`database error ${told}${where}${hint}`);
  kept.name = "DatabaseError";
  return kept;
}

/** Whether the server itself refused the statement, and neither the session nor what it has prepared suffered. */
export function isAsGoodAsBefore(error: unknown): boolean {
  return !endsConnection(error) && !isStalePreparation(error);
}
