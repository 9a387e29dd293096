import { generate, type PreTuple, uuidOf } from "@tenantry/core";
import { type World, weekFrom } from "../world.ts";
import { checkAuthority, checkNotMember, insertMember, insertTuple, lockActiveOrg, lockOrg, record } from "./steps.ts";
import { insist, type Manner, only, type Row, type Sql } from "./transaction.ts";

export async function createInvitation(sql: Sql, { orgId, owner }: World): Promise<void> {
  const [invId, identifier, expiresAt] = [generate("inv"), "another@example.com", weekFrom(new Date())];
  await lockActiveOrg(sql, orgId);
  await checkAuthority(sql, orgId, owner.usrId);
  await sql(
    `insert into tenancy.inv (id, org_id, identifier, canonical, role, status, pre_tuples, invited_by, created_at, expires_at)
     values ($1, $2, $3, $3, 'member', 'pending', '[]', $4, now(), $5)`,
    [uuidOf(invId), uuidOf(orgId), identifier, uuidOf(owner.usrId), expiresAt],
  );
  await record(sql, orgId, "invitation.created", { invId, role: "member", invitedBy: owner.usrId, expiresAt });
}

export async function acceptInvitation(sql: Sql, { orgId, owner, invId }: World, { isTuned }: Manner): Promise<void> {
  const usrId = generate("usr");
  await lockActiveOrg(sql, orgId);
  const { role, pre_tuples: grants } = await pending(sql, invId);
  await checkNotMember(sql, orgId, usrId);
  await checkAuthority(sql, orgId, owner.usrId);
  await sql(
    "update tenancy.inv set status = 'accepted', invited_user_id = $2, terminal_at = now(), terminal_by = $2 where id = $1",
    [uuidOf(invId), uuidOf(usrId)],
  );
  const memId = await insertMember(sql, { orgId, usrId, role, invitedBy: owner.usrId, invId });
  if (isTuned) {
    await insertGrants(sql, usrId, grants);
  } else {
    for (const { relation, objectType, objectId } of grants) {
      await insertTuple(sql, usrId, relation, objectType, objectId);
    }
  }
  const data = { invId, memId, usrId, role, invitedBy: owner.usrId, minted: false, tuples: grants };
  await record(sql, orgId, "invitation.accepted", data);
}

export async function resendInvitation(sql: Sql, { orgId, owner, invId }: World): Promise<void> {
  await lockActiveOrg(sql, orgId);
  const { expires_at: from } = await pending(sql, invId);
  await checkAuthority(sql, orgId, owner.usrId);
  const to = weekFrom(weekFrom(new Date()));
  await sql("update tenancy.inv set expires_at = $2 where id = $1", [uuidOf(invId), to]);
  await record(sql, orgId, "invitation.resent", { invId, from, to, adminUsrId: owner.usrId });
}

export async function declineInvitation(sql: Sql, { orgId, invId }: World): Promise<void> {
  await lockOrg(sql, orgId);
  await pending(sql, invId);
  await sql("update tenancy.inv set status = 'declined', terminal_at = now() where id = $1", [uuidOf(invId)]);
  await record(sql, orgId, "invitation.declined", { invId, usrId: null });
}

export async function revokeInvitation(sql: Sql, { orgId, owner, invId }: World): Promise<void> {
  await lockOrg(sql, orgId);
  await pending(sql, invId);
  await checkAuthority(sql, orgId, owner.usrId);
  await sql("update tenancy.inv set status = 'revoked', terminal_at = now(), terminal_by = $2 where id = $1", [
    uuidOf(invId),
    uuidOf(owner.usrId),
  ]);
  await record(sql, orgId, "invitation.revoked", { invId, adminUsrId: owner.usrId });
}

async function pending(sql: Sql, invId: World["invId"]): Promise<Row> {
  const row = only(await sql("select * from tenancy.inv where id = $1 for update", [uuidOf(invId)]));
  insist(row.status === "pending" && row.expires_at > new Date());
  return row;
}

async function insertGrants(sql: Sql, usrId: string, grants: readonly PreTuple[]): Promise<void> {
  if (grants.length > 0) {
    await sql(
      `insert into tenancy.tup (subject_type, subject_id, relation, object_type, object_id)
       select 'usr', $1, r.relation, r.type, r.id from unnest($2::text[], $3::text[], $4::text[]) as r(relation, type, id)
       on conflict do nothing`,
      [
        usrId,
        grants.map(({ relation }) => relation),
        grants.map(({ objectType }) => objectType),
        grants.map(({ objectId }) => objectId),
      ],
    );
  }
}
