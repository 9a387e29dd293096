import { type Change, type Commit, gained, uuidOf } from "@tenantry/core";
import { traceWrites } from "./groups/audit.ts";
import { domains } from "./groups/domain.ts";
import { placementWrites } from "./groups/placement.ts";
import { announceWrites } from "./groups/relay.ts";
import { settingWrites } from "./groups/setting.ts";
import { suspensions } from "./groups/suspension.ts";
import { columns, type Identifier, listed, rows, type Sql, sql, value } from "./sql.ts";
import { SAME_TUPLE, TUP, tupRow } from "./tuple-row.ts";
import { type Changes, verdict } from "./verdict.ts";

// The columns of rows that go into a statement.
const ORG = columns(
  "status text, name text, slug text, created_at timestamptz, updated_at timestamptz, metadata json, members bigint, invitations bigint",
);
const CHANGED_MEM = columns(
  "id uuid, status text, removed_by uuid, updated_at timestamptz, expires_at timestamptz, metadata json",
);
const MEM = columns(
  "id uuid, usr_id uuid, role text, status text, replaces uuid, invited_by uuid, inv_id uuid, created_at timestamptz, updated_at timestamptz, expires_at timestamptz, metadata json",
);
const CHANGED_INV = columns(
  "id uuid, status text, invited_user_id uuid, expires_at timestamptz, terminal_at timestamptz, terminal_by uuid",
);
const INV = columns(
  "id uuid, identifier text, canonical text, role text, status text, pre_tuples jsonb, invited_by uuid, created_at timestamptz, expires_at timestamptz, terminal_at timestamptz, terminal_by uuid, membership_expires_at timestamptz, membership_metadata json",
);
const JOIN = columns("usr_id uuid");
const EVT = columns("place bigint, type text, at timestamptz, actor uuid, key text, data jsonb");
const KEY = columns("scope text, key text, operation text, fingerprint uuid, place bigint, result json");

/** In the order of the key: two organizations that grant the same tuples wait for each other in one direction only. */
const IN_ORDER = sql`order by r.subject_id collate "C", r.object_type collate "C", r.object_id collate "C", r.relation collate "C"`;

/**
 * A commit as one statement. Locks come first, in the order organization, invitations, memberships by id, tuples, placement, joins;
 * then `go`, the verdict: one row if everything expected still holds; then every write, each reading from `go`, so that no
 * row there writes nothing. Nothing but locks rests on rows that were read before the locks were held, and no decision
 * rests on this statement's own snapshot, which is older than the wait for them.
 */
export function commitSql(s: Identifier, commit: Commit): Sql {
  const changes = byKind(commit.changes);
  const parts = [
    ...verdict(s, commit, changes),
    ...ending(s, changes),
    organization(s, commit, changes),
    ...memberships(s, changes),
    ...invitations(s, changes),
    ...tuples(s, changes),
    ...joins(s, changes),
    ...placementWrites(s, changes),
    ...settingWrites(s, changes),
    ...domains(s, changes),
    ...suspensions(s, changes),
    ...announceWrites(s, commit, changes),
    ...traceWrites(s, commit, changes),
    ...records(s, commit, changes),
  ];
  const answer = changes("endEverything").length === 0 ? sql`` : sql`, (select counts::text from ended) as ended`;
  return sql`with ${listed(parts)}
select last::text as seq${answer} from go`;
}

/** Sorted once: a commit of thousands of changes is asked for each kind. */
function byKind(all: readonly Change[]): Changes {
  const kinds = new Map<Change["op"], Change[]>();
  for (const change of all) {
    const known = kinds.get(change.op);
    if (known === undefined) {
      kinds.set(change.op, [change]);
    } else {
      known.push(change);
    }
  }
  const none: readonly Change[] = [];
  return ((op: Change["op"]) => kinds.get(op) ?? none) as Changes;
}

/** What a function of the schema does and counts, before anything reads of it. */
function ending(s: Identifier, changes: Changes): readonly Sql[] {
  const [end] = changes("endEverything");
  return end === undefined
    ? []
    : [
        sql`ended as materialized (
  select e.invitations, jsonb_build_object('memberships', e.memberships, 'invitations', e.invitations, 'tuples', e.tuples) as counts
    from go, ${s}.end_everything(go.org_id, ${value(end.orgId, "text")}, ${value(end.at, "timestamptz")},
      ${value(uuidOrNull(end.by), "uuid")}) e
)`,
      ];
}

