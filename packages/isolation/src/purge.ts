import { type OrgId, uuidOf } from "@tenantry/core";
import type { TenantDriver } from "./driver.ts";
import { quoted } from "./identifier.ts";
import { isOwned, orgValue, type TableDeclaration } from "./table-declaration.ts";

const BATCH = 1_000;

/**
 * Removes an organization's rows from all tenant tables, children first, in batches that are committed one by one: after a
 * crash the next call removes what is left. Tables whose keys point at each other, or at themselves, are emptied by one
 * statement, at the end of which their keys are checked. Answers how many, by table.
 */
export async function purge<Tx>(
  driver: TenantDriver<Tx>,
  tables: TableDeclaration,
  orgId: OrgId,
): Promise<Readonly<Record<string, number>>> {
  const { schema, orgType } = tables;
  const names = Object.entries(tables.tables)
    .filter(([, { scope }]) => isOwned(scope))
    .map(([name]) => name);
  const send = (text: string, value: string) =>
    driver.transaction({ readOnly: false, entry: [], signal: null }, (tx) =>
      driver.send(tx, { text, values: [value] }),
    );
  const keys = (await send(KEYS, schema)) as unknown as readonly Key[];
  const rows: Record<string, number> = {};
  for (const group of childrenFirst(names, keys)) {
    const isBatched = group.length === 1 && !keys.some(({ child, parent }) => child === parent && child === group[0]);
    const text = removal(tables, group, isBatched);
    let isMore: boolean;
    do {
      const [answer = {}] = await send(text, orgValue(orgType, uuidOf(orgId)));
      for (const [place, name] of group.entries()) {
        rows[name] = (rows[name] ?? 0) + Number(answer[`n${place}`]);
      }
      isMore = isBatched && Number(answer["n0"]) >= BATCH;
    } while (isMore);
  }
  return rows;
}

/** A place in a table is one of a partition: the same place in another one is somebody else's, hence the condition twice. */
function removal(
  { schema, orgColumn, orgType }: TableDeclaration,
  group: readonly string[],
  isBatched: boolean,
): string {
  const own = `${quoted(orgColumn)} = $1::${orgType}`;
  const parts = group.map((name, place) => {
    const table = `${quoted(schema)}.${quoted(name)}`;
    const batch = isBatched ? ` and ctid = any (array(select ctid from ${table} where ${own} limit ${BATCH}))` : "";
    return `gone${place} as (delete from ${table} where ${own}${batch} returning 1)`;
  });
  const counts = group.map((_, place) => `(select count(*) from gone${place})::text as n${place}`);
  return `with ${parts.join(", ")} select ${counts.join(", ")}`;
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
 where k.contype = 'f' and n.nspname = $1::text`;

/** Groups of tables that point at each other, each after those that point at it. */
function childrenFirst(names: readonly string[], keys: readonly Key[]): readonly (readonly string[])[] {
  const below = new Map(names.map((name) => [name, reached(name, keys)]));
  const groups: (readonly string[])[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) {
      return;
    }
    const group = names.filter((other) => other === name || (isBelow(other, name) && isBelow(name, other)));
    for (const one of group) {
      seen.add(one);
    }
    names.filter((other) => group.some((one) => isBelow(other, one))).forEach(visit);
    groups.push(group);
  };
  const isBelow = (child: string, parent: string): boolean => below.get(parent)?.has(child) === true;
  names.forEach(visit);
  return groups;
}

/** All tables whose keys lead to this one, through others too. */
function reached(name: string, keys: readonly Key[]): ReadonlySet<string> {
  const found = new Set<string>();
  const next = [name];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    for (const { child, parent } of keys) {
      if (parent === at && !found.has(child)) {
        found.add(child);
        next.push(child);
      }
    }
  }
  return found;
}
