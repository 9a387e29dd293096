import type pg from "pg";

/** The tables, indexes and functions of a schema as text, from the catalogue: what the migrations come to. */
export async function describeSchema(pool: pg.Pool, schema: string): Promise<string> {
  const columns = await pool.query(
    `select c.relname as name, string_agg(format(e'  %s %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
              case when a.attcollation <> t.typcollation then ' collate ' || quote_ident(o.collname) else '' end,
              case when a.attnotnull then ' not null' else '' end,
              coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')), e',\\n' order by a.attnum) as body,
            coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '') as options
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       join pg_type t on t.oid = a.atttypid
       left join pg_collation o on o.oid = a.attcollation
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where n.nspname = $1 and c.relkind = 'r' group by c.oid, c.relname, c.reloptions order by c.relname`,
    [schema],
  );
  const constraints = await pool.query(
    `select c.relname as name, k.conname, pg_get_constraintdef(k.oid) as definition
       from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and k.contype <> 'n' order by c.relname, k.conname`,
    [schema],
  );
  const indexes = await pool.query(
    `select indexdef as definition from pg_indexes i
      where schemaname = $1 and not exists (select from pg_constraint where conname = i.indexname) order by indexname`,
    [schema],
  );
  const functions = await pool.query(
    `select pg_get_functiondef(p.oid) as definition from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = $1 order by p.proname`,
    [schema],
  );
  const parts = [
    "-- What the migrations come to, as the catalogue tells it. Written by a test; compare it, do not run it.",
    ...columns.rows.map(({ name, body, options }) => `create table ${schema}.${name} (\n${body}\n)${options};`),
    ...constraints.rows.map(
      ({ name, conname, definition }) => `alter table ${schema}.${name} add constraint ${conname} ${definition};`,
    ),
    ...indexes.rows.map(({ definition }) => `${definition};`),
    ...functions.rows.map(({ definition }) => `${definition.trimEnd()};`),
  ];
  return `${parts.join("\n\n")}\n`;
}
