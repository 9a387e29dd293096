import { generate, type OrgId, type UsrId, uuidOf } from "@tenantry/core";
import type { Person, World } from "../world.ts";
import {
  checkAuthority,
  checkNotMember,
  checkOtherOwner,
  deleteRoleTuple,
  insertMember,
  insertTuple,
  lockActiveOrg,
  lockMember,
  lockOrg,
  record,
} from "./steps.ts";
import { insist, type Row, type Sql } from "./transaction.ts";

export async function addMember(sql: Sql, { orgId }: World): Promise<void> {
  const usrId = generate("usr");
  await lockActiveOrg(sql, orgId);
  await checkNotMember(sql, orgId, usrId);
  const memId = await insertMember(sql, { orgId, usrId, role: "member" });
  await record(sql, orgId, "membership.added", { memId, usrId, role: "member", invitedBy: null });
}

export async function changeRole(sql: Sql, { orgId, member }: World): Promise<void> {
  await lockActiveOrg(sql, orgId);
  const { role } = await active(sql, orgId, member);
  const memId = await relink(sql, orgId, member, role, "guest");
  const link = { memId, replaces: member.memId, usrId: member.usrId };
  await record(sql, orgId, "membership.role_changed", { ...link, from: role, to: "guest" });
}

export async function suspendMembership(sql: Sql, { orgId, member: { memId, usrId }, member }: World): Promise<void> {
  await lockOrg(sql, orgId);
  const { role } = await active(sql, orgId, member);
  await sql("update tenancy.mem set status = 'suspended', updated_at = now() where id = $1", [uuidOf(memId)]);
  await deleteRoleTuple(sql, usrId, role, orgId);
  await record(sql, orgId, "membership.suspended", { memId, usrId, role });
}

export async function reinstateMembership(sql: Sql, { orgId, suspended: { memId, usrId } }: World): Promise<void> {
  await lockActiveOrg(sql, orgId);
  const { role, status } = await lockMember(sql, memId);
  insist(status === "suspended");
  await sql("update tenancy.mem set status = 'active', updated_at = now() where id = $1", [uuidOf(memId)]);
  await insertTuple(sql, usrId, role, "org", orgId);
  await record(sql, orgId, "membership.reinstated", { memId, usrId, role });
}

export async function selfLeave(sql: Sql, { orgId, member }: World): Promise<void> {
  await lockOrg(sql, orgId);
  const { role } = await active(sql, orgId, member);
  await end(sql, orgId, member, role, null);
  await record(sql, orgId, "membership.left", { ...member, role, from: "active", transfer: null });
}

export async function adminRemove(sql: Sql, { orgId, admin, member }: World): Promise<void> {
  await lockOrg(sql, orgId);
  const { role, status } = await lockMember(sql, member.memId);
  insist(status !== "revoked" && role !== "owner");
  await checkAuthority(sql, orgId, admin.usrId);
  await end(sql, orgId, member, role, admin.usrId);
  await record(sql, orgId, "membership.removed", { ...member, role, from: status, removedBy: admin.usrId });
}

export async function transferOwnership(sql: Sql, { orgId, owner, member }: World): Promise<void> {
  await lockOrg(sql, orgId);
  const from = await lockMember(sql, owner.memId);
  const to = await lockMember(sql, member.memId);
  insist(from.role === "owner" && from.status === "active" && to.status === "active");
  const toMemId = await relink(sql, orgId, member, to.role, "owner");
  const fromMemId = await relink(sql, orgId, owner, "owner", "member");
  await record(sql, orgId, "ownership.transferred", {
    from: { usrId: owner.usrId, memId: fromMemId, replaces: owner.memId },
    to: { usrId: member.usrId, memId: toMemId, replaces: member.memId, fromRole: to.role },
  });
}

/** An active member; whoever is an owner is not the last one. */
async function active(sql: Sql, orgId: OrgId, { memId }: Person): Promise<Row> {
  const row = await lockMember(sql, memId);
  insist(row.status === "active");
  if (row.role === "owner") {
    await checkOtherOwner(sql, orgId, memId);
  }
  return row;
}

async function end(sql: Sql, orgId: OrgId, { memId, usrId }: Person, role: string, by: UsrId | null): Promise<void> {
  await sql("update tenancy.mem set status = 'revoked', removed_by = $2, updated_at = now() where id = $1", [
    uuidOf(memId),
    by === null ? null : uuidOf(by),
  ]);
  await deleteRoleTuple(sql, usrId, role, orgId);
}

async function relink(sql: Sql, orgId: OrgId, person: Person, from: string, to: string): Promise<Person["memId"]> {
  await end(sql, orgId, person, from, null);
  return insertMember(sql, { orgId, usrId: person.usrId, role: to, replaces: person.memId });
}
