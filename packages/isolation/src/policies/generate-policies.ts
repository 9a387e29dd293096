import { literal, quoted } from "../identifier.ts";
import { isOwned, type TableDeclaration, type VisibleTo } from "../table-declaration.ts";
import { ownTablesScript } from "./own-tables-script.ts";
import { proofScript } from "./proof-script.ts";
import { policiesOf, policyScript } from "./table-policies.ts";
import { tenantDefault, tenantExpression } from "./tenant-expression.ts";

/**
 * The SQL that makes the database keep tenants apart on the declared tables: one script, the same for the same declaration,
 * which can be run again at any time and is kept as a migration of the host's. Run it in one transaction, as the role that
 * owns the tables; the application's role and the admin's exist.
 */
export function generatePolicies(tables: TableDeclaration): string {
  const { schema, appRole, adminRole, proof } = tables;
  const parts = [
    "-- Row policies by tenant. Generated: change the declaration, not this.",
    `grant usage on schema ${quoted(schema)} to ${quoted(appRole)}, ${quoted(adminRole)};`,
    `revoke create on schema ${quoted(schema)} from public, ${quoted(appRole)};`,
  ];
  if (proof === "hmac") {
    parts.push(proofScript(tables));
  }
  // Lists first: the policies of shared tables ask them.
  for (const name of Object.keys(tables.tables).filter((one) => isOwned(scopeOf(tables, one)))) {
    parts.push(ownedScript(tables, name));
  }
  for (const [name, { scope, visibleTo }] of Object.entries(tables.tables)) {
    if (scope === "shared") {
      parts.push(sharedScript(tables, name, visibleTo));
    }
  }
  const owned = Object.keys(tables.tables).filter((name) => isOwned(scopeOf(tables, name)));
  if (owned.length > 0) {
    parts.push(partitionsScript(tables, owned), sequencesScript(tables, owned));
  }
  parts.push(ownTablesScript(tables));
  return `${parts.join("\n\n")}\n`;
}

function scopeOf({ tables }: TableDeclaration, name: string): "tenant" | "shared" | "both" | "ignored" {
  return tables[name]?.scope ?? "ignored";
}

function ownedScript(tables: TableDeclaration, name: string): string {
  const { schema, appRole, adminRole, orgColumn } = tables;
  const table = `${quoted(schema)}.${quoted(name)}`;
  const scope = scopeOf(tables, name);
  const column = quoted(orgColumn);
  const roles = { app: appRole, admin: adminRole };
  return [
    `-- ${name}: ${scope}`,
    `alter table ${table} alter column ${column} set default ${tenantDefault(tables)};`,
    `alter table ${table} alter column ${column} ${scope === "tenant" ? "set" : "drop"} not null;`,
    `alter table ${table} enable row level security;`,
    `alter table ${table} force row level security;`,
    ...policiesOf(scope, orgColumn, tenantExpression(tables)).map((policy) => policyScript(table, policy, roles)),
    ...(isList(tables, name) ? [listScript(table)] : []),
    grants(table, appRole, "select, insert, update, delete"),
    grants(table, adminRole, "select, insert, update, delete"),
  ].join("\n");
}

/** TRUNCATE, REFERENCES and TRIGGER go by policies. */
function grants(table: string, role: string, what: string): string {
  return `revoke all on ${table} from ${quoted(role)};\ngrant ${what} on ${table} to ${quoted(role)};`;
}

/** Whether a table is the list of who sees shared rows. */
export function isList({ tables }: TableDeclaration, name: string): boolean {
  return Object.values(tables).some(({ visibleTo }) => visibleTo?.table === name);
}

/** The function that reads a list for everybody runs as who runs this, whom the forced policies would hide entries from. */
function listScript(table: string): string {
  return `drop policy if exists tenantry_list on ${table};
create policy tenantry_list on ${table} as permissive for select to current_user using (true);`;
}

function sharedScript(tables: TableDeclaration, name: string, visibleTo: Required<VisibleTo> | null): string {
  const { schema, appRole, adminRole } = tables;
  const table = `${quoted(schema)}.${quoted(name)}`;
  const parts = [`-- ${name}: shared`];
  if (visibleTo === null) {
    parts.push(`alter table ${table} disable row level security;`, `alter table ${table} no force row level security;`);
  } else {
    parts.push(visibleScript(tables, name, visibleTo));
  }
  parts.push(grants(table, appRole, "select"), grants(table, adminRole, "select, insert, update, delete"));
  return parts.join("\n");
}

