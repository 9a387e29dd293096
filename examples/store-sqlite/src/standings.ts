import type { GrantsLeft, Membership, OrgId, Read, Standing, Tuple, UsrId } from "@tenantry/core";
import { many, one, type Sqlite } from "./database.ts";
import type { Filter } from "./filters.ts";
import { membership, organization, type SqlRow, tuple } from "./rows.ts";

/** The live memberships of a user, each with what depends on it. */
export function standings(database: Sqlite, read: Read<"standings">): readonly Standing[] {
  const { usrId, orgId, successors, withGrants, after, take } = read;
  const following = new Map(successors.map((successor) => [successor.orgId, successor.usrId]));
  return many(
    database,
    `select * from mem where usr_id = ? and org_id = coalesce(?, org_id) and status <> 'revoked' and id > ?
      order by id limit ?`,
    [usrId, orgId, after ?? "", take],
  )
    .map(membership)
    .map((row) => ({
      membership: row,
      org: organization(one(database, "select * from org where id = ?", [row.orgId]) as SqlRow),
      otherOwner: hasOtherOwner(database, row),
      successor: live(database, row.orgId, following.get(row.orgId) ?? null),
      tuples: held(database, usrId, row.orgId, withGrants),
    }));
}

/** What a user still holds of the grants of organizations that they are not in any more. */
export function grantsLeft(database: Sqlite, { usrId, orgId, take }: Read<"grantsLeft">): readonly GrantsLeft[] {
  return many(
    database,
    `select distinct org from (${GRANTED}) join tup using (object_type, object_id, relation)
      where usr = ? and org = coalesce(?, org) and subject_type = 'usr' and subject_id = usr
        and not exists (select 1 from mem where org_id = org and usr_id = usr and status <> 'revoked')
      order by org limit ?`,
    [usrId, orgId, take],
  ).map((row) => ({ orgId: row["org"] as OrgId, tuples: granted(database, usrId, row["org"] as OrgId) }));
}

/** The grants of the invitations by which memberships began. */
const GRANTED = `select mem.org_id as org, mem.usr_id as usr, grant.value ->> 'relation' as relation,
    grant.value ->> 'objectType' as object_type, grant.value ->> 'objectId' as object_id
  from mem join inv on inv.id = mem.inv_id, json_each(inv.pre_tuples) as grant`;

/** What a user holds on an organization, and by its grants. */
function held(database: Sqlite, usrId: UsrId, orgId: OrgId, withGrants: boolean): readonly Tuple[] {
  const onOrg = { sql: "object_type = 'org' and object_id = ?", values: [orgId] };
  return tuplesOf(database, usrId, withGrants ? [onOrg, ofGrants(usrId, orgId)] : [onOrg]);
}

function granted(database: Sqlite, usrId: UsrId, orgId: OrgId): readonly Tuple[] {
  return tuplesOf(database, usrId, [ofGrants(usrId, orgId)]);
}

function ofGrants(usrId: UsrId, orgId: OrgId): Filter {
  return {
    sql: `(object_type, object_id, relation) in
      (select object_type, object_id, relation from (${GRANTED}) where org = ? and usr = ?)`,
    values: [orgId, usrId],
  };
}

/** Those of a user's tuples that match one of the filters. */
function tuplesOf(database: Sqlite, usrId: UsrId, anyOf: readonly Filter[]): readonly Tuple[] {
  return many(
    database,
    `select * from tup where subject_type = 'usr' and subject_id = ? and (${anyOf.map(({ sql }) => sql).join(" or ")})
      order by object_type, object_id, relation`,
    [usrId, ...anyOf.flatMap(({ values }) => values)],
  ).map(tuple);
}

function hasOtherOwner(database: Sqlite, { id, orgId }: Membership): boolean {
  const sql = "select id from mem where org_id = ? and role = 'owner' and status = 'active' and id <> ?";
  return one(database, sql, [orgId, id]) !== null;
}

function live(database: Sqlite, orgId: OrgId, usrId: UsrId | null): Membership | null {
  const sql = "select * from mem where org_id = ? and usr_id = ? and status <> 'revoked'";
  const row = one(database, sql, [orgId, usrId]);
  return row === null ? null : membership(row);
}
