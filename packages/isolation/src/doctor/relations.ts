import { isOwned, type TableDeclaration } from "../table-declaration.ts";

/** A query over the tables of tenants and their partitions: `name`, `oid`, `root`, `is_partition`. Takes `$1` and `$2`. */
export const OWNED = `owned as (
  select c.oid, c.oid::regclass::text as name, r.oid as root, r.relname::text as root_name, c.oid <> r.oid as is_partition
    from pg_class r
    join pg_namespace n on n.oid = r.relnamespace and n.nspname = $1
   cross join lateral (
     select r.oid as relid union select p.relid from pg_partition_tree(r.oid) p where r.relkind = 'p'
   ) tree
    join pg_class c on c.oid = tree.relid
   where r.relkind in ('r', 'p') and r.relname = any ($2::text[])
)`;

/** The values of {@link OWNED}. */
export function ownedValues({ schema, tables }: TableDeclaration): readonly [schema: string, names: string] {
  return [schema, textArray(Object.keys(tables).filter((name) => isOwned(tables[name]?.scope ?? "ignored")))];
}

/** An array of names, which hold neither quotes nor commas. */
export function textArray(names: readonly string[]): string {
  return `{${names.join(",")}}`;
}