function organization(s: Identifier, { org, changes: all }: Commit, changes: Changes): Sql {
  const { members, invitations } = gained(all);
  if (org.is === "new") {
    const added = changes("insertOrg");
    const cells = ({ row }: (typeof added)[number]) => ({
      status: row.status,
      name: row.name,
      slug: row.slug,
      created_at: row.createdAt,
      updated_at: row.updatedAt,
      metadata: row.metadata,
      members,
      invitations,
    });
    return sql`added_org as (
  insert into ${s}.org (id, status, name, slug, version, created_at, updated_at, metadata, members, invitations)
  select go.org_id, r.status, r.name, r.slug, go.last, r.created_at, r.updated_at, r.metadata, r.members, r.invitations
    from go, ${rows(added, ORG, cells)}
)`;
  }
  const counted =
    changes("endEverything").length > 0
      ? sql`, members = 0, invitations = org.invitations - (select invitations from ended)`
      : sql`, members = org.members + ${value(members, "bigint")}, invitations = org.invitations + ${value(invitations, "bigint")}`;
  const [update] = changes("updateOrg");
  const set =
    update === undefined
      ? sql``
      : sql`, status = ${value(update.row.status, "text")}, name = ${value(update.row.name, "text")},
         slug = ${value(update.row.slug, "text")}, updated_at = ${value(update.row.updatedAt, "timestamptz")},
         metadata = ${value(update.row.metadata, "json")}`;
  return sql`advanced as (
  update ${s}.org set version = go.last${counted}${set}
    from go
   where org.id = go.org_id
)`;
}

function memberships(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const updates = changes("updateMembership");
  if (updates.length > 0) {
    parts.push(sql`changed_mem as (
  update ${s}.mem
     set status = r.status, removed_by = r.removed_by, updated_at = r.updated_at, expires_at = r.expires_at, metadata = r.metadata
    from go, ${rows(updates, CHANGED_MEM, changedMem)}
   where mem.id = r.id
  returning mem.id
)`);
  }
  const inserts = changes("insertMembership");
  if (inserts.length > 0) {
    // A link begins only after the row it replaces has ended: both at once would break "one live membership".
    const first =
      updates.length === 0
        ? sql``
        : sql`
   where (select count(*) from changed_mem) >= 0`;
    parts.push(sql`added_mem as (
  insert into ${s}.mem (id, org_id, usr_id, role, status, replaces, invited_by, removed_by, inv_id, created_at, updated_at,
    expires_at, metadata)
  select r.id, go.org_id, r.usr_id, r.role, r.status, r.replaces, r.invited_by, null, r.inv_id, r.created_at, r.updated_at,
    r.expires_at, r.metadata
    from go, ${rows(inserts, MEM, addedMem)}${first}
)`);
  }
  return parts;
}

function changedMem({ row }: Extract<Change, { readonly op: "updateMembership" }>) {
  return {
    id: uuidOf(row.id),
    status: row.status,
    removed_by: uuidOrNull(row.removedBy),
    updated_at: row.updatedAt,
    expires_at: row.expiresAt,
    metadata: row.metadata,
  };
}

function addedMem({ row, invId }: Extract<Change, { readonly op: "insertMembership" }>) {
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
    expires_at: row.expiresAt,
    metadata: row.metadata,
  };
}

function invitations(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const updates = changes("updateInvitation");
  if (updates.length > 0) {
    parts.push(sql`changed_inv as (
  update ${s}.inv
     set status = r.status, invited_user_id = r.invited_user_id, expires_at = r.expires_at, terminal_at = r.terminal_at,
         terminal_by = r.terminal_by
    from go, ${rows(updates, CHANGED_INV, changedInv)}
   where inv.id = r.id
)`);
  }
  const inserts = changes("insertInvitation");
  if (inserts.length > 0) {
    parts.push(sql`added_inv as (
  insert into ${s}.inv (id, org_id, identifier, canonical, role, status, pre_tuples, invited_by, created_at, expires_at,
    terminal_at, terminal_by, membership_expires_at, membership_metadata)
  select r.id, go.org_id, r.identifier, r.canonical, r.role, r.status, r.pre_tuples, r.invited_by, r.created_at, r.expires_at,
    r.terminal_at, r.terminal_by, r.membership_expires_at, r.membership_metadata
    from go, ${rows(inserts, INV, addedInv)}
)`);
  }
  return parts;
}

function changedInv({ row }: Extract<Change, { readonly op: "updateInvitation" }>) {
  return {
    id: uuidOf(row.id),
    status: row.status,
    invited_user_id: uuidOrNull(row.invitedUserId),
    expires_at: row.expiresAt,
    terminal_at: row.terminalAt,
    terminal_by: uuidOrNull(row.terminalBy),
  };
}

