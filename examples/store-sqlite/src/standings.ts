import type { GrantsLeft, Membership, OrgId, Read, Tuple, UserStanding, UsrId } from "@tenantry/core";
import { many, one, type Sqlite } from "./database.ts";
import { type Filter, STILL } from "./filters.ts";
import { membership, organization, type SqlRow, tuple } from "./rows.ts";

/** The memberships of a user that are live at an instant, each with what depends on it. */
export function standings(database: Sqlite, read: Read<"standings">): readonly UserStanding[] {
  const { usrId, orgId, at, successors, after, take } = read;
  const following = new Map(successors.map((successor) => [successor.orgId, successor.usrId]));
  return many(
    database,
    `select * from mem where usr_id = ? and org_id = coalesce(?, org_id) and status <> 'revoked' and ${STILL} and id > ?
      order by id limit ?`,
    [usrId, orgId, at.getTime(), after ?? "", take],
  )
    .map(membership)
    .map((row) => ({
      membership: row,
      org: organization(one(database, "select * from org where id = ?", [row.orgId]) as SqlRow),
      otherOwner: hasOtherOwner(database, row),
      successor: live(database, row.orgId, following.get(row.orgId) ?? null),
      tuples: held(database, read, row.orgId),
    }));
}

/** What a user still holds of the grants of organizations that they are not in any more. */
export function grantsLeft(database: Sqlite, { usrId, orgId, at, take }: Read<"grantsLeft">): readonly GrantsLeft[] {
  return many(
    database,
    `select distinct org from (${GRANTED}) join tup using (object_type, object_id, relation)
      where usr = ? and org = coalesce(?, org) and subject_type = 'usr' and subject_id = usr and ${STILL}
        and not exists (select 1 from mem where org_id = org and usr_id = usr and status <> 'revoked' and ${STILL})
      order by org limit ?`,
    [usrId, orgId, at.getTime(), at.getTime(), take],
  ).map((row) => ({ orgId: row["org"] as OrgId, tuples: granted(database, { usrId, at }, row["org"] as OrgId) }));
}

/** The grants of the invitations by which memberships began. */
const GRANTED = `select mem.org_id as org, mem.usr_id as usr, grant.value ->> 'relation' as relation,
    grant.value ->> 'objectType' as object_type, grant.value ->> 'objectId' as object_id
  from mem join inv on inv.id = mem.inv_id, json_each(inv.pre_tuples) as grant`;

/** Somebody at an instant. */
interface Holder {
  readonly usrId: UsrId;
  readonly at: Date;
}

/** What a user holds on an organization, and by its grants. */
function held(database: Sqlite, { usrId, at, withGrants }: Read<"standings">, orgId: OrgId): readonly Tuple[] {
  const onOrg = { sql: "object_type = 'org' and object_id = ?", values: [orgId] };
  return tuplesOf(database, { usrId, at }, withGrants ? [onOrg, ofGrants(usrId, orgId)] : [onOrg]);
}

function granted(database: Sqlite, holder: Holder, orgId: OrgId): readonly Tuple[] {
  return tuplesOf(database, holder, [ofGrants(holder.usrId, orgId)]);
}

function ofGrants(usrId: UsrId, orgId: OrgId): Filter {
  return {
    sql: `(object_type, object_id, relation) in
      (select object_type, object_id, relation from (${GRANTED}) where org = ? and usr = ?)`,
    values: [orgId, usrId],
  };
}

/** Those of a user's tuples that hold at an instant and match one of the filters. */
function tuplesOf(database: Sqlite, { usrId, at }: Holder, anyOf: readonly Filter[]): readonly Tuple[] {
  return many(
    database,
    `select * from tup where subject_type = 'usr' and subject_id = ? and ${STILL} and (${anyOf.map(({ sql }) => sql).join(" or ")})
      order by object_type, object_id, relation`,
    [usrId, at.getTime(), ...anyOf.flatMap(({ values }) => values)],
  ).map(tuple);
}

function hasOtherOwner(database: Sqlite, { id, orgId }: Membership): boolean {
  const sql =
    "select id from mem where org_id = ? and role = 'owner' and status = 'active' and expires_at is null and id <> ?";
  return one(database, sql, [orgId, id]) !== null;
}

function live(database: Sqlite, orgId: OrgId, usrId: UsrId | null): Membership | null {
  const sql = "select * from mem where org_id = ? and usr_id = ? and status <> 'revoked'";
  const row = one(database, sql, [orgId, usrId]);
  return row === null ? null : membership(row);
}
