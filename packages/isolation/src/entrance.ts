import { type OrgId, uuidOf } from "@tenantry/core";
import type { Admitted } from "./admission.ts";
import type { Statement } from "./driver.ts";
import type { Prover } from "./proof.ts";

/** Where the database finds the tenant of a transaction. */
export const SETTING = "tenantry.org_id";

/** How a strategy lets a tenant in. */
export interface Entrance {
  /** Settings of the transaction besides the tenant itself, each an expression over one value, in the order of their setting. */
  readonly parts: (orgId: OrgId) => readonly (readonly [setting: string, expression: string, value: string])[];
  readonly prove: Prover;
}

/** One statement that lets the tenant in, for the rest of the transaction and no longer. */
export async function entryOf(
  entrance: Entrance,
  { tenant, statementTimeoutMs, idleTimeoutMs }: Admitted,
): Promise<Statement> {
  const timeouts: (readonly [string, string, string])[] = [
    ["idle_in_transaction_session_timeout", "$", String(idleTimeoutMs)],
  ];
  if (statementTimeoutMs !== null) {
    timeouts.push(["statement_timeout", "$", String(statementTimeoutMs)]);
  }
  return settings([...timeouts, ...(await contextOf(entrance, tenant.org.id))]);
}

/** The settings that say who the tenant is. */
export async function contextOf(
  { parts, prove }: Entrance,
  orgId: OrgId,
): Promise<readonly (readonly [setting: string, expression: string, value: string])[]> {
  return [[SETTING, "$", await prove(uuidOf(orgId))], ...parts(orgId)];
}

/** `$` in an expression is its value. The text is constant for a shape. */
export function settings(parts: readonly (readonly [setting: string, expression: string, value: string])[]): Statement {
  const calls = parts.map(
    ([name, expression], index) => `set_config('${name}', ${expression.replace("$", `$${index + 1}::text`)}, true)`,
  );
  return { text: `select ${calls.join(", ")}`, values: parts.map(([, , value]) => value) };
}

/** What settings are at present, as the columns `s0`, `s1` … */
export function readSettings(names: readonly string[]): Statement {
  const columns = names.map((name, index) => `current_setting('${name}', true) as s${index}`);
  return { text: `select ${columns.join(", ")}`, values: [] };
}
