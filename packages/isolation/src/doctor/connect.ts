import { error, type Finding, type SqlQuery, warning } from "./finding.ts";

const TEXT = `select d.datname::text as name
  from pg_database d
 cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
 where a.grantee = 0 and a.privilege_type = 'CONNECT' and (d.datname = current_database() or d.datname = any ($1::text[]))
   and d.datallowconn
 order by 1`;

/** Databases that everybody may enter: an error once tenants have roles of their own that can log in. */
export async function connect(query: SqlQuery, databases: readonly string[] | null): Promise<readonly Finding[]> {
  const found = databases === null ? warning : error;
  return (await query(TEXT, [`{${(databases ?? []).join(",")}}`])).map(({ name }) =>
    found("isolation.public_connect", String(name), "revoke connect on database … from public"),
  );
}
