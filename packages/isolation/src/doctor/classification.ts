import { type Check, error } from "./finding.ts";
import { textArray } from "./relations.ts";

const TEXT = `select coalesce(c.relname::text, d.name) as name, c.oid is not null as is_there
  from (select c.oid, c.relname
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = $1 and c.relkind in ('r', 'p', 'f') and not c.relispartition) c
  full join unnest($2::text[]) as d(name) on d.name = c.relname
 where c.oid is null or d.name is null
 order by 1`;

export const classification: Check = async (query, { schema, tables }) =>
  (await query(TEXT, [schema, textArray(Object.keys(tables))])).map(({ name, is_there: isThere }) =>
    error(
      "isolation.unclassified_table",
      `${schema}.${name}`,
      isThere === true ? "declare it: tenant, shared, both or ignored" : "make it, or take it out of the declaration",
    ),
  );
