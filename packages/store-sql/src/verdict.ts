import { type Change, type Commit, type ExistingOrg, uuidOf } from "@tenantry/core";
import { allOf, columns, type Identifier, rows, type Sql, sql, value } from "./sql.ts";
import { SAME_TUPLE, TUP, tupRow } from "./tuple-row.ts";

// The columns of rows that are expected.
const EXPECTED_INV = columns("id uuid, status text, expires_at timestamptz");
const EXPECTED_MEM = columns("id uuid, status text, updated_at timestamptz");
const EXPECTED_MEMBER = columns("usr_id uuid, roles text[], at timestamptz");
const EXPECTED_JOIN = columns("usr_id uuid, at_most bigint");

type Op = Change["op"];

/** The changes of a commit that are of one kind. */
export type Changes = <O extends Op>(op: O) => readonly Extract<Change, { readonly op: O }>[];

/** Rows that are locked if they are as expected, and how many of them there have to be. */
interface Lock {
  readonly piece: Sql;
  readonly holds: Sql;
}

/** The locks of a commit in their order, and `go`: one row if everything expected still holds. */
export function verdict(s: Identifier, { org, events }: Commit, changes: Changes): readonly Sql[] {
  const number = value(events.length, "bigint");
  if (org.is === "new") {
    const locks = joins(s, changes, sql``);
    const where = allHold(locks);
    const go = sql`go as materialized (
  select ${value(uuidOf(org.id), "uuid")} as org_id, 0::bigint as before, ${number} as last${where}
)`;
    return [...locks.map(({ piece }) => piece), go];
  }
  const lockedOrg = sql`locked_org as materialized (
  select id, version from ${s}.org
   where ${allOf(expectations(org))}
     for no key update
)`;
  const closing = invitations(s, changes);
  const locks = [
    ...closing,
    ...memberships(s, changes, closing.length > 0 ? sql`locked_inv` : sql`locked_org`),
    ...members(s, org, changes),
    ...grants(s, org, changes),
    ...placements(s, changes),
    ...joins(
      s,
      changes,
      sql`
   where exists (select from locked_org)`,
    ),
  ];
  const go = sql`go as materialized (
  select id as org_id, version as before, version + ${number} as last from locked_org${allHold(locks)}
)`;
  return [lockedOrg, ...locks.map(({ piece }) => piece), go];
}

function allHold(locks: readonly Lock[]): Sql {
  return locks.length === 0
    ? sql``
    : sql`
   where ${allOf(locks.map(({ holds }) => holds))}`;
}

/** What is expected of the organization's row: seen again once it is locked. */
function expectations({ id, status, version, room, fields }: ExistingOrg): readonly Sql[] {
  const expected = [sql`id = ${value(uuidOf(id), "uuid")}`];
  if (status !== null) {
    expected.push(sql`status = ${value(status, "text")}`);
  }
  if (version !== null) {
    expected.push(sql`version = ${value(version, "bigint")}`);
  }
  if (room?.members !== undefined) {
    expected.push(sql`members <= ${value(room.members, "bigint")}`);
  }
  if (room?.invitations !== undefined) {
    expected.push(sql`invitations <= ${value(room.invitations, "bigint")}`);
  }
  if (fields !== undefined) {
    const { name, slug, updatedAt } = fields;
    expected.push(
      sql`name is not distinct from ${value(name, "text")}`,
      sql`slug is not distinct from ${value(slug, "text")}`,
      sql`updated_at = ${value(updatedAt, "timestamptz")}`,
    );
  }
  return expected;
}

function invitations(s: Identifier, changes: Changes): readonly Lock[] {
  const expected = changes("updateInvitation");
  return expected.length === 0
    ? []
    : [
        {
          piece: sql`locked_inv as materialized (
  select i.id from ${s}.inv i join ${rows(expected, EXPECTED_INV, expectedInv)} on i.id = r.id and i.status = r.status and i.expires_at = r.expires_at
   where exists (select from locked_org)
   order by i.id
     for no key update of i
)`,
          holds: sql`(select count(*) from locked_inv) = ${value(expected.length, "bigint")}`,
        },
      ];
}

function expectedInv({ row, expect }: Extract<Change, { readonly op: "updateInvitation" }>) {
  return { id: uuidOf(row.id), status: expect.status, expires_at: expect.expiresAt };
}

