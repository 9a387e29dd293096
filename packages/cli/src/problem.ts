import { isTenancyError } from "@tenantry/core";
import { NotSent } from "@tenantry/store-sql";

/** What the program ends with. */
export const EXIT = { done: 0, refused: 1, usage: 2, findings: 3, unavailable: 4, interrupted: 130 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** What each status means, for help and documentation. */
export const EXITS: readonly (readonly [status: Exit, meaning: string])[] = [
  [EXIT.done, "done"],
  [EXIT.refused, "refused; the code is on standard error"],
  [EXIT.usage, "not understood, or the configuration is wrong"],
  [EXIT.findings, "there are findings, or some of several failed"],
  [EXIT.unavailable, "the database is unavailable, or busy with the same: try again"],
  [EXIT.interrupted, "interrupted; what was begun is finished, the rest is not begun"],
];

const exits: { readonly [C in CliCode]: Exit } = {
  "cli.usage": EXIT.usage,
  "cli.config": EXIT.usage,
  "cli.not_confirmed": EXIT.refused,
  "cli.interrupted": EXIT.interrupted,
};
type CliCode = "cli.usage" | "cli.config" | "cli.not_confirmed" | "cli.interrupted";

/** What the command line itself refuses. Everything else is an error of the packages. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliCode;

  constructor(code: CliCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** An error as a line, and the status it ends with. */
export interface Problem {
  readonly code: string;
  readonly text: string;
  readonly exit: Exit;
}

/** What an error comes to. Of foreign ones only class and code are told: their messages may hold anybody's values. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CliError) {
    return { code: error.code, text: error.message, exit: exits[error.code] };
  }
  if (isTenancyError(error)) {
    const { code, message, retryable, cause } = error;
    const isAway = retryable || /^(unavailable|indeterminate)\./.test(code);
    const exit = isAway ? EXIT.unavailable : code.startsWith("config.") ? EXIT.usage : EXIT.refused;
    return { code, text: code === "internal.unexpected" ? `${message} (${kindOf(cause)})` : message, exit };
  }
  if (error instanceof NotSent || isConnectionLost(error)) {
    const why = kindOf(error instanceof NotSent ? error.cause : error);
    return {
      code: "unavailable.connection",
      text: `The database could not be reached. (${why})`,
      exit: EXIT.unavailable,
    };
  }
  return { code: "internal.unexpected", text: `An unexpected error occurred. (${kindOf(error)})`, exit: EXIT.refused };
}

/** Class and code, as `DatabaseError 42501`. */
export function kindOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return typeof error;
  }
  const { code } = error as Error & { readonly code?: unknown };
  return typeof code === "string" && /^[\w.-]{1,64}$/.test(code) ? `${error.name} ${code}` : error.name;
}

/** What the network or a server that is starting, stopping or full says, where no store stands in between. */
function isConnectionLost(error: unknown): boolean {
  if (error instanceof AggregateError) {
    return error.errors.some(isConnectionLost);
  }
  const { code, syscall } = Object(error) as { readonly code?: unknown; readonly syscall?: unknown };
  return typeof syscall === "string"
    ? syscall === "connect" || syscall.startsWith("getaddrinfo") || syscall === "read"
    : typeof code === "string" && /^(08...|53300|57P0[123])$/.test(code);
}

/** Thrown between two pages once nobody reads what is printed: why a signal was given, and no failure. */
export class NobodyReads extends Error {
  override readonly name = "NobodyReads";
}

/** Throws between two units of work once Ctrl-C was pressed, or {@link NobodyReads}. */
export function stopIfInterrupted(signal: AbortSignal): void {
  if (signal.reason instanceof NobodyReads) {
    throw signal.reason;
  }
  if (signal.aborted) {
    throw new CliError("cli.interrupted", "Interrupted: what was begun is done, the rest is not begun.");
  }
}

/** The status of a search. Whoever read one finding and went away is told by it that there was one, and no more is known. */
export async function searched(search: () => Promise<Exit>): Promise<Exit> {
  try {
    return await search();
  } catch (error) {
    if (error instanceof NobodyReads) {
      return EXIT.findings;
    }
    throw error;
  }
}
