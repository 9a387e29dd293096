import { type Change, type Commit, type Membership, type Tuple, uuidOf } from "@tenantry/core";
import { allOf, columns, type Identifier, listed, rows, type Sql, sql, value } from "./sql.ts";

// The columns of rows that go into a statement.
const EXPECTED_INV = columns("id uuid, status text, expires_at timestamptz");
const EXPECTED_MEM = columns("id uuid, status text, updated_at timestamptz");
const EXPECTED_MEMBER = columns("usr_id uuid, roles text[]");
const ORG = columns("status text, name text, slug text, created_at timestamptz, updated_at timestamptz");
const CHANGED_MEM = columns("id uuid, status text, removed_by uuid, updated_at timestamptz");
const MEM = columns(
  "id uuid, usr_id uuid, role text, status text, replaces uuid, invited_by uuid, inv_id uuid, created_at timestamptz, updated_at timestamptz",
);
const CHANGED_INV = columns(
  "id uuid, status text, invited_user_id uuid, expires_at timestamptz, terminal_at timestamptz, terminal_by uuid",
);
const INV = columns(
  "id uuid, identifier text, canonical text, role text, status text, pre_tuples jsonb, invited_by uuid, created_at timestamptz, expires_at timestamptz, terminal_at timestamptz, terminal_by uuid",
);
const TUP = columns("subject_type text, subject_id text, relation text, object_type text, object_id text");
const EVT = columns("place bigint, type text, at timestamptz, actor uuid, key text, data jsonb");
const KEY = columns("scope text, key text, operation text, fingerprint uuid, place bigint, result json");

type Op = Change["op"];
type Of<O extends Op> = Extract<Change, { readonly op: O }>;

/**
 * A commit as one statement. Locks come first, in the order organization, invitations, memberships by id; then `go`, the
 * verdict: one row if everything expected still holds; then every write, each reading from `go`, so that no row there
 * writes nothing. Nothing but locks rests on rows that were read before the locks were held, and no decision rests on
 * this statement's own snapshot, which is older than the wait for them.
 */
export function commitSql(s: Identifier, commit: Commit): Sql {
  const changes = <O extends Op>(op: O): readonly Of<O>[] =>
    commit.changes.filter((change): change is Of<O> => change.op === op);
  const parts = [
    ...verdict(s, commit, changes),
    organization(s, commit, changes),
    ...memberships(s, changes),
    ...invitations(s, changes),
    ...tuples(s, changes),
    ...records(s, commit, changes),
  ];
  const answer = changes("endEverything").length === 0 ? sql`` : sql`, (select counts::text from ended) as ended`;
  return sql`with ${listed(parts)}
select last::text as seq${answer} from go`;
}

type Changes = <O extends Op>(op: O) => readonly Of<O>[];

function verdict(s: Identifier, { org, events }: Commit, changes: Changes): readonly Sql[] {
  if (org.is === "new") {
    const [orgId, last] = [value(uuidOf(org.id), "uuid"), value(events.length, "bigint")];
    return [sql`go as materialized (select ${orgId} as org_id, 0::bigint as before, ${last} as last)`];
  }
  const status = org.status === null ? sql`` : sql` and status = ${value(org.status, "text")}`;
  const version = org.version === null ? sql`` : sql` and version = ${value(org.version, "bigint")}`;
  const parts = [
    sql`locked_org as materialized (
  select id, version from ${s}.org
   where id = ${value(uuidOf(org.id), "uuid")}${status}${version}
     for no key update
)`,
  ];
  const holds: Sql[] = [];
  const invitations = changes("updateInvitation").map(({ row, expect }) => ({
    id: uuidOf(row.id),
    status: expect.status,
    expires_at: expect.expiresAt,
  }));
  if (invitations.length > 0) {
    const expected = rows(invitations, EXPECTED_INV);
    parts.push(sql`locked_inv as materialized (
  select i.id from ${s}.inv i join ${expected} on i.id = r.id and i.status = r.status and i.expires_at = r.expires_at
   where exists (select from locked_org)
   order by i.id
     for no key update of i
)`);
    holds.push(sql`(select count(*) from locked_inv) = ${value(invitations.length, "bigint")}`);
  }
  const memberships = [
    ...changes("updateMembership").map(({ row, expect }) => ({ id: row.id, expect })),
    ...changes("expectMembership").map(({ memId, expect }) => ({ id: memId, expect })),
  ].map(({ id, expect }) => ({ id: uuidOf(id), status: expect.status, updated_at: expect.updatedAt }));
  if (memberships.length > 0) {
    const expected = rows(memberships, EXPECTED_MEM);
    const before = invitations.length > 0 ? sql`locked_inv` : sql`locked_org`;
    parts.push(sql`locked_mem as materialized (
  select m.id from ${s}.mem m join ${expected} on m.id = r.id and m.status = r.status and m.updated_at = r.updated_at
   where exists (select from ${before})
   order by m.id
     for no key update of m
)`);
    holds.push(sql`(select count(*) from locked_mem) = ${value(memberships.length, "bigint")}`);
  }
  const members = changes("expectMember").map(({ usrId, roles }) => ({ usr_id: uuidOf(usrId), roles }));
  if (members.length > 0) {
    // Whoever writes a membership holds the organization's lock, so these need no place in the order of the others. One
    // by one: joined, a planner that does not know how many there are reads every active member of the organization.
    const expected = rows(members, EXPECTED_MEMBER);
    parts.push(sql`locked_member as materialized (
  select m.id from ${expected} cross join lateral (
    select m.id from ${s}.mem m
     where m.org_id = ${value(uuidOf(org.id), "uuid")} and m.usr_id = r.usr_id and m.status = 'active' and m.role = any (r.roles)
       for no key update
  ) m
   where exists (select from locked_org)
)`);
    holds.push(sql`(select count(*) from locked_member) = ${value(members.length, "bigint")}`);
  }
  const where =
    holds.length === 0
      ? sql``
      : sql`
   where ${allOf(holds)}`;
  parts.push(sql`go as materialized (
  select id as org_id, version as before, version + ${value(events.length, "bigint")} as last from locked_org${where}
)`);
  return parts;
}