/** The name of the function that says which shared rows the tenant sees. */
export function visibilityFunction(name: string): string {
  return `tenantry_sees_${name}`.slice(0, 63);
}

/** What that function is made of. */
export function visibilityBody(tables: TableDeclaration, { table, key }: Pick<VisibleTo, "table" | "key">): string {
  const listed = `select from ${quoted(tables.schema)}.${quoted(table)} l where l.${quoted(key)} = "of_row"`;
  return `
  select not exists (${listed})
      or exists (${listed} and l.${quoted(tables.orgColumn)} = ${tenantExpression(tables)})
`;
}

function visibleScript(tables: TableDeclaration, name: string, { table: list, key, of }: Required<VisibleTo>): string {
  const { schema, appRole, adminRole } = tables;
  const at = (relation: string): string => `${quoted(schema)}.${quoted(relation)}`;
  const sees = at(visibilityFunction(name));
  const type = `${at(list)}.${quoted(key)}%type`;
  return `create or replace function ${sees}("of_row" ${type}) returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $tenantry$${visibilityBody(tables, { table: list, key })}$tenantry$;
revoke all on function ${sees}(${type}) from public;
grant execute on function ${sees}(${type}) to ${quoted(appRole)}, ${quoted(adminRole)};
alter table ${at(name)} enable row level security;
alter table ${at(name)} force row level security;
drop policy if exists tenantry_access on ${at(name)};
create policy tenantry_access on ${at(name)} as permissive for select to ${quoted(appRole)}
  using (${sees}(${quoted(of)}));
drop policy if exists tenantry_boundary on ${at(name)};
create policy tenantry_boundary on ${at(name)} as restrictive for select to ${quoted(appRole)}
  using (${sees}(${quoted(of)}));
drop policy if exists tenantry_admin on ${at(name)};
create policy tenantry_admin on ${at(name)} as permissive for all to ${quoted(adminRole)}
  using (true)
  with check (true);`;
}

/** What is read directly is not protected by the policies of its parent. */
function partitionsScript(tables: TableDeclaration, owned: readonly string[]): string {
  const { schema, appRole, adminRole, orgColumn } = tables;
  const bodies = (["tenant", "both"] as const).flatMap((scope) => {
    const names = owned.filter((name) => scopeOf(tables, name) === scope);
    if (names.length === 0) {
      return [];
    }
    const commands = [
      "alter table %1$s enable row level security",
      "alter table %1$s force row level security",
      `revoke all on %1$s from ${quoted(appRole)}`,
      ...policiesOf(scope, orgColumn, tenantExpression(tables)).flatMap((policy) =>
        policyScript("%1$s", policy, { app: appRole, admin: adminRole }).split(/;\n|;$/),
      ),
    ].filter((command) => command.trim() !== "");
    return `  for part in
    select p.relid
      from unnest(array[${names.map(literal).join(", ")}]) as t(name)
     cross join lateral pg_partition_tree(format('%I.%I', ${literal(schema)}, t.name)::regclass) p
     where p.parentrelid is not null
     order by 1
  loop
${commands.map((command) => `    execute format(${literal(command)}, part);`).join("\n")}
  end loop;`;
  });
  return `-- Partitions: the same, and not to be read by themselves.
do $partitions$
declare
  part regclass;
begin
${bodies.join("\n")}
end
$partitions$;`;
}

function sequencesScript({ schema, appRole, adminRole }: TableDeclaration, owned: readonly string[]): string {
  return `-- Sequences of those tables.
do $sequences$
declare
  owned regclass;
begin
  for owned in
    select s.oid
      from pg_class s
      join pg_depend d on d.objid = s.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
      join pg_class t on t.oid = d.refobjid
     where s.relkind = 'S'
       and t.relnamespace = ${literal(quoted(schema))}::regnamespace
       and t.relname in (${owned.map(literal).join(", ")})
     order by 1
  loop
    execute format('grant usage on sequence %s to ${quoted(appRole)}, ${quoted(adminRole)}', owned);
  end loop;
end
$sequences$;`;
}
