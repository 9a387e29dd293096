import type { Domain } from "@tenantry/core";
import { columns, type Identifier, rows, type Sql, sql, value } from "../sql.ts";
import type { Changes } from "../verdict.ts";

const DOMAIN = columns("domain text, state text, token text, verified_at timestamptz");

/** Domains of the organization. Whoever writes one holds the organization's lock, so it needs none of its own. */
export function domains(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const inserts = changes("insertDomain");
  if (inserts.length > 0) {
    parts.push(sql`added_domain as (
  insert into ${s}.domain (org_id, domain, state, token, verified_at)
  select go.org_id, r.domain, r.state, r.token, r.verified_at
    from go, ${rows(inserts, DOMAIN, domainRow)}
)`);
  }
  const updates = changes("updateDomain");
  if (updates.length > 0) {
    parts.push(sql`changed_domain as (
  update ${s}.domain d set state = r.state, token = r.token, verified_at = r.verified_at
    from go, ${rows(updates, DOMAIN, domainRow)}
   where d.org_id = go.org_id and d.domain = r.domain
)`);
  }
  for (const { domain } of changes("deleteDomain")) {
    parts.push(sql`dropped_domain as (
  delete from ${s}.domain d using go
   where d.org_id = go.org_id and d.domain = ${value(domain, "text")}
)`);
  }
  if (changes("deleteDomains").length > 0) {
    parts.push(sql`dropped_domains as (
  delete from ${s}.domain d using go
   where d.org_id = go.org_id
)`);
  }
  return parts;
}

function domainRow({
  row: { domain, state, token, verifiedAt },
}: {
  readonly row: Domain;
}): Readonly<Record<string, unknown>> {
  return { domain, state, token, verified_at: verifiedAt };
}
