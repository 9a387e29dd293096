import { groupInvariants } from "./group-invariants.ts";
import type { Invariant } from "./invariant.ts";

const ROLES = "'{owner,admin,member,guest,viewer,editor}'::text[]";

/** The wire form of an id. */
const wire = (type: string, column: string): string => `'${type}_' || replace(${column}::text, '-', '')`;

/**
 * Common to the queries. `born`: every membership row, as the events tell it. `gone`: every end that an event gives to
 * one membership. `told`: the present state of every membership, as the events tell it.
 */
function views(s: string): string {
  return `with born as (
  select org_id, seq, data->>'memId' as mem, data->>'usrId' as usr, 'owner' as role, null as replaces, null as inv
    from ${s}.evt where type = 'org.created'
  union all
  select org_id, seq, data->>'memId', data->>'usrId', data->>'role', null, data->>'invId'
    from ${s}.evt where type in ('membership.added', 'invitation.accepted')
  union all
  select org_id, seq, data->>'memId', data->>'usrId', data->>'to', data->>'replaces', null
    from ${s}.evt where type = 'membership.role_changed'
  union all
  select org_id, seq, data#>>'{from,memId}', data#>>'{from,usrId}', 'member', data#>>'{from,replaces}', null
    from ${s}.evt where type = 'ownership.transferred'
  union all
  select org_id, seq, data#>>'{to,memId}', data#>>'{to,usrId}', 'owner', data#>>'{to,replaces}', null
    from ${s}.evt where type = 'ownership.transferred' and data#>>'{to,replaces}' is not null
  union all
  select org_id, seq, data#>>'{transfer,memId}', data#>>'{transfer,usrId}', 'owner', data#>>'{transfer,replaces}', null
    from ${s}.evt where type = 'membership.left' and data#>>'{transfer,replaces}' is not null
), gone as (
  select replaces as mem, null as removed_by from born where replaces is not null
  union all
  select data->>'memId', null from ${s}.evt where type = 'membership.left'
  union all
  select data->>'memId', data->>'removedBy' from ${s}.evt where type = 'membership.removed'
  union all
  select m->>'memId', null from ${s}.evt, jsonb_array_elements(data->'memberships') m where type = 'membership.expired'
  union all
  select data->>'expired', null from ${s}.evt
   where type in ('membership.added', 'invitation.accepted') and data->>'expired' is not null
), paused as (
  select distinct on (data->>'memId') data->>'memId' as mem, type
    from ${s}.evt where type in ('membership.suspended', 'membership.reinstated')
   order by data->>'memId', seq desc
), told as (
  select b.*, g.removed_by,
         case when g.mem is not null or closed.seq is not null then 'revoked'
              when p.type = 'membership.suspended' then 'suspended'
              else 'active' end as status
    from born b
    left join gone g on g.mem = b.mem
    left join paused p on p.mem = b.mem
    left join ${s}.evt closed on closed.org_id = b.org_id and closed.type = 'org.revoked'
), role_tup as (
  select * from ${s}.tup where object_type = 'org' and relation = any (${ROLES})
), member as (
  select *, ${wire("mem", "id")} as w, ${wire("usr", "usr_id")} as usr, ${wire("org", "org_id")} as org from ${s}.mem
)
`;
}

