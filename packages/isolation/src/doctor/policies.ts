import type { Row } from "../driver.ts";
import { quoted } from "../identifier.ts";
import { visibilityFunction } from "../policies/generate-policies.ts";
import { type Policy, policiesOf } from "../policies/table-policies.ts";
import { tenantExpression } from "../policies/tenant-expression.ts";
import type { TableDeclaration } from "../table-declaration.ts";
import { type Check, error, type Finding } from "./finding.ts";
import { OWNED, ownedValues, textArray } from "./relations.ts";

const FORCED = `with ${OWNED}
select o.name from owned o join pg_class c on c.oid = o.oid
 where not (c.relrowsecurity and c.relforcerowsecurity)
 order by 1`;

export const forced: Check = async (query, tables) =>
  (await query(FORCED, ownedValues(tables))).map(({ name }) =>
    error("isolation.rls_not_forced", String(name), "run the script of generatePolicies again"),
  );

const POLICIES = `with ${OWNED}, looked_at as (
  select oid, name, root_name from owned
  union all
  select c.oid, c.oid::regclass::text, c.relname::text
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = $1 and c.relname = any ($3::text[])
)
select l.name, l.root_name, p.polname::text as policy, p.polpermissive as permissive, p.polcmd::text as command,
       pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as check,
       coalesce(p.polroles = array[0::oid]
         or exists (select from unnest(p.polroles) r where r = 0 or pg_has_role($4::name, r, 'member')), false) as of_app
  from looked_at l
  left join pg_policy p on p.polrelid = l.oid
 order by 1, 3`;

const COMMANDS = { all: "*", select: "r", insert: "a", update: "w", delete: "d" } as const;
const AGAIN = "run the script of generatePolicies again";

export const policies: Check = async (query, tables) => {
  const shared = Object.keys(tables.tables).filter((name) => tables.tables[name]?.visibleTo);
  const rows = await query(POLICIES, [...ownedValues(tables), textArray(shared), tables.appRole]);
  const byTable = new Map<string, Row[]>();
  for (const row of rows) {
    const name = String(row["name"]);
    byTable.set(name, [...(byTable.get(name) ?? []), row]);
  }
  return [...byTable].flatMap(([name, found]): Finding[] => {
    const expected = expectedOn(tables, String(found[0]?.["root_name"]));
    const missing = expected
      .filter((policy) => !found.some((row) => isAs(policy, row)))
      .map((policy) => error("isolation.policy_missing", `${policy.name} on ${name}`, AGAIN));
    const names = new Set(expected.map((policy) => policy.name));
    const open = found
      .filter((row) => row["permissive"] === true && row["of_app"] === true && !names.has(String(row["policy"])))
      .filter((row) => [row["using"], row["check"]].includes("true"))
      .map((row) => error("isolation.policy_missing", `${row["policy"]} on ${name}`, "drop the policy that says true"));
    return [...missing, ...open];
  });
};

function expectedOn(tables: TableDeclaration, name: string): readonly Policy[] {
  const { schema, orgColumn } = tables;
  const { scope, visibleTo } = tables.tables[name] ?? { scope: "ignored", visibleTo: null };
  if (visibleTo === null) {
    return policiesOf(scope, orgColumn, tenantExpression(tables)).filter(({ role }) => role === "app");
  }
  const using = `${quoted(schema)}.${quoted(visibilityFunction(name))}(${quoted(visibleTo.of)})`;
  const seen = { command: "select", role: "app", using, check: null } as const;
  return [
    { ...seen, name: "tenantry_access", isPermissive: true },
    { ...seen, name: "tenantry_boundary", isPermissive: false },
  ];
}

function isAs({ name, isPermissive, command, using, check }: Policy, row: Row): boolean {
  return (
    row["policy"] === name &&
    row["permissive"] === isPermissive &&
    row["of_app"] === true &&
    row["command"] === COMMANDS[command] &&
    bare(row["using"]) === bare(using) &&
    bare(row["check"]) === bare(check)
  );
}

/** The server writes an expression its own way: with casts, parentheses and names of columns that nobody needs. */
function bare(expression: unknown): string | null {
  return typeof expression === "string"
    ? expression
        .toLowerCase()
        .replaceAll(/::[a-z]+/g, "")
        .replaceAll(/ as [a-z_]+/g, "")
        .replaceAll(/[\s()"]/g, "")
    : null;
}