function addedInv({ row, canonical }: Extract<Change, { readonly op: "insertInvitation" }>) {
  return {
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
    membership_expires_at: row.membershipExpiresAt,
    membership_metadata: row.membershipMetadata,
  };
}

function tuples(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const deletes = [...changes("deleteTuple"), ...changes("endGrant")];
  if (deletes.length > 0) {
    parts.push(sql`dropped_tup as (
  delete from ${s}.tup t using go, ${rows(deletes, TUP, tupRow)}
   where ${SAME_TUPLE}
)`);
  }
  const inserts = changes("insertTuple");
  if (inserts.length > 0) {
    parts.push(sql`added_tup as (
  insert into ${s}.tup as t (subject_type, subject_id, relation, object_type, object_id, expires_at)
  select r.subject_type, r.subject_id, r.relation, r.object_type, r.object_id, r.expires_at
    from go, ${rows(inserts, TUP, tupRow)}
   ${IN_ORDER}
  on conflict on constraint tup_granted_once do update set expires_at = excluded.expires_at
   where t.expires_at is distinct from excluded.expires_at
)`);
  }
  const grants = changes("grantTuple");
  if (grants.length > 0) {
    parts.push(sql`granted_tup as (
  insert into ${s}.tup as t (subject_type, subject_id, relation, object_type, object_id, expires_at, granted_by)
  select r.subject_type, r.subject_id, r.relation, r.object_type, r.object_id, r.expires_at,
         case when r.expires_at is not null then go.org_id end
    from go, ${rows(grants, TUP, tupRow)}
   ${IN_ORDER}
  on conflict on constraint tup_granted_once do update
     set expires_at = excluded.expires_at, granted_by = excluded.granted_by
   where t.expires_at < coalesce(excluded.expires_at, 'infinity')
)`);
  }
  return parts;
}

/**
 * The joins of users under limits of their own: a first one adds a row, and two first ones at once are a conflict. Rows are
 * added in one order, and before others are written: who adds one that somebody has locked is refused at once, but waits for
 * one that was written.
 */
function joins(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const joining = changes("countJoin");
  const [first, again] = [joining.filter((join) => join.first), joining.filter((join) => !join.first)];
  const cells = ({ usrId }: (typeof joining)[number]) => ({ usr_id: uuidOf(usrId) });
  if (first.length > 0) {
    parts.push(sql`first_join as (
  insert into ${s}.joins (usr_id, number)
  select r.usr_id, 1 from go, ${rows(first, JOIN, cells)} order by r.usr_id
  returning usr_id
)`);
  }
  if (again.length > 0) {
    const last = first.length === 0 ? sql`` : sql` and (select count(*) from first_join) >= 0`;
    parts.push(sql`next_join as (
  update ${s}.joins set number = number + 1
    from go, ${rows(again, JOIN, cells)}
   where joins.usr_id = r.usr_id${last}
)`);
  }
  return parts;
}

/** The events and the uses of keys. They come from `go` like every row: refused calls leave none. */
function records(s: Identifier, { events, keys }: Commit, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const counts =
    changes("endEverything").length === 0
      ? sql``
      : sql` || case r.type when 'org.revoked' then (select counts from ended) else '{}' end`;
  const recorded = (event: Commit["events"][number], place: number) => ({
    place: place + 1,
    type: event.type,
    at: event.at,
    actor: uuidOrNull(event.actor),
    key: event.idempotencyKey,
    data: event.data,
  });
  parts.push(sql`recorded as (
  insert into ${s}.evt (org_id, seq, type, at, actor, idempotency_key, data)
  select go.org_id, go.before + r.place, r.type, r.at, r.actor, r.key, r.data${counts}
    from go, ${rows(events, EVT, recorded)}
)`);
  const used = ({ event, scope, key, operation, fingerprint, result }: (typeof keys)[number]) => {
    return { scope, key, operation, fingerprint, place: event + 1, result };
  };
  parts.push(sql`keyed as (
  insert into ${s}.idem (scope, key, state, operation, fingerprint, org_id, seq, result)
  select r.scope, r.key, 'done', r.operation, r.fingerprint, go.org_id, go.before + r.place, r.result
    from go, ${rows(keys, KEY, used)}
)`);
  return parts;
}

function uuidOrNull(id: string | null): string | null {
  return id === null ? null : uuidOf(id);
}
