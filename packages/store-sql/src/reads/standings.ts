import { type GrantsLeft, idOf, type Read, type UserStanding, uuidOf } from "@tenantry/core";
import { decodeMem, decodeOrg, decodeTup, each, type Json, memJson, orgJson, orNull, tupJson } from "../rows.ts";
import type { Values } from "../values.ts";
import { lasts } from "./past.ts";
import { atMost, id, list, only, pageRows, positionOf, rangeOf, type SqlReads, unseen } from "./sql-read.ts";
import { holds } from "./tuples.ts";

export const standingReads: SqlReads<"standings" | "grantsLeft"> = {
  standings(s, read, values) {
    const { usrId, orgId, at, successors, withGrants, after: position, take } = read;
    const user = id(usrId, values);
    const from = positionOf(position, values);
    const there = notLapsed("m", at, values);
    const rows = pageRows({
      alias: "m",
      table: `${s}.mem`,
      ranges:
        orgId === null
          ? ["active", "suspended"].map((status) =>
              only(rangeOf("m", { usr_id: unseen(user) }, ["status", unseen(`text '${status}'`)], from), there),
            )
          : [
              only(
                rangeOf("m", { org_id: id(orgId, values) }, ["usr_id", user], from),
                `m.status <> 'revoked' and ${there}`,
              ),
            ],
      take: atMost(take, values),
    });
    const org = `'org_' || replace(m.org_id::text, '-', '')`;
    const onOrg = `select m.org_id, t.* from page m
      join ${s}.tup t on ${subject(usrId, values)} and t.object_type = 'org' and t.object_id = ${org}${holds(at, values)}`;
    const held = withGrants ? `${onOrg} union ${granted(s, read, user, values)}` : onOrg;
    const [orgs, users] = [successors.map(({ orgId }) => orgId), successors.map(({ usrId }) => usrId)].map((ids) =>
      values.add(ids.map(uuidOf), "uuid[]"),
    );
    return {
      // What is held is gathered once for all memberships of the page, not once for each.
      sql: `with page as materialized (select m.* from ${rows}), held as materialized (${held}), lost as materialized (
    select h.org_id, ${tuplesOf("h")} as tuples from held h group by h.org_id
  ) ${list(
    `json_build_object('row', ${memJson("m")}, 'org', ${orgJson("o")}, 'tuples', coalesce(l.tuples, '[]'),
      'successor', case when f.id is not null then ${memJson("f")} end,
      'otherOwner', exists (select from ${s}.mem x
        where x.org_id = m.org_id and x.role = 'owner' and x.status = 'active' and x.expires_at is null and x.id <> m.id))`,
    `page m join ${s}.org o on o.id = m.org_id left join lost l on l.org_id = m.org_id
      left join unnest(${orgs}, ${users}) as r(org_id, usr_id) on r.org_id = m.org_id
      left join ${s}.mem f on f.org_id = r.org_id and f.usr_id = r.usr_id and f.status <> 'revoked'`,
    "m.id",
  )}`,
      decode: each(decodeStanding),
    };
  },

  grantsLeft(s, read, values) {
    const user = id(read.usrId, values);
    const ended = `not exists (select from ${s}.mem l
        where l.org_id = g.org_id and l.usr_id = g.usr_id and l.status <> 'revoked' and ${notLapsed("l", read.at, values)})`;
    const rows = `(select d.org_id, ${tuplesOf("d")} as tuples
      from (select distinct * from (${granted(s, read, user, values)} and ${ended}) e) d
     group by d.org_id order by d.org_id limit ${atMost(read.take, values)}) k`;
    return {
      sql: list("json_build_object('orgId', k.org_id, 'tuples', k.tuples)", rows, "k.org_id"),
      decode: each(decodeGrantsLeft),
    };
  },
};

/** What a user still holds of the grants of those invitations by which their memberships began, by organization. */
function granted(
  s: string,
  { usrId, orgId, at }: Pick<Read<"grantsLeft">, "usrId" | "orgId" | "at">,
  user: string,
  values: Values,
): string {
  const only = orgId === null ? "" : ` and g.org_id = ${id(orgId, values)}`;
  return `select g.org_id, t.* from ${s}.mem g join ${s}.inv i on i.id = g.inv_id
      cross join jsonb_to_recordset(i.pre_tuples) as p("relation" text, "objectType" text, "objectId" text)
      join ${s}.tup t on ${subject(usrId, values)}
        and t.object_type = p."objectType" and t.object_id = p."objectId" and t.relation = p."relation"${holds(at, values)}
     where g.usr_id = ${unseen(user)}${only}`;
}

/** The condition that a membership's time box, if it has one, has not ended. */
function notLapsed(m: string, at: Date, values: Values): string {
  return `${lasts(m)} >= ${values.add(at, "timestamptz")}`;
}

function subject(usrId: string, values: Values): string {
  return `t.subject_type = 'usr' and t.subject_id = ${values.add(usrId, "text")}`;
}

function tuplesOf(alias: string): string {
  return `json_agg(${tupJson(alias)} order by ${alias}.object_type, ${alias}.object_id, ${alias}.relation)`;
}

function decodeStanding(json: Json): UserStanding {
  const { row, org, otherOwner, successor, tuples } = json as { readonly [key: string]: Json };
  return {
    membership: decodeMem(row as Json),
    org: decodeOrg(org as Json),
    otherOwner: otherOwner === true,
    successor: orNull(decodeMem)(successor as Json),
    tuples: each(decodeTup)(tuples as Json),
  };
}

function decodeGrantsLeft(json: Json): GrantsLeft {
  const { orgId, tuples } = json as { readonly orgId: string; readonly tuples: Json };
  return { orgId: idOf("org", orgId), tuples: each(decodeTup)(tuples) };
}
