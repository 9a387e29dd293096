import { uuidOf } from "@tenantry/core";
import type { World } from "../world.ts";
import { only, type Sql } from "./transaction.ts";

// One statement each, and no transaction.

export async function getOrg(sql: Sql, { orgId }: World): Promise<unknown> {
  return only(await sql("select * from tenancy.org where id = $1", [uuidOf(orgId)]));
}

export async function getMembership(sql: Sql, { member }: World): Promise<unknown> {
  return only(await sql("select * from tenancy.mem where id = $1", [uuidOf(member.memId)]));
}

export async function getInvitation(sql: Sql, { invId }: World): Promise<unknown> {
  return only(await sql("select * from tenancy.inv where id = $1", [uuidOf(invId)]));
}

export async function listMembers(sql: Sql, { orgId }: World): Promise<unknown> {
  return sql("select * from tenancy.mem where org_id = $1 order by id limit 51", [uuidOf(orgId)]);
}

export async function listInvitations(sql: Sql, { orgId }: World): Promise<unknown> {
  return sql("select * from tenancy.inv where org_id = $1 order by id limit 51", [uuidOf(orgId)]);
}

export async function listTuplesForSubject(sql: Sql, { owner }: World): Promise<unknown> {
  const all = "select * from tenancy.tup where subject_type = 'usr' and subject_id = $1";
  return sql(`${all} order by object_type, object_id, relation`, [owner.usrId]);
}

export async function listTuplesForObject(sql: Sql, { orgId }: World): Promise<unknown> {
  const all = "select * from tenancy.tup where object_type = 'org' and object_id = $1";
  return sql(`${all} order by relation, subject_id`, [orgId]);
}

export async function listMemberships(sql: Sql, { owner }: World): Promise<unknown> {
  const all =
    "select m.*, o.name, o.slug, o.status as org_status from tenancy.mem m join tenancy.org o on o.id = m.org_id";
  return sql(`${all} where m.usr_id = $1 order by m.id limit 51`, [uuidOf(owner.usrId)]);
}

export async function membershipHistory(sql: Sql, { member }: World): Promise<unknown> {
  return sql(
    `with recursive chain as (
       select id, replaces from tenancy.mem where id = $1
       union
       select m.id, m.replaces from tenancy.mem m join chain c on m.id = c.replaces or m.replaces = c.id
     ) select m.* from chain join tenancy.mem m using (id) order by m.created_at`,
    [uuidOf(member.memId)],
  );
}

export async function listInvitationsFor(sql: Sql, { identifier }: World): Promise<unknown> {
  const all = "select i.*, o.name, o.slug from tenancy.inv i join tenancy.org o on o.id = i.org_id";
  return sql(`${all} where i.canonical = $1 order by i.id limit 51`, [identifier]);
}

export async function listEvents(sql: Sql, { orgId }: World): Promise<unknown> {
  return sql("select * from tenancy.evt where org_id = $1 order by seq limit 51", [uuidOf(orgId)]);
}

export async function check(sql: Sql, { orgId, owner }: World): Promise<unknown> {
  const any =
    "select from tenancy.tup where subject_type = 'usr' and subject_id = $1 and object_type = 'org' and object_id = $2";
  return sql(`${any} and relation = any ($3) limit 1`, [owner.usrId, orgId, ["owner", "admin"]]);
}
