import { literal, quoted } from "../identifier.ts";
import type { TableDeclaration } from "../table-declaration.ts";
import { policiesOf, policyScript } from "./table-policies.ts";
import { tenantExpression } from "./tenant-expression.ts";

/** Our own tables and their columns of an organization. What is not here stays closed, users' own rows among them. */
const OWN: Readonly<Record<string, string>> = {
  evt: "org_id",
  idem: "org_id",
  inv: "org_id",
  mem: "org_id",
  org: "id",
};

/** Our own tables: closed to the application's role, or open for the organization of the transaction. */
export function ownTablesScript(tables: TableDeclaration): string {
  const { ownSchema, appRole, adminRole, ownTables, storeRole } = tables;
  const schema = quoted(ownSchema);
  const closed = `-- Our own tables.
do $own$
begin
  if to_regnamespace(${literal(schema)}) is not null then
    revoke all on all tables in schema ${schema} from public, ${quoted(appRole)};
  end if;
end
$own$;`;
  if (ownTables === "closed") {
    return closed;
  }
  const store = storeRole === null ? "current_user" : quoted(storeRole);
  const tenant = tenantExpression(tables, "uuid");
  const opened = Object.entries(OWN).map(([name, column]) => {
    const table = `${schema}.${quoted(name)}`;
    const policies = policiesOf("tenant", column, tenant).map((policy) =>
      policyScript(table, policy, { app: appRole, admin: adminRole }),
    );
    return [
      `alter table ${table} enable row level security;`,
      `alter table ${table} force row level security;`,
      ...policies,
      `drop policy if exists tenantry_store on ${table};`,
      `create policy tenantry_store on ${table} as permissive for all to ${store} using (true) with check (true);`,
      `grant select, insert, update, delete on ${table} to ${quoted(appRole)}, ${quoted(adminRole)};`,
    ].join("\n");
  });
  return [closed, `grant usage on schema ${schema} to ${quoted(appRole)}, ${quoted(adminRole)};`, ...opened].join("\n");
}
