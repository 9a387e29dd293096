import { type Check, error, type Finding, warning } from "./finding.ts";
import { OWNED, ownedValues } from "./relations.ts";

const KEYS = `with ${OWNED}
select format('%s of %s', k.conname, c.name) as name
  from pg_constraint k
  join owned c on c.oid = k.conrelid and not c.is_partition
  join owned p on p.oid = k.confrelid
 where k.contype = 'f' and k.conparentid = 0
   and not exists (
     select from unnest(k.conkey, k.confkey) as pair(child, parent)
       join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.child and a.attname = $3
       join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.parent and b.attname = $3
   )
 order by 1`;

/** A primary key of generated values tells nothing. */
const UNIQUE = `with ${OWNED}
select format('%s of %s', i.indexrelid::regclass, o.name) as name
  from pg_index i
  join owned o on o.oid = i.indrelid and not o.is_partition
 where i.indisunique
   and not exists (select from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any (i.indkey) and a.attname = $3)
   and not (i.indisprimary and i.indnkeyatts = 1 and exists (
     select from pg_attribute a
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        and (a.attidentity <> '' or a.atttypid = 'uuid'::regtype or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%')))
 order by 1`;

const UNINDEXED = `with ${OWNED}
select o.name
  from owned o
 where not o.is_partition
   and not exists (
     select from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0] and a.attname = $3
      where i.indrelid = o.oid and i.indisvalid and i.indpred is null)
 order by 1`;

export const references: Check = async (query, tables) => {
  const values = [...ownedValues(tables), tables.orgColumn];
  const named = async (text: string, found: (name: string) => Finding): Promise<Finding[]> =>
    (await query(text, values)).map(({ name }) => found(String(name)));
  return [
    ...(await named(KEYS, (name) =>
      error(
        "isolation.cross_tenant_reference",
        name,
        "put the organization on both sides: foreign key (org_id, x) references … (org_id, id)",
      ),
    )),
    ...(await named(UNIQUE, (name) =>
      warning(
        "isolation.cross_tenant_reference",
        name,
        "begin the index with the organization, or accept what it tells",
      ),
    )),
    ...(await named(UNINDEXED, (name) =>
      warning("isolation.missing_index", name, "make an index that begins with the organization"),
    )),
  ];
};
