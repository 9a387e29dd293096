import type { Row } from "../driver.ts";
import { quoted } from "../identifier.ts";
import { isList, visibilityFunction } from "../policies/generate-policies.ts";
import { type Policy, policiesOf } from "../policies/table-policies.ts";
import { tenantExpression } from "../policies/tenant-expression.ts";
import type { TableDeclaration } from "../table-declaration.ts";
import { bare } from "./expression.ts";
import { type Check, error, type Finding, warning } from "./finding.ts";
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
  select oid, name, root_name, is_partition from owned
  union all
  select c.oid, c.oid::regclass::text, c.relname::text, false
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = $1 and c.relname = any ($3::text[])
)
select l.name, l.root_name, l.is_partition, p.polname::text as policy, p.polpermissive as permissive,
       p.polcmd::text as command, pg_get_expr(p.polqual, p.polrelid) as using,
       pg_get_expr(p.polwithcheck, p.polrelid) as check,
       coalesce(p.polroles = array[0::oid]
         or exists (select from unnest(p.polroles) r where r = 0 or pg_has_role($4::name, r, 'member')), false) as of_app,
       exists (select from pg_roles a where a.rolname = $5 and a.oid = any (p.polroles)) as of_admin
  from looked_at l
  left join pg_policy p on p.polrelid = l.oid
 order by 1, 4`;

const COMMANDS = { all: "*", select: "r", insert: "a", update: "w", delete: "d" } as const;
const AGAIN = "run the script of generatePolicies again";

export const policies: Check = async (query, tables) => {
  const shared = Object.keys(tables.tables).filter((name) => tables.tables[name]?.visibleTo);
  const { appRole, adminRole } = tables;
  const rows = await query(POLICIES, [...ownedValues(tables), textArray(shared), appRole, adminRole]);
  const byTable = new Map<string, Row[]>();
  for (const row of rows) {
    const name = String(row["name"]);
    byTable.set(name, [...(byTable.get(name) ?? []), row]);
  }
  return [...byTable].flatMap(([name, found]): Finding[] => {
    const [first = {}] = found;
    const expected = expectedOn(tables, String(first["root_name"]), first["is_partition"] === true);
    const missing = expected
      .filter((policy) => !found.some((row) => isAs(policy, row)))
      .map((policy) => {
        // Without its own the admin sees nothing, which opens nothing.
        const finding = policy.role === "admin" ? warning : error;
        return finding("isolation.policy_missing", `${policy.name} on ${name}`, AGAIN);
      });
    const extra = found
      .filter((row) => row["policy"] !== null && !expected.some((policy) => policy.name === row["policy"]))
      .map((row) => {
        const object = `${row["policy"]} on ${name}`;
        return isOpen(row)
          ? error("isolation.policy_missing", object, "drop the policy that says true")
          : warning("isolation.policy_extra", object, "drop it, unless it is meant: the boundary holds");
      });
    const ofOthers = found
      .filter((row) => expected.some(({ name: ours, role }) => ours === row["policy"] && role !== "app") && isOpen(row))
      .map((row) => error("isolation.policy_missing", `${row["policy"]} on ${name}`, AGAIN));
    return [...missing, ...extra, ...ofOthers];
  });
};

/** Opens a table to the application's role. */
function isOpen(row: Row): boolean {
  return row["permissive"] === true && row["of_app"] === true && [row["using"], row["check"]].includes("true");
}

/** A policy, and whose it is; of a list it is its owner's, whoever that is. */
type Expected = Omit<Policy, "role"> & { readonly role: Policy["role"] | "owner" };

function expectedOn(tables: TableDeclaration, name: string, isPartition: boolean): readonly Expected[] {
  const { schema, orgColumn } = tables;
  const { scope, visibleTo } = tables.tables[name] ?? { scope: "ignored", visibleTo: null };
  if (visibleTo === null) {
    const list: Expected = { ...OPEN, name: "tenantry_list", command: "select", role: "owner", check: null };
    const own = policiesOf(scope, orgColumn, tenantExpression(tables));
    return isList(tables, name) && !isPartition ? [...own, list] : own;
  }
  const using = `${quoted(schema)}.${quoted(visibilityFunction(name))}(${quoted(visibleTo.of)})`;
  const seen = { command: "select", role: "app", using, check: null } as const;
  return [
    { ...seen, name: "tenantry_access", isPermissive: true },
    { ...seen, name: "tenantry_boundary", isPermissive: false },
    { ...OPEN, name: "tenantry_admin", command: "all", role: "admin" },
  ];
}

const OPEN = { isPermissive: true, using: "true", check: "true" } as const;

function isAs({ name, isPermissive, command, role, using, check }: Expected, row: Row): boolean {
  return (
    row["policy"] === name &&
    row["permissive"] === isPermissive &&
    (role === "owner" || row[role === "app" ? "of_app" : "of_admin"] === true) &&
    row["command"] === COMMANDS[command] &&
    bare(row["using"]) === bare(using) &&
    bare(row["check"]) === bare(check)
  );
}
