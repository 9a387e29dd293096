import { visibilityBody, visibilityFunction } from "../policies/generate-policies.ts";
import { proofBody } from "../policies/proof-script.ts";
import { tenantDefault } from "../policies/tenant-expression.ts";
import { bare } from "./expression.ts";
import { type Check, error, type Finding, warning } from "./finding.ts";
import { OWNED, ownedValues } from "./relations.ts";

// What the script of generatePolicies makes besides policies.

const AGAIN = "run the script of generatePolicies again";

const FUNCTION = `select p.prosrc as body, p.prosecdef and p.proconfig = array['search_path=pg_catalog, pg_temp'] as is_closed
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
 where n.nspname = $1 and p.proname = $2`;

/** The functions that policies believe. */
export const functions: Check = async (query, tables) => {
  const { schema, ownSchema, proof } = tables;
  const expected: (readonly [schema: string, name: string, body: string])[] = Object.entries(tables.tables).flatMap(
    ([name, { visibleTo }]) =>
      visibleTo === null ? [] : [[schema, visibilityFunction(name), visibilityBody(tables, visibleTo)] as const],
  );
  if (proof === "hmac") {
    expected.push([ownSchema, "current_org", proofBody(ownSchema)]);
  }
  const findings: Finding[] = [];
  for (const [place, name, body] of expected) {
    const found = await query(FUNCTION, [place, name]);
    if (found.length === 0 || found.some((row) => row["body"] !== body || row["is_closed"] !== true)) {
      findings.push(error("isolation.policy_missing", `${place}.${name}()`, AGAIN));
    }
  }
  return findings;
};

const DEFAULTS = `with ${OWNED}
select o.name, pg_get_expr(d.adbin, d.adrelid) as default
  from owned o
  join pg_attribute a on a.attrelid = o.oid and a.attname = $3
  left join pg_attrdef d on d.adrelid = o.oid and d.adnum = a.attnum
 where not o.is_partition
 order by 1`;

/** Without it a row has to name its tenant; the policies refuse another one. */
export const defaults: Check = async (query, tables) => {
  const expected = bare(tenantDefault(tables));
  return (await query(DEFAULTS, [...ownedValues(tables), tables.orgColumn]))
    .filter((row) => bare(row["default"]) !== expected)
    .map(({ name }) => warning("isolation.policy_missing", `default of ${tables.orgColumn} on ${name}`, AGAIN));
};
