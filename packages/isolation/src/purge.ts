import { type OrgId, uuidOf } from "@tenantry/core";
import type { TenantDriver } from "./driver.ts";
import { quoted } from "./identifier.ts";
import { isOwned, orgValue, type TableDeclaration } from "./table-declaration.ts";

const BATCH = 1_000;

/** Removes an organization's rows from all tenant tables in batches, children first. Answers how many, by table. */
export async function purge<Tx>(
  driver: TenantDriver<Tx>,
  tables: TableDeclaration,
  orgId: OrgId,
): Promise<Readonly<Record<string, number>>> {
  const { schema, orgColumn, orgType } = tables;
  const names = Object.entries(tables.tables)
    .filter(([, { scope }]) => isOwned(scope))
    .map(([name]) => name);
  const beginning = { readOnly: false, entry: [], signal: null };
  const keys = await driver.transaction(beginning, (tx) => driver.send(tx, { text: KEYS, values: [schema] }));
  const rows: Record<string, number> = {};
  for (const name of childrenFirst(names, keys as unknown as readonly Key[])) {
    const table = `${quoted(schema)}.${quoted(name)}`;
    const text = `with gone as (
  delete from ${table} where ctid = any (array(select ctid from ${table} where ${quoted(orgColumn)} = $1::${orgType} limit ${BATCH}))
  returning 1
) select count(*)::text as n from gone`;
    const value = orgValue(orgType, uuidOf(orgId));
    let removed: number;
    rows[name] = 0;
    do {
      const [answer] = await driver.transaction(beginning, (tx) => driver.send(tx, { text, values: [value] }));
      removed = Number(answer?.["n"]);
      rows[name] += removed;
    } while (removed === BATCH);
  }
  return rows;
}

interface Key {
  readonly child: string;
  readonly parent: string;
}

const KEYS = `select distinct c.relname as child, p.relname as parent
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_class p on p.oid = k.confrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'f' and n.nspname = $1 and k.conrelid <> k.confrelid`;

/** Tables in circles stay in the order in which they were declared: their keys must be deferrable, or cascade. */
function childrenFirst(names: readonly string[], keys: readonly Key[]): readonly string[] {
  const ordered: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || !names.includes(name)) {
      return;
    }
    seen.add(name);
    for (const { child } of keys.filter(({ parent }) => parent === name)) {
      visit(child);
    }
    ordered.push(name);
  };
  names.forEach(visit);
  return ordered;
}
