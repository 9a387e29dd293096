import { generate, type Invitation } from "@tenantry/core";
import { brokenInvariants } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// The test of the tests: tables damaged by hand, one way each, and the invariant that has to notice.

let database: OpenPostgres;
let pool: pg.Pool;
beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool();
  // The database itself refuses most of the damage; here it is let in.
  await pool.query(`do $$ declare c record; begin
    for c in select conrelid::regclass as tbl, conname from pg_constraint
              where connamespace = 'tenancy'::regnamespace and contype in ('c', 'f', 'u', 'p') order by contype = 'p', contype <> 'f' loop
      execute format('alter table %s drop constraint if exists %I cascade', c.tbl, c.conname);
    end loop;
    drop index tenancy.org_slug_held_once; drop index tenancy.mem_one_live;
  end $$`);
});
afterAll(() => database.close());

/** What would refuse damage, too, and without which a life is another one. */
const UNIQUE =
  "alter table tenancy.tup add constraint tup_granted_once primary key (subject_type, subject_id, relation, object_type, object_id); create unique index mem_one_live on tenancy.mem (org_id, usr_id) where status <> 'revoked'";
const NOT_UNIQUE = "alter table tenancy.tup drop constraint tup_granted_once; drop index tenancy.mem_one_live";

/** A life with everything in it: owners, links, suspension, removal, grants, a sweep, a closed organization. */
beforeEach(async () => {
  await pool.query(UNIQUE);
  let now = Date.now();
  const store = new PostgresTenancyStore(pool, { clock: () => new Date(now) });
  for (const closed of [false, true]) {
    const creator = generate("usr");
    const { org, ownerMembership } = await store.createOrg(
      { creator, slug: closed ? "closed" : "open" },
      { idempotencyKey: "c" },
    );
    const add = (role: "admin" | "member" | "owner") =>
      store.addMember({ orgId: org.id, usrId: generate("usr"), role });
    const [admin, member, heir] = [await add("admin"), await add("member"), await add("owner")];
    await store.suspendMembership(member.id);
    const boxed = { orgId: org.id, usrId: generate("usr"), role: "member" } as const;
    const guest = await store.addMember({ ...boxed, expiresAt: new Date(now + 10_000) });
    await store.updateMembership({ memId: guest.id, expiresAt: new Date(now + 20_000), metadata: { title: "Guest" } });
    const visitor = await store.addMember({ ...boxed, usrId: generate("usr"), expiresAt: new Date(now + 20_000) });
    await store.changeRole({ memId: visitor.id, newRole: "guest" });
    const promoted = await store.changeRole({ memId: admin.id, newRole: "member" });
    await store.adminRemove({ memId: promoted.id, adminUsrId: creator });
    await store.transferOwnership({ orgId: org.id, fromMemId: ownerMembership.id, toMemId: heir.id });
    const { id: invId } = await store.createInvitation({
      orgId: org.id,
      identifier: "x",
      role: "member",
      invitedBy: heir.usrId,
      expiresAt: new Date(now + 60_000),
      preTuples: [
        { relation: "viewer", objectType: "project", objectId: "1" },
        { relation: "viewer", objectType: "project", objectId: "2", expiresAt: new Date(now + 100_000) },
      ],
    });
    const resent = await store.resendInvitation({ invId, adminUsrId: heir.usrId, expiresAt: new Date(now + 90_000) });
    await store.createInvitation({ ...likeIt(resent, "y"), expiresAt: new Date(now + 1000) });
    now += 70_000;
    await store.acceptInvitation({ invId, asUsrId: generate("usr"), acceptingIdentifier: "x" });
    await store.addMember(boxed);
    await store.expireMemberships({ orgId: org.id });
    now += 40_000;
    if (closed) {
      await store.revokeOrg(org.id);
    }
    await store.expireInvitations({ orgId: org.id });
    await store.expireGrants({ orgId: org.id });
  }
  await pool.query(NOT_UNIQUE);
});
afterEach(async () => {
  await pool.query(
    "truncate tenancy.org, tenancy.mem, tenancy.inv, tenancy.tup, tenancy.evt, tenancy.idem, tenancy.joins",
  );
});

/** Another offer like one that was made. */
function likeIt({ orgId, role, invitedBy }: Invitation, identifier: string) {
  return { orgId, role, invitedBy, identifier };
}