function organization(s: Identifier, { org }: Commit, changes: Changes): Sql {
  if (org.is === "new") {
    const added = changes("insertOrg").map(({ row }) => ({
      status: row.status,
      name: row.name,
      slug: row.slug,
      created_at: row.createdAt,
      updated_at: row.updatedAt,
    }));
    return sql`added_org as (
  insert into ${s}.org (id, status, name, slug, version, created_at, updated_at)
  select go.org_id, r.status, r.name, r.slug, go.last, r.created_at, r.updated_at
    from go, ${rows(added, ORG)}
)`;
  }
  const [update] = changes("updateOrg");
  const set =
    update === undefined
      ? sql``
      : sql`, status = ${value(update.row.status, "text")}, name = ${value(update.row.name, "text")},
         slug = ${value(update.row.slug, "text")}, updated_at = ${value(update.row.updatedAt, "timestamptz")}`;
  return sql`advanced as (
  update ${s}.org set version = go.last${set}
    from go
   where org.id = go.org_id
)`;
}

function memberships(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const updates = changes("updateMembership").map(({ row }) => ({
    id: uuidOf(row.id),
    status: row.status,
    removed_by: uuidOrNull(row.removedBy),
    updated_at: row.updatedAt,
  }));
  if (updates.length > 0) {
    parts.push(sql`changed_mem as (
  update ${s}.mem set status = r.status, removed_by = r.removed_by, updated_at = r.updated_at
    from go, ${rows(updates, CHANGED_MEM)}
   where mem.id = r.id
  returning mem.id
)`);
  }
  const inserts = changes("insertMembership").map(({ row, invId }) => memRow(row, invId));
  if (inserts.length > 0) {
    // A link begins only after the row it replaces has ended: both at once would break "one live membership".
    const first =
      updates.length === 0
        ? sql``
        : sql`
   where (select count(*) from changed_mem) >= 0`;
    parts.push(sql`added_mem as (
  insert into ${s}.mem (id, org_id, usr_id, role, status, replaces, invited_by, removed_by, inv_id, created_at, updated_at)
  select r.id, go.org_id, r.usr_id, r.role, r.status, r.replaces, r.invited_by, null, r.inv_id, r.created_at, r.updated_at
    from go, ${rows(inserts, MEM)}${first}
)`);
  }
  return parts;
}

