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