test("nothing is broken in an undamaged life", async () => {
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
});

const OPEN = "(select id from tenancy.org where status = 'active')";
const damages: readonly (readonly [invariant: string, damage: string])[] = [
  [
    "owner",
    `update tenancy.mem set status = 'suspended' where role = 'owner' and status = 'active' and org_id = ${OPEN}`,
  ],
  [
    "owner",
    `update tenancy.mem set expires_at = now() + interval '1 day' where role = 'owner' and status = 'active' and org_id = ${OPEN}`,
  ],
  ["tuple_of_member", `update tenancy.tup set expires_at = now() where relation = 'owner'`],
  [
    "fold_time_boxes",
    `update tenancy.mem set expires_at = expires_at + interval '1 hour' where expires_at is not null`,
  ],
  ["lapse", `update tenancy.mem set updated_at = expires_at where expires_at is not null`],
  ["occupancy", `update tenancy.org set members = members + 1`],
  ["occupancy", `update tenancy.org set invitations = invitations + 1`],
  ["tally", `update tenancy.org set tally[1] = tally[1] + 1, tally[2] = greatest(tally[2] - 1, 0)`],
  [
    "live",
    `insert into tenancy.mem select gen_random_uuid(), org_id, usr_id, role, status, null, null, null, null, created_at, updated_at from tenancy.mem where status = 'active'`,
  ],
  ["tuple_of_member", `delete from tenancy.tup where relation = 'owner'`],
  [
    "member_of_tuple",
    `insert into tenancy.tup select subject_type, subject_id, 'admin', object_type, object_id from tenancy.tup where relation = 'owner'`,
  ],
  ["closed_org_empty", `update tenancy.mem set status = 'suspended' where status = 'revoked' and org_id <> ${OPEN}`],
  ["slug", `update tenancy.org set slug = 'same', status = 'active'`],
  ["tuple_key", `insert into tenancy.tup select * from tenancy.tup`],
  [
    "grant_source",
    `insert into tenancy.tup select subject_type, subject_id, 'editor', 'project', '3' from tenancy.tup limit 1`,
  ],
  ["grant_kept", `delete from tenancy.tup where object_type = 'project'`],
  [
    "chain_single",
    `update tenancy.mem set replaces = (select replaces from tenancy.mem where replaces is not null limit 1)`,
  ],
  ["chain_link", `update tenancy.mem set created_at = created_at - interval '1 hour' where replaces is not null`],
  ["chain_acyclic", `update tenancy.mem m set replaces = n.id from tenancy.mem n where n.replaces = m.id`],
  ["invitation_fields", `update tenancy.inv set terminal_at = null`],
  ["acceptance", `update tenancy.mem set inv_id = null`],
  ["removal", `update tenancy.mem set removed_by = usr_id where status = 'active'`],
  ["sequence", `delete from tenancy.evt where seq = 3`],
  ["fold_memberships", `update tenancy.mem set role = 'guest' where role = 'member'`],
  ["fold_invitations", `update tenancy.inv set status = 'declined'`],
  ["fold_invitations", `update tenancy.inv set status = 'pending', terminal_at = null where status = 'expired'`],
  ["fold_expiries", `update tenancy.inv set expires_at = expires_at + interval '1 hour'`],
  ["fold_expiries", `update tenancy.evt set seq = seq + 100 where type = 'invitation.resent'`],
  ["fold_orgs", `update tenancy.org set status = 'suspended' where status = 'active'`],
  [
    "end",
    `insert into tenancy.evt select org_id, 99, 'membership.added', at, actor, null, data from tenancy.evt where type = 'org.revoked'`,
  ],
  ["key", `delete from tenancy.idem where key = 'c'`],
  ["time", `update tenancy.mem set updated_at = created_at - interval '1 hour'`],
  ["format", `update tenancy.org set slug = 'Not A Slug'`],
];
for (const [place, [invariant, damage]] of damages.entries()) {
  test(`damage ${place + 1}, to "${invariant}", is noticed`, async () => {
    await pool.query(damage);
    const broken = await brokenInvariants((text) => pool.query(text));
    expect(broken.map(({ name }) => name)).toContain(invariant);
  });
}
