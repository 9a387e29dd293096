import type { IncomingHttpHeaders } from "node:http";
import pg from "pg";

// Neon's HTTP protocol: what a request means, and how results and errors look. Nothing here is sent or executed.

/** One statement; every value is text already. */
export interface NeonQuery {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** What a request asks for. */
export interface NeonRequest {
  readonly connectionString: string;
  readonly queries: readonly NeonQuery[];
  /** The statement that begins the transaction of a batch; `null` for a single statement. */
  readonly begin: string | null;
}

/** An answer as it goes over the network. */
export interface NeonAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The protocol itself is violated: 400 without a code of PostgreSQL. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
}

const ISOLATION_LEVELS: ReadonlyMap<string, string> = new Map([
  ["ReadUncommitted", "isolation level read uncommitted"],
  ["ReadCommitted", "isolation level read committed"],
  ["RepeatableRead", "isolation level repeatable read"],
  ["Serializable", "isolation level serializable"],
]);
const READ_ONLY: ReadonlyMap<string, string> = new Map([
  ["true", "read only"],
  ["false", "read write"],
]);
const DEFERRABLE: ReadonlyMap<string, string> = new Map([
  ["true", "deferrable"],
  ["false", "not deferrable"],
]);
/** The headers of a batch, in the order in which `begin` takes what they mean. */
const MODES = [
  ["neon-batch-isolation-level", ISOLATION_LEVELS],
  ["neon-batch-read-only", READ_ONLY],
  ["neon-batch-deferrable", DEFERRABLE],
] as const;

/** Throws `BadRequest`. */
export function decodeRequest(headers: IncomingHttpHeaders, body: string): NeonRequest {
  const connectionString = headers["neon-connection-string"];
  if (typeof connectionString !== "string" || !URL.canParse(connectionString)) {
    throw new BadRequest("a connection string is missing");
  }
  if (headers["neon-raw-text-output"] !== "true" || headers["neon-array-mode"] !== "true") {
    throw new BadRequest("only raw text in arrays is served");
  }
  const json = parse(body);
  if (!("queries" in json)) {
    return { connectionString, queries: [decodeQuery(json)], begin: null };
  }
  if (!Array.isArray(json["queries"])) {
    throw new BadRequest("queries is not an array");
  }
  const modes = MODES.map(([header, meanings]) => mode(headers[header], meanings));
  const begin = ["begin", ...modes.filter((part) => part !== null)].join(" ");
  return { connectionString, queries: json["queries"].map(decodeQuery), begin };
}

function parse(body: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new BadRequest("the body is not JSON");
  }
  if (typeof json !== "object" || json === null) {
    throw new BadRequest("the body is not an object");
  }
  return json as Readonly<Record<string, unknown>>;
}

function mode(value: string | string[] | undefined, meanings: ReadonlyMap<string, string>): string | null {
  if (value === undefined) {
    return null;
  }
  const meaning = meanings.get(String(value));
  if (meaning === undefined) {
    throw new BadRequest("unknown mode of a batch");
  }
  return meaning;
}

function decodeQuery(json: unknown): NeonQuery {
  const { query, params = [] } = (json ?? {}) as { readonly query?: unknown; readonly params?: unknown };
  const isText = (value: unknown): value is string | null => value === null || typeof value === "string";
  if (typeof query !== "string" || !Array.isArray(params) || !params.every(isText)) {
    throw new BadRequest("a query is a text and parameters of text or null");
  }
  return { text: query, values: params };
}

/** The modes of a batch that were asked for, which its answer repeats. */
export function echoedHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    MODES.flatMap(([header]) => {
      const value = headers[header];
      return typeof value === "string" ? [[header, value]] : [];
    }),
  );
}

/** A result whose values are the server's text. */
export function encodeResult({ fields, rows, command, rowCount }: pg.QueryArrayResult): object {
  return {
    fields: fields.map(({ name, tableID, columnID, dataTypeID, dataTypeSize, dataTypeModifier }) => ({
      name,
      dataTypeID,
      tableID,
      columnID,
      dataTypeSize,
      dataTypeModifier,
      format: "text",
    })),
    rows,
    rowAsArray: true,
    command,
    rowCount,
  };
}

/** An error of PostgreSQL, or of the request, as status 400; anything else is a failure of the endpoint. */
export function encodeError(error: unknown): NeonAnswer {
  if (error instanceof pg.DatabaseError) {
    return { status: 400, body: JSON.stringify(errorFields(error)) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof BadRequest
    ? { status: 400, body: JSON.stringify(errorFields({ message })) }
    : { status: 500, body: message };
}

type ErrorFields = Partial<Omit<pg.DatabaseError, "name" | "length">> & { readonly message: string };

function errorFields(error: ErrorFields): Readonly<Record<string, string | null>> {
  return {
    message: error.message,
    severity: error.severity ?? null,
    code: error.code ?? null,
    detail: error.detail ?? null,
    hint: error.hint ?? null,
    position: error.position ?? null,
    internalPosition: error.internalPosition ?? null,
    internalQuery: error.internalQuery ?? null,
    where: error.where ?? null,
    schema: error.schema ?? null,
    table: error.table ?? null,
    column: error.column ?? null,
    dataType: error.dataType ?? null,
    constraint: error.constraint ?? null,
    file: error.file ?? null,
    line: error.line ?? null,
    routine: error.routine ?? null,
  };
}
