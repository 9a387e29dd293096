import type { Membership, MembershipThen, MemId, Organization, OrgId } from "@tenantry/core";
import { many, one, type Sqlite } from "./database.ts";
import { membership, organization, type SqlRow } from "./rows.ts";

/** A row with its organization, of which there is always one. */
export function withOrg<R extends { readonly orgId: OrgId }>(
  database: Sqlite,
  row: R,
): R & { readonly org: Organization } {
  return { ...row, org: organization(one(database, "select * from org where id = ?", [row.orgId]) as SqlRow) };
}

/** Up to the root, and from there down again. */
export function chain(database: Sqlite, memId: MemId): readonly Membership[] {
  return many(
    database,
    `with recursive
      up (id, replaces, steps) as (
        select id, replaces, 0 from mem where id = ?
        union all select mem.id, mem.replaces, up.steps + 1 from up join mem on mem.id = up.replaces),
      down (id, steps) as (
        select id, 0 from (select id from up order by steps desc limit 1)
        union all select mem.id, down.steps + 1 from down join mem on mem.replaces = down.id)
      select mem.* from down join mem using (id) order by down.steps`,
    [memId],
  ).map(membership);
}

/** Which of these events came last for the membership up to then. */
export function pauseOf(database: Sqlite, { id, orgId }: Membership, at: Date): MembershipThen["pause"] {
  const row = one(
    database,
    `select type from evt where org_id = ? and at <= ? and type in ('membership.suspended', 'membership.reinstated')
        and data ->> 'memId' = ? order by seq desc limit 1`,
    [orgId, at.getTime(), id],
  );
  return (row?.["type"] ?? null) as MembershipThen["pause"];
}