/** The invariants over the tables of a schema. */
export function invariants(schema = "tenancy"): readonly Invariant[] {
  const s = `"${schema}"`;
  const all: readonly (readonly [name: string, rule: string, query: string])[] = [
    [
      "owner",
      "an organization that is not revoked has an active owner without a time box",
      `select o.id::text as row from ${s}.org o where o.status <> 'revoked'
         and not exists (select from ${s}.mem m where m.org_id = o.id and m.role = 'owner' and m.status = 'active' and m.expires_at is null)`,
    ],
    [
      "live",
      "a user has at most one live membership in an organization",
      `select min(id::text) as row from ${s}.mem where status in ('active', 'suspended') group by org_id, usr_id having count(*) > 1`,
    ],
    [
      "tuple_of_member",
      "an active membership has exactly one role tuple, with its time box",
      `select m.w as row from member m left join role_tup t
          on t.subject_id = m.usr and t.object_id = m.org and t.relation = m.role and t.expires_at is not distinct from m.expires_at and t.granted_by is null
        where m.status = 'active' group by m.w having count(t.subject_id) <> 1`,
    ],
    [
      "member_of_tuple",
      "a role tuple has its active membership",
      `select t.subject_id || t.object_id as row from role_tup t where not exists (
         select from member m where m.status = 'active' and m.usr = t.subject_id and m.org = t.object_id and m.role = t.relation)`,
    ],
    [
      "closed_org_empty",
      "nothing in a revoked organization lives on",
      `select o.id::text as row from ${s}.org o where o.status = 'revoked' and (
         exists (select from ${s}.mem m where m.org_id = o.id and m.status <> 'revoked')
         or exists (select from ${s}.inv i where i.org_id = o.id and i.status = 'pending' and i.expires_at >= o.updated_at)
         or exists (select from ${s}.tup t where t.object_type = 'org' and t.object_id = ${wire("org", "o.id")}))`,
    ],
    [
      "slug",
      "a slug is held once",
      `select slug as row from ${s}.org where slug is not null and status <> 'revoked' group by slug having count(*) > 1`,
    ],
    [
      "tuple_key",
      "the five fields of a tuple are its key",
      `select subject_id as row from ${s}.tup group by subject_type, subject_id, relation, object_type, object_id having count(*) > 1`,
    ],
    [
      "grant_source",
      "a tuple that is no role was granted by an accepted invitation to this user",
      `select t.subject_id || t.object_id as row from ${s}.tup t
        where not (t.object_type = 'org' and t.relation = any (${ROLES}))
          and not exists (select from ${s}.evt e, jsonb_array_elements(e.data->'tuples') g
                           where e.type = 'invitation.accepted' and e.data->>'usrId' = t.subject_id
                             and g->>'relation' = t.relation and g->>'objectType' = t.object_type and g->>'objectId' = t.object_id)`,
    ],
    [
      "grant_kept",
      "an accepted invitation left all its grants, but those that lapsed, were taken away since or on an organization that ended",
      `select e.org_id::text as row from ${s}.evt e join ${s}.org o on o.id = e.org_id, jsonb_array_elements(e.data->'tuples') g
        where e.type = 'invitation.accepted' and not (o.status = 'revoked' and g->>'objectType' = 'org')
          and not exists (select from ${s}.evt r where r.type = 'grants.removed' and r.data->>'usrId' = e.data->>'usrId'
                             and r.data->'tuples' @> jsonb_build_array(g - 'expiresAt') and (r.org_id <> e.org_id or r.seq > e.seq))
          and not exists (select from ${s}.tup t where t.subject_id = e.data->>'usrId' and t.relation = g->>'relation'
                            and t.object_type = g->>'objectType' and t.object_id = g->>'objectId')
          and not exists (select from ${s}.evt x, jsonb_array_elements(x.data->'tuples') l
                           where x.type = 'grant.expired' and l->>'usrId' = e.data->>'usrId' and l->>'relation' = g->>'relation'
                             and l->>'objectType' = g->>'objectType' and l->>'objectId' = g->>'objectId')`,
    ],
    [
      "grant_gone",
      "what was taken away is not held, unless it was granted again",
      `select r.org_id::text as row from ${s}.evt r, jsonb_array_elements(r.data->'tuples') g
        where r.type = 'grants.removed'
          and exists (select from ${s}.tup t where t.subject_id = r.data->>'usrId' and t.relation = g->>'relation'
                         and t.object_type = g->>'objectType' and t.object_id = g->>'objectId')
          and not exists (select from ${s}.evt e where e.type = 'invitation.accepted' and e.data->>'usrId' = r.data->>'usrId'
                             and e.data->'tuples' @> jsonb_build_array(g - 'expiresAt') and (e.org_id <> r.org_id or e.seq > r.seq))`,
    ],
    [
      "chain_single",
      "a membership is replaced at most once",
      `select replaces::text as row from ${s}.mem where replaces is not null group by replaces having count(*) > 1`,
    ],
    [
      "chain_link",
      "a link continues an ended, older row of the same person, organization and inviter",
      `select next.id::text as row from ${s}.mem next left join ${s}.mem old on old.id = next.replaces
        where next.replaces is not null and (old.id is null or old.status <> 'revoked' or old.removed_by is not null
          or old.org_id <> next.org_id or old.usr_id <> next.usr_id or old.invited_by is distinct from next.invited_by
          or old.created_at >= next.created_at or old.updated_at > next.created_at or next.inv_id is not null)`,
    ],
    [
      "chain_acyclic",
      "a chain has a root",
      `select m.id::text as row from ${s}.mem m where m.replaces is not null and not exists (
         with recursive up as (
           select id, replaces, 0 as depth from ${s}.mem where id = m.id
           union all
           select o.id, o.replaces, up.depth + 1 from ${s}.mem o join up on o.id = up.replaces where up.depth < 10000
         ) select from up where replaces is null)`,
    ],
    [
      "invitation_fields",
      "an invitation's fields fit its status",
      `select id::text as row from ${s}.inv where (status = 'pending') <> (terminal_at is null)
          or (status = 'accepted') <> (invited_user_id is not null) or expires_at <= created_at or terminal_at < created_at
          or (status in ('pending', 'expired') and terminal_by is not null) or (status = 'expired' and terminal_at <> expires_at)
          or (status = 'accepted' and (terminal_by is distinct from invited_user_id or terminal_at > expires_at))`,
    ],
    [
      "acceptance",
      "an accepted invitation made exactly one membership, of its user, role, inviter and instant",
      `select i.id::text as row from ${s}.inv i left join ${s}.mem m on m.inv_id = i.id
        group by i.id, i.status having (i.status = 'accepted') <> (count(m.id) = 1 and bool_and(m.org_id = i.org_id
          and m.usr_id = i.invited_user_id and m.role = i.role and m.invited_by = i.invited_by
          and m.created_at = i.terminal_at and m.replaces is null)) or (i.status <> 'accepted' and count(m.id) > 0)`,
    ],
    [
      "removal",
      "removed_by is set by adminRemove alone",
      `select m.w as row from member m where m.removed_by is not null and not exists (
         select from ${s}.evt e where e.type = 'membership.removed' and e.data->>'memId' = m.w
            and e.data->>'removedBy' = ${wire("usr", "m.removed_by")})`,
    ],
    [
      "sequence",
      "events are numbered 1 to the organization's version without a gap",
      `select o.id::text as row from ${s}.org o left join ${s}.evt e on e.org_id = o.id group by o.id, o.version
        having count(e.seq) <> o.version or coalesce(max(e.seq), 0) <> o.version or coalesce(min(e.seq), 0) <> 1`,
    ],
    [
      "fold_memberships",
      "memberships are what the events say",
      `select coalesce(m.w, t.mem) as row from member m full join told t on t.mem = m.w
        where m.w is null or t.mem is null or t.org_id <> m.org_id or t.usr <> m.usr or t.role <> m.role or t.status <> m.status
          or t.replaces is distinct from ${wire("mem", "m.replaces")} or t.removed_by is distinct from ${wire("usr", "m.removed_by")}
          or t.inv is distinct from ${wire("inv", "m.inv_id")}
       union all select mem from told group by mem having count(*) > 1`,
    ],
    [
      "fold_time_boxes",
      "the time box of a membership is what the events say, or that of the link before it",
      `select m.w as row from member m
         left join lateral (select e.data#>'{changes,expiresAt}' as given from ${s}.evt e
                             where e.org_id = m.org_id and e.type = 'membership.updated' and e.data->>'memId' = m.w
                               and e.data->'changes' ? 'expiresAt' order by e.seq desc limit 1) last on true
         left join ${s}.evt born on born.org_id = m.org_id and born.data->>'memId' = m.w
                               and born.type in ('membership.added', 'invitation.accepted')
         left join ${s}.mem old on old.id = m.replaces
        where m.expires_at is distinct from case when last.given is not null then (last.given->>'to')::timestamptz
            when m.replaces is not null then old.expires_at else (born.data->>'expiresAt')::timestamptz end`,
    ],
    [
      "lapse",
      "a membership that a sweep or a re-join wrote down ended after its last instant",
      `select m.w as row from member m where exists (
         select from ${s}.evt e where e.org_id = m.org_id and (e.data->>'expired' = m.w
           or (e.type = 'membership.expired' and e.data->'memberships' @> jsonb_build_array(jsonb_build_object('memId', m.w)))))
          and (m.expires_at is null or m.updated_at <= m.expires_at)`,
    ],
    [
      "occupancy",
      "an organization counts its live memberships and its pending invitations",
      `select o.id::text as row from ${s}.org o
        where o.members <> (select count(*) from ${s}.mem m where m.org_id = o.id and m.status <> 'revoked')
           or o.invitations <> (select count(*) from ${s}.inv i where i.org_id = o.id and i.status = 'pending')`,
    ],
    [
      "tally",
      "an organization counts its memberships by status and role",
      `select o.id::text as row from ${s}.org o
        where o.tally::bigint[] <> array(
          select count(m.id) from unnest('{active,suspended,revoked}'::text[]) with ordinality status(name, place)
            cross join unnest(${ROLES}) with ordinality role(name, place)
            left join ${s}.mem m on m.org_id = o.id and m.status = status.name and m.role = role.name
           group by status.place, role.place order by status.place, role.place)`,
    ],
    [
      "fold_invitations",
      "invitations are what the events say",
      `select i.id::text as row from ${s}.inv i
         left join ${s}.evt made on made.type = 'invitation.created' and made.data->>'invId' = ${wire("inv", "i.id")}
         left join ${s}.evt closed on closed.org_id = i.org_id and closed.type = 'org.revoked'
         left join ${s}.evt done on done.org_id = i.org_id and (
           (done.type in ('invitation.accepted', 'invitation.declined', 'invitation.revoked') and done.data->>'invId' = ${wire("inv", "i.id")})
           or (done.type = 'invitation.expired' and done.data->'invIds' ? (${wire("inv", "i.id")}))
           or (done.type = 'invitation.created' and done.data->'replaced' ? (${wire("inv", "i.id")})))
        where made.seq is null or i.status <> case done.type
            when 'invitation.accepted' then 'accepted' when 'invitation.declined' then 'declined'
            when 'invitation.revoked' then 'revoked' when 'invitation.created' then 'revoked' when 'invitation.expired' then 'expired'
            else case when i.expires_at >= closed.at then 'revoked' else 'pending' end end`,
    ],
    [
      "fold_expiries",
      "an invitation's expiry is what it was made with or last resent with, and nothing ended is resent",
      `select i.id::text as row from ${s}.inv i
        where i.expires_at is distinct from (select coalesce(e.data->>'to', e.data->>'expiresAt')::timestamptz from ${s}.evt e
                            where e.org_id = i.org_id and e.type in ('invitation.created', 'invitation.resent')
                              and e.data->>'invId' = ${wire("inv", "i.id")} order by e.seq desc limit 1)
           or exists (select from ${s}.evt e join ${s}.evt ended on ended.org_id = e.org_id and ended.seq < e.seq
                       where e.org_id = i.org_id and e.type = 'invitation.resent' and e.data->>'invId' = ${wire("inv", "i.id")}
                         and (ended.data->'invIds' ? (${wire("inv", "i.id")}) or (ended.data->>'invId' = ${wire("inv", "i.id")}
                           and ended.type in ('invitation.accepted', 'invitation.declined', 'invitation.revoked'))))`,
    ],
    [
      "fold_orgs",
      "status and slug of an organization are what the events say",
      `select o.id::text as row from ${s}.org o
        where o.status <> (select case e.type when 'org.suspended' then 'suspended' when 'org.revoked' then 'revoked' else 'active' end
                             from ${s}.evt e where e.org_id = o.id and e.type in ('org.created', 'org.suspended', 'org.reinstated', 'org.revoked')
                            order by e.seq desc limit 1)
           or o.slug is distinct from (select coalesce(e.data#>>'{changes,slug,to}', case when e.type = 'org.created' then e.data->>'slug' end)
                             from ${s}.evt e where e.org_id = o.id and (e.type = 'org.created' or e.data->'changes' ? 'slug')
                            order by e.seq desc limit 1)`,
    ],
    [
      "end",
      "nothing happens in a revoked organization but sweeps, that grants are taken away, and what becomes of its place",
      `select e.org_id::text as row from ${s}.evt e join ${s}.evt closed on closed.org_id = e.org_id and closed.type = 'org.revoked'
        where e.seq > closed.seq and e.type not in ('invitation.expired', 'grant.expired', 'grants.removed',
          'tenant.provisioning_failed', 'tenant.deprovisioned')`,
    ],
    [
      "key",
      "a key that is done stands for one event; one that is fenced for none; a caller's key on an event has its row at the first event of the call",
      `select k.scope || k.key as row from ${s}.idem k left join ${s}.evt e on e.org_id = k.org_id and e.seq = k.seq
        where (k.state = 'done' and (e.seq is null or k.result is null or e.idempotency_key <> k.key))
           or (k.state = 'fenced' and num_nonnulls(k.org_id, k.seq, k.result) > 0) or k.state not in ('done', 'fenced')
       union all
       select e.org_id::text from ${s}.evt e where e.idempotency_key is not null and not exists (
         select from ${s}.idem k where k.org_id = e.org_id and k.key = e.idempotency_key and k.seq <= e.seq
            and not exists (select from ${s}.evt b where b.org_id = e.org_id and b.seq between k.seq and e.seq
                               and b.idempotency_key is distinct from e.idempotency_key))
       union all
       select org_id::text from ${s}.idem where seq is not null group by org_id, seq having count(*) > 1`,
    ],
    [
      "time",
      "time does not run backwards within a row, and no row links two organizations",
      `select id::text as row from ${s}.org where updated_at < created_at
       union all select id::text from ${s}.mem where updated_at < created_at
       union all select m.id::text from ${s}.mem m join ${s}.inv i on i.id = m.inv_id where i.org_id <> m.org_id`,
    ],
    [
      "format",
      "stored values obey the value rules",
      `select subject_id as row from ${s}.tup where relation !~ '^[a-z_]{2,32}$' or object_type !~ '^[a-z][a-z0-9_]{1,31}$'
          or length(object_id) not between 1 and 256
       union all select slug from ${s}.org where slug !~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
       union all select id::text from ${s}.mem where role <> all (${ROLES})
       union all select id::text from (select id from ${s}.org union all select id from ${s}.mem union all select id from ${s}.inv) x
        where substr(id::text, 15, 1) !~ '[1-8]'`,
    ],
  ];
  return all.map(([name, rule, query]) => ({
    name,
    rule,
    violations: `${views(s)}select * from (${query}) broken limit 20`,
  }));
}

/**
 * The invariants that do not hold, each with some of the rows that break it; empty when all is well. Of the groups those that
 * are named.
 */
export async function brokenInvariants(
  query: (text: string) => Promise<{ readonly rows: readonly unknown[] }>,
  schema?: string,
  groups: readonly string[] = [],
): Promise<readonly { readonly name: string; readonly rule: string; readonly rows: readonly unknown[] }[]> {
  const broken = [];
  for (const { name, rule, violations } of [...invariants(schema), ...groupInvariants(groups, schema)]) {
    const { rows } = await query(violations);
    if (rows.length > 0) {
      broken.push({ name, rule, rows });
    }
  }
  return broken;
}
