import { generate, type Id, type IdType, type OrgId, type UsrId, uuidOf } from "@tenantry/core";
import { insist, only, type Row, type Sql } from "./transaction.ts";

// The steps that the operations have in common, as an application would have functions for them.

export async function lockOrg(sql: Sql, orgId: OrgId): Promise<Row> {
  return only(await sql("select * from tenancy.org where id = $1 for update", [uuidOf(orgId)]));
}

export async function lockActiveOrg(sql: Sql, orgId: OrgId): Promise<void> {
  const { status } = await lockOrg(sql, orgId);
  insist(status === "active");
}

export async function lockMember(sql: Sql, memId: Id<"mem">): Promise<Row> {
  return only(await sql("select * from tenancy.mem where id = $1 for update", [uuidOf(memId)]));
}

/** That somebody may administer the organization. */
export async function checkAuthority(sql: Sql, orgId: OrgId, usrId: UsrId): Promise<void> {
  const member = "select role from tenancy.mem where org_id = $1 and usr_id = $2 and status = 'active'";
  const { role } = only(await sql(member, [uuidOf(orgId), uuidOf(usrId)]));
  insist(role === "owner" || role === "admin");
}

export async function checkNotMember(sql: Sql, orgId: OrgId, usrId: UsrId): Promise<void> {
  const live = "select id from tenancy.mem where org_id = $1 and usr_id = $2 and status <> 'revoked'";
  insist((await sql(live, [uuidOf(orgId), uuidOf(usrId)])).length === 0);
}

/** That an owner is left when this member goes. */
export async function checkOtherOwner(sql: Sql, orgId: OrgId, memId: Id<"mem">): Promise<void> {
  const others =
    "select count(*)::int as n from tenancy.mem where org_id = $1 and role = 'owner' and status = 'active' and id <> $2";
  insist(only(await sql(others, [uuidOf(orgId), uuidOf(memId)])).n !== 0);
}

export async function insertMember(
  sql: Sql,
  member: {
    readonly orgId: OrgId;
    readonly usrId: UsrId;
    readonly role: string;
    readonly replaces?: Id<"mem"> | null;
    readonly invitedBy?: UsrId | null;
    readonly invId?: Id<"inv"> | null;
  },
): Promise<Id<"mem">> {
  const { orgId, usrId, role, replaces = null, invitedBy = null, invId = null } = member;
  const memId = generate("mem");
  await sql(
    `insert into tenancy.mem (id, org_id, usr_id, role, status, replaces, invited_by, inv_id, created_at, updated_at)
     values ($1, $2, $3, $4, 'active', $5, $6, $7, now(), now())`,
    [uuidOf(memId), uuidOf(orgId), uuidOf(usrId), role, optional(replaces), optional(invitedBy), optional(invId)],
  );
  await insertTuple(sql, usrId, role, "org", orgId);
  return memId;
}

export async function insertTuple(
  sql: Sql,
  usrId: UsrId,
  relation: string,
  type: string,
  object: string,
): Promise<void> {
  await sql(
    `insert into tenancy.tup (subject_type, subject_id, relation, object_type, object_id)
     values ('usr', $1, $2, $3, $4) on conflict do nothing`,
    [usrId, relation, type, object],
  );
}

export async function deleteRoleTuple(sql: Sql, usrId: UsrId, role: string, orgId: OrgId): Promise<void> {
  await sql(
    `delete from tenancy.tup where subject_type = 'usr' and subject_id = $1 and relation = $2
        and object_type = 'org' and object_id = $3`,
    [usrId, role, orgId],
  );
}

/** The organization's next version, and the event that has it as its number. */
export async function record(sql: Sql, orgId: OrgId, type: string, data: object): Promise<void> {
  const next = "update tenancy.org set version = version + 1 where id = $1 returning version";
  const { version } = only(await sql(next, [uuidOf(orgId)]));
  await insertEvent(sql, uuidOf(orgId), version, type, data);
}

export async function insertEvent(sql: Sql, orgId: string, seq: unknown, type: string, data: object): Promise<void> {
  await sql("insert into tenancy.evt (org_id, seq, type, at, data) values ($1, $2, $3, now(), $4)", [
    orgId,
    seq,
    type,
    data,
  ]);
}

function optional(id: Id<IdType> | null): string | null {
  return id === null ? null : uuidOf(id);
}
