import { generate, type OrgId, uuidOf } from "@tenantry/core";
import type { World } from "../world.ts";
import { insertEvent, insertMember, lockOrg, record } from "./steps.ts";
import { insist, type Sql } from "./transaction.ts";

export async function createOrg(sql: Sql): Promise<void> {
  const [orgId, usrId] = [generate("org"), generate("usr")];
  await sql(
    `insert into tenancy.org (id, status, name, slug, version, created_at, updated_at)
     values ($1, 'active', $2, $3, 1, now(), now())`,
    [uuidOf(orgId), "Acme", usrId.slice(4)],
  );
  const memId = await insertMember(sql, { orgId, usrId, role: "owner" });
  await insertEvent(sql, uuidOf(orgId), 1, "org.created", { name: "Acme", slug: usrId.slice(4), memId, usrId });
}

export async function updateOrg(sql: Sql, { orgId }: World): Promise<void> {
  const { name, status } = await lockOrg(sql, orgId);
  insist(status !== "revoked");
  await sql("update tenancy.org set name = $2, updated_at = now() where id = $1", [uuidOf(orgId), "Acme & Sons"]);
  await record(sql, orgId, "org.updated", { changes: { name: { from: name, to: "Acme & Sons" } } });
}

export async function suspendOrg(sql: Sql, { orgId }: World): Promise<void> {
  await change(sql, orgId, "active", "suspended");
  await record(sql, orgId, "org.suspended", {});
}

export async function reinstateOrg(sql: Sql, { orgId }: World): Promise<void> {
  await change(sql, orgId, "suspended", "active");
  await record(sql, orgId, "org.reinstated", {});
}

export async function revokeOrg(sql: Sql, { orgId }: World): Promise<void> {
  await change(sql, orgId, "active", "revoked");
  const ended =
    "update tenancy.mem set status = 'revoked', updated_at = now() where org_id = $1 and status <> 'revoked'";
  await sql(ended, [uuidOf(orgId)]);
  await sql(
    `update tenancy.inv set status = 'revoked', terminal_at = now()
      where org_id = $1 and status = 'pending' and expires_at >= now()`,
    [uuidOf(orgId)],
  );
  await sql("delete from tenancy.tup where object_type = 'org' and object_id = $1", [orgId]);
  await record(sql, orgId, "org.revoked", { from: "active", slug: null });
}

async function change(sql: Sql, orgId: OrgId, from: string, to: string): Promise<void> {
  const { status } = await lockOrg(sql, orgId);
  insist(status === from);
  await sql("update tenancy.org set status = $2, updated_at = now() where id = $1", [uuidOf(orgId), to]);
}