function memRow(row: Membership, invId: string | null): Readonly<Record<string, unknown>> {
  return {
    id: uuidOf(row.id),
    usr_id: uuidOf(row.usrId),
    role: row.role,
    status: row.status,
    replaces: uuidOrNull(row.replaces),
    invited_by: uuidOrNull(row.invitedBy),
    inv_id: uuidOrNull(invId),
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

function invitations(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const updates = changes("updateInvitation").map(({ row }) => ({
    id: uuidOf(row.id),
    status: row.status,
    invited_user_id: uuidOrNull(row.invitedUserId),
    expires_at: row.expiresAt,
    terminal_at: row.terminalAt,
    terminal_by: uuidOrNull(row.terminalBy),
  }));
  if (updates.length > 0) {
    parts.push(sql`changed_inv as (
  update ${s}.inv
     set status = r.status, invited_user_id = r.invited_user_id, expires_at = r.expires_at, terminal_at = r.terminal_at,
         terminal_by = r.terminal_by
    from go, ${rows(updates, CHANGED_INV)}
   where inv.id = r.id
)`);
  }
  const inserts = changes("insertInvitation").map(({ row, canonical }) => ({
    id: uuidOf(row.id),
    identifier: row.identifier,
    canonical,
    role: row.role,
    status: row.status,
    pre_tuples: row.preTuples,
    invited_by: uuidOf(row.invitedBy),
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    terminal_at: row.terminalAt,
    terminal_by: uuidOrNull(row.terminalBy),
  }));
  if (inserts.length > 0) {
    parts.push(sql`added_inv as (
  insert into ${s}.inv (id, org_id, identifier, canonical, role, status, pre_tuples, invited_by, created_at, expires_at,
         terminal_at, terminal_by)
  select r.id, go.org_id, r.identifier, r.canonical, r.role, r.status, r.pre_tuples, r.invited_by, r.created_at, r.expires_at,
         r.terminal_at, r.terminal_by
    from go, ${rows(inserts, INV)}
)`);
  }
  return parts;
}

function tuples(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const deletes = changes("deleteTuple").map(({ tuple }) => tupRow(tuple));
  if (deletes.length > 0) {
    parts.push(sql`dropped_tup as (
  delete from ${s}.tup t using go, ${rows(deletes, TUP)}
   where t.subject_type = r.subject_type and t.subject_id = r.subject_id and t.relation = r.relation
     and t.object_type = r.object_type and t.object_id = r.object_id
)`);
  }
  const inserts = changes("insertTuple").map(({ tuple }) => tupRow(tuple));
  if (inserts.length > 0) {
    // In the order of the key: two organizations that grant the same tuples wait for each other in one direction only.
    parts.push(sql`granted_tup as (
  insert into ${s}.tup (subject_type, subject_id, relation, object_type, object_id)
  select r.subject_type, r.subject_id, r.relation, r.object_type, r.object_id
    from go, ${rows(inserts, TUP)}
   order by r.subject_id collate "C", r.object_type collate "C", r.object_id collate "C", r.relation collate "C"
  on conflict do nothing
)`);
  }
  return parts;
}

function tupRow({ subjectType, subjectId, relation, objectType, objectId }: Tuple): Readonly<Record<string, unknown>> {
  return { subject_type: subjectType, subject_id: subjectId, relation, object_type: objectType, object_id: objectId };
}

/** The events and the uses of keys. They come from `go` like every row: refused calls leave none. */
function records(s: Identifier, { events, keys }: Commit, changes: Changes): readonly Sql[] {
  const [ending] = changes("endEverything");
  const parts: Sql[] = [];
  let counts = sql``;
  if (ending !== undefined) {
    parts.push(sql`ended as materialized (
  select jsonb_build_object('memberships', e.memberships, 'invitations', e.invitations, 'tuples', e.tuples) as counts
    from go, ${s}.end_everything(go.org_id, ${value(ending.orgId, "text")}, ${value(ending.at, "timestamptz")},
      ${value(uuidOrNull(ending.by), "uuid")}) e
)`);
    counts = sql` || case r.type when 'org.revoked' then (select counts from ended) else '{}' end`;
  }
  const recorded = events.map((event, place) => ({
    place: place + 1,
    type: event.type,
    at: event.at,
    actor: uuidOrNull(event.actor),
    key: event.idempotencyKey,
    data: event.data,
  }));
  parts.push(sql`recorded as (
  insert into ${s}.evt (org_id, seq, type, at, actor, idempotency_key, data)
  select go.org_id, go.before + r.place, r.type, r.at, r.actor, r.key, r.data${counts}
    from go, ${rows(recorded, EVT)}
)`);
  const used = keys.map(({ event, scope, key, operation, fingerprint, result }) => {
    return { scope, key, operation, fingerprint, place: event + 1, result };
  });
  parts.push(sql`keyed as (
  insert into ${s}.idem (scope, key, state, operation, fingerprint, org_id, seq, result)
  select r.scope, r.key, 'done', r.operation, r.fingerprint, go.org_id, go.before + r.place, r.result
    from go, ${rows(used, KEY)}
)`);
  return parts;
}

function uuidOrNull(id: string | null): string | null {
  return id === null ? null : uuidOf(id);
}
