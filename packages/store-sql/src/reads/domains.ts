import { type Domain, idOf } from "@tenantry/core";
import { decodeOrg, each, instant, type Json, optionalInstant, orgJson, orNull } from "../rows.ts";
import { atMost, id, list, type SqlReads } from "./sql-read.ts";

export const domainReads: SqlReads<"domain" | "domains" | "orgByDomain"> = {
  domain: (s, { orgId, domain }, values) => ({
    sql: `select ${domainJson("d")} from ${s}.domain d
      where d.org_id = ${id(orgId, values)} and d.domain = ${values.add(domain, "text")}`,
    decode: orNull(decodeDomain),
  }),

  domains(s, { orgId, after, take }, values) {
    const from = after === null ? "" : ` and d.domain > ${values.add(after, "text")}`;
    const rows = `(select d.* from ${s}.domain d where d.org_id = ${id(orgId, values)}${from}
      order by d.domain limit ${atMost(take, values)}) d`;
    return { sql: list(domainJson("d"), rows, "d.domain"), decode: each(decodeDomain) };
  },

  orgByDomain: (s, { domain }, values) => ({
    sql: `select ${orgJson("o")} from ${s}.domain d join ${s}.org o on o.id = d.org_id
      where d.domain = ${values.add(domain, "text")} and d.state = 'verified'`,
    decode: orNull(decodeOrg),
  }),
};

function domainJson(d: string): string {
  return `json_build_array(${d}.org_id, ${d}.domain, ${d}.state, ${d}.token, ${instant(`${d}.verified_at`)})`;
}

type DomainRow = readonly [
  ...[orgId: string, domain: string, state: Domain["state"], token: string, verifiedAt: number | null],
];

function decodeDomain(json: Json): Domain {
  const [org, domain, state, token, verifiedAt] = json as unknown as DomainRow;
  return { orgId: idOf("org", org), domain, state, token, verifiedAt: optionalInstant(verifiedAt) };
}
