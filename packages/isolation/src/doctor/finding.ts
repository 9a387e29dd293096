import type { IsolationCode } from "@tenantry/core";
import type { Row } from "../driver.ts";
import type { TableDeclaration } from "../table-declaration.ts";

/** What a finding is called; the first are those of errors. */
export type FindingCode =
  | Extract<
      IsolationCode,
      | "isolation.unsafe_role"
      | "isolation.rls_not_forced"
      | "isolation.policy_missing"
      | "isolation.cross_tenant_reference"
      | "isolation.leaky_object"
      | "isolation.unclassified_table"
      | "isolation.public_connect"
      | "isolation.not_provisioned"
      | "isolation.server_version"
    >
  | "isolation.policy_extra"
  | "isolation.missing_index"
  | "isolation.clock_skew"
  | "isolation.shared_role";

export interface Finding {
  readonly code: FindingCode;
  /** With an error tenants are not kept apart, or will not be. */
  readonly severity: "error" | "warning";
  /** What it is about: a table, a policy of a table, a role … */
  readonly object: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Asks a database: a text, and its values as text. */
export type SqlQuery = (text: string, values: readonly (string | null)[]) => Promise<readonly Row[]>;

/** One thing that the doctor looks at. */
export type Check = (query: SqlQuery, tables: TableDeclaration) => Promise<readonly Finding[]>;

export function error(code: FindingCode, object: string, remedy: string): Finding {
  return { code, severity: "error", object, remedy };
}

export function warning(code: FindingCode, object: string, remedy: string): Finding {
  return { code, severity: "warning", object, remedy };
}