function memberships(s: Identifier, changes: Changes, before: Sql): readonly Lock[] {
  const expected = [...changes("updateMembership"), ...changes("expectMembership")];
  return expected.length === 0
    ? []
    : [
        {
          piece: sql`locked_mem as materialized (
  select m.id from ${s}.mem m join ${rows(expected, EXPECTED_MEM, expectedMem)} on m.id = r.id and m.status = r.status and m.updated_at = r.updated_at
   where exists (select from ${before})
   order by m.id
     for no key update of m
)`,
          holds: sql`(select count(*) from locked_mem) = ${value(expected.length, "bigint")}`,
        },
      ];
}

function expectedMem(change: Extract<Change, { readonly op: "updateMembership" | "expectMembership" }>) {
  const { status, updatedAt } = change.expect;
  return {
    id: uuidOf(change.op === "updateMembership" ? change.row.id : change.memId),
    status,
    updated_at: updatedAt,
  };
}

/**
 * Whoever writes a membership holds the organization's lock, so these need no place in the order of the others. One by one:
 * joined, a planner that does not know how many there are reads every active member of the organization.
 */
function members(s: Identifier, { id }: ExistingOrg, changes: Changes): readonly Lock[] {
  const expected = changes("expectMember");
  const cells = ({ usrId, roles, at }: (typeof expected)[number]) => ({ usr_id: uuidOf(usrId), roles, at });
  return expected.length === 0
    ? []
    : [
        {
          piece: sql`locked_member as materialized (
  select m.id from ${rows(expected, EXPECTED_MEMBER, cells)} cross join lateral (
    select m.id from ${s}.mem m
     where m.org_id = ${value(uuidOf(id), "uuid")} and m.usr_id = r.usr_id and m.status = 'active' and m.role = any (r.roles)
       and (m.expires_at is null or m.expires_at >= r.at)
       for no key update
  ) m
   where exists (select from locked_org)
)`,
          holds: sql`(select count(*) from locked_member) = ${value(expected.length, "bigint")}`,
        },
      ];
}

/** Grants that have lapsed: what somebody was granted again meanwhile stays. */
function grants(s: Identifier, { id }: ExistingOrg, changes: Changes): readonly Lock[] {
  const expected = changes("endGrant");
  return expected.length === 0
    ? []
    : [
        {
          piece: sql`locked_tup as materialized (
  select t.subject_id from ${s}.tup t join ${rows(expected, TUP, tupRow)} on ${SAME_TUPLE}
     and t.expires_at = r.expires_at and t.granted_by = ${value(uuidOf(id), "uuid")}
   where exists (select from locked_org)
   order by t.subject_id, t.object_type, t.object_id, t.relation
     for update of t
)`,
          holds: sql`(select count(*) from locked_tup) = ${value(expected.length, "bigint")}`,
        },
      ];
}

/** The placement as it is expected, locked behind the organization. */
function placements(s: Identifier, changes: Changes): readonly Lock[] {
  return changes("updatePlacement").map(({ orgId, expect: { state, holder } }) => ({
    piece: sql`locked_placement as materialized (
  select p.org_id from ${s}.placement p
   where p.org_id = ${value(uuidOf(orgId), "uuid")} and p.state = ${value(state, "text")}${
     holder === null ? sql`` : sql` and p.leased_by = ${value(holder, "text")} and p.leased_until > clock_timestamp()`
   }
     and exists (select from locked_org)
     for no key update
)`,
    holds: sql`exists (select from locked_placement)`,
  }));
}

/**
 * Users who join under a limit of their own: the rows that there are of them, in one order whoever names them, last of all
 * that is locked. Also of those who should have none yet, so that a row which a commit finds is held before any is added.
 */
function joins(s: Identifier, changes: Changes, where: Sql): readonly Lock[] {
  const expected = changes("countJoin");
  const again = expected.filter(({ first }) => !first).length;
  const cells = ({ usrId, first, atMost }: (typeof expected)[number]) => ({
    usr_id: uuidOf(usrId),
    at_most: first ? 0 : atMost,
  });
  return expected.length === 0
    ? []
    : [
        {
          piece: sql`locked_join as materialized (
  select j.usr_id, r.at_most is null or j.number <= r.at_most as fits
    from ${s}.joins j join ${rows(expected, EXPECTED_JOIN, cells)} on j.usr_id = r.usr_id${where}
   order by j.usr_id
     for no key update of j
)`,
          holds: sql`(select count(*) = ${value(again, "bigint")} and bool_and(fits) is not false from locked_join)`,
        },
      ];
}
