import { type Check, error, type Finding } from "./finding.ts";
import { OWNED, ownedValues } from "./relations.ts";

/** Views over tenant tables, also over other views, that the application's role may read. */
const VIEWS = `with recursive ${OWNED}, over(oid) as (
  select r.ev_class from owned o
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = o.oid and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite r on r.oid = d.objid
   where r.ev_class <> o.oid
  union
  select r.ev_class from over v
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite r on r.oid = d.objid
   where r.ev_class <> v.oid
)
select c.oid::regclass::text as name, c.relkind::text as kind
  from over v join pg_class c on c.oid = v.oid
 where has_table_privilege($3::name, c.oid, 'select')
   and (c.relkind = 'm' or not coalesce(
     (select option_value::bool from pg_options_to_table(c.reloptions) where option_name = 'security_invoker'), false))
 order by 1`;

/** What a function reads is text, so a table that it names counts. Ours are told by their names. */
const FUNCTIONS = `with ${OWNED}
select p.oid::regprocedure::text as name
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
 where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
   and p.proname not like 'tenantry\\_sees\\_%' and not (n.nspname = $4 and p.proname = 'current_org')
   and has_function_privilege($3::name, p.oid, 'execute')
   and exists (select from owned o
     where coalesce(p.prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), '') ~* ('\\m' || o.root_name || '\\M'))
 order by 1`;

const PRIVILEGES = `with ${OWNED}
select o.name, p.privilege
  from owned o
 cross join unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) as p(privilege)
 where has_table_privilege($3::name, o.oid, p.privilege)
 order by 1, 2`;

const PARTITIONS = `with ${OWNED}
select o.name from owned o where o.is_partition and has_table_privilege($3::name, o.oid, 'select') order by 1`;

export const objects: Check = async (query, tables) => {
  const values = [...ownedValues(tables), tables.appRole];
  const leaky = (object: unknown, remedy: string): Finding => error("isolation.leaky_object", String(object), remedy);
  return [
    ...(await query(VIEWS, values)).map(({ name, kind }) =>
      leaky(
        name,
        kind === "m" ? "take the right to read it away: it holds rows of every tenant" : "set security_invoker",
      ),
    ),
    ...(await query(FUNCTIONS, [...values, tables.ownSchema])).map(({ name }) =>
      leaky(name, "make it SECURITY INVOKER, or take the right to call it away"),
    ),
    ...(await query(PRIVILEGES, values)).map(({ name, privilege }) => leaky(`${privilege} on ${name}`, "revoke it")),
    ...(await query(PARTITIONS, values)).map(({ name }) =>
      leaky(name, "revoke the right to read the partition itself"),
    ),
  ];
};
