import { type Rejected, reject } from "../decision.ts";
import { InvalidMetadataError } from "../error-classes.ts";
import { errorFor, isRefusal } from "../errors.ts";
import { idArgument } from "../id.ts";
import { fields, isArray, readFrom } from "../input.ts";
import { flagArgument } from "../list-input.ts";
import type { OrgId } from "../model.ts";
import type { Concern } from "../operation.ts";

const MOST_ROWS = 10_000;

/** A row whose values are in order, or why they are not. */
export type ParsedRow<Row> = { readonly ok: true; readonly row: Row } | Rejected;

/** A bulk call with its values checked. */
export interface BulkCall<Row> {
  readonly orgId: OrgId;
  readonly mode: Mode;
  readonly dryRun: boolean;
  readonly rows: readonly ParsedRow<Row>[];
}

export type Mode = "all" | "each";

/** Checks the values of a bulk call; `parse` those of a row. */
export function bulkArgument<Row>(input: unknown, parse: (orgId: OrgId, row: unknown) => Row): BulkCall<Row> {
  const given = fields(input, ["orgId", "rows", "mode", "dryRun"]);
  const orgId = idArgument("org", given.orgId);
  const mode = modeArgument(given.mode);
  const dryRun = flagArgument(given.dryRun, "dryRun");
  const { rows } = given;
  const length = lengthOf(rows, "rows");
  if (length > MOST_ROWS) {
    throw errorFor("precondition.too_many_rows", { limit: MOST_ROWS });
  }
  const isReported = mode === "each" || dryRun;
  return {
    orgId,
    mode,
    dryRun,
    rows: Array.from({ length }, (_, place) => {
      try {
        return {
          ok: true,
          row: parse(
            orgId,
            readFrom(() => (rows as readonly unknown[])[place]),
          ),
        };
      } catch (error) {
        // A malformed value is a matter of its row; a function of the host's that fails is not.
        if (!isRefusal(error)) {
          throw error;
        }
        const { code, details, cause } = error;
        if (isReported) {
          return reject(code, details);
        }
        const hidden = error instanceof InvalidMetadataError && "issues" in error ? { issues: error.issues } : {};
        throw errorFor(code, { ...details, row: place }, { cause, hidden });
      }
    }),
  };
}

/** Whom rows are about; those that are malformed are about nobody. */
export function concernsOf<Row>(rows: BulkCall<Row>["rows"], of: (row: Row) => readonly Concern[]): readonly Concern[] {
  return rows.flatMap((row) => (row.ok ? of(row.row) : []));
}

/** What rows name, each once. */
export function namedIn<Row, V>(rows: BulkCall<Row>["rows"], name: (row: Row) => V): readonly V[] {
  return [...new Set(rows.flatMap((row) => (row.ok ? [name(row.row)] : [])))];
}

export function modeArgument(value: unknown): Mode {
  if (value === undefined || value === "all" || value === "each") {
    return value ?? "all";
  }
  throw errorFor("precondition.invalid_input", { key: "mode" });
}

/** The length of an array; what only looks like one may say anything. */
export function lengthOf(value: unknown, key: string): number {
  const length: unknown = isArray(value) ? readFrom(() => value.length) : null;
  if (typeof length === "number" && Number.isInteger(length) && length >= 0) {
    return length;
  }
  throw errorFor("precondition.invalid_input", { key });
}
