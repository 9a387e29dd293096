/** The names of the SQLSTATEs that mean something here. */
export const SQLSTATE = {
  featureNotSupported: "0A000",
  noActiveTransaction: "25P01",
  foreignKeyViolation: "23503",
  uniqueViolation: "23505",
  serializationFailure: "40001",
  statementCompletionUnknown: "40003",
  deadlockDetected: "40P01",
  diskFull: "53100",
  outOfMemory: "53200",
  tooManyConnections: "53300",
  configurationLimitExceeded: "53400",
  lockNotAvailable: "55P03",
  queryCanceled: "57014",
  adminShutdown: "57P01",
  crashShutdown: "57P02",
  cannotConnectNow: "57P03",
  idleSessionTimeout: "57P05",
  ioError: "58030",
  readOnlyTransaction: "25006",
  idleInTransactionTimeout: "25P03",
  transactionTimeout: "25P04",
  transactionResolutionUnknown: "08007",
  invalidStatementName: "26000",
  duplicatePreparedStatement: "42P05",
} as const;

/** What we keep of a server's error: no statement, no values, no detail, which all may hold what nobody should see. */
export interface ServerError {
  readonly code: string;
  readonly constraint: string | null;
}

/** The server's error behind what a driver threw, or `null`: a code alone proves nothing, `EPIPE` has five letters too. */
export function serverError(error: unknown): ServerError | null {
  const { code, severity, constraint, constraint_name } = (error ?? {}) as {
    readonly code?: unknown;
    readonly severity?: unknown;
    readonly constraint?: unknown;
    readonly constraint_name?: unknown;
  };
  if (typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || typeof severity !== "string") {
    return null;
  }
  const name = constraint ?? constraint_name;
  return { code, constraint: typeof name === "string" ? name : null };
}

/** Whether nothing more is answered on the connection: its session was ended, or the error is no answer of a server. */
export function endsConnection(error: unknown): boolean {
  const code = serverError(error)?.code;
  return (
    code === undefined ||
    /^(08|57P)/.test(code) ||
    code === SQLSTATE.idleInTransactionTimeout ||
    code === SQLSTATE.transactionTimeout
  );
}
