-- The tables of tenancy. Nothing exists before, so nothing is at risk.
--
-- The rules are decided by the application; what SQL can state of them is stated here once more, so that no path
-- around the application breaks them: constraints are named for what they forbid. Ids and times are made by the
-- application. The organization's row is rewritten by every mutation of anything in the organization: no index has a
-- column that such an update changes, and the fill factor leaves room for the new version on the same page.

create table tenancy.org (
  id uuid constraint org_id_unique primary key,
  status text not null constraint org_status_known check (status in ('active', 'suspended', 'revoked')),
  name text constraint org_name_short check (length(name) <= 1024),
  slug text collate "C" constraint org_slug_form check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  version bigint not null constraint org_version_positive check (version >= 1),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  metadata json not null default '{}' constraint org_metadata_small
    check (json_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  -- How many of its memberships are stored as live and of its invitations as pending: kept by every commit, so that a limit is
  -- a condition on the row that the commit locks.
  members bigint not null default 0 constraint org_members_counted check (members >= 0),
  invitations bigint not null default 0 constraint org_invitations_counted check (invitations >= 0),
  -- How many memberships are stored with each status and role: six roles, active ones first, then suspended, then revoked. Kept
  -- like those, so that a total is read here.
  tally int[] not null default array_fill(0, array[18]) constraint org_tally_complete
    check (array_length(tally, 1) = 18 and 0 <= all (tally)),
  constraint org_time_forward check (updated_at >= created_at)
) with (fillfactor = 70);

create unique index org_slug_held_once on tenancy.org (slug) where status <> 'revoked';
create index org_of_status on tenancy.org (status, id);

-- A part of a name or of a slug is looked for by the pieces it is made of: every one, two and three characters that follow each
-- other, of ASCII letters the small one.
create function tenancy.pieces(name text, slug text) returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select distinct substr(lower(t.whole collate "C"), f.first, n.number)
      from unnest(array[$1, $2]) as t(whole)
     cross join generate_series(1, 3) as n(number)
     cross join lateral generate_series(1, length(t.whole) - n.number + 1) as f(first))
$$;
-- What is new is found at once and without passing over what waits to be merged.
create index org_of_piece on tenancy.org using gin (tenancy.pieces(name, slug) collate "C") with (fastupdate = off);

create table tenancy.inv (
  id uuid constraint inv_id_unique primary key,
  org_id uuid not null constraint inv_org_known references tenancy.org (id),
  identifier text not null,
  canonical text collate "C" not null,
  role text not null constraint inv_role_known
    check (role in ('owner', 'admin', 'member', 'guest', 'viewer', 'editor')),
  status text not null constraint inv_status_known
    check (status in ('pending', 'accepted', 'declined', 'revoked', 'expired')),
  pre_tuples jsonb not null,
  membership_expires_at timestamptz,
  membership_metadata json not null default '{}' constraint inv_metadata_small
    check (json_typeof(membership_metadata) = 'object' and octet_length(membership_metadata::text) <= 16384),
  invited_by uuid not null,
  invited_user_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  terminal_at timestamptz,
  terminal_by uuid,
  constraint inv_expiry_later check (expires_at > created_at),
  constraint inv_offer_outlasting check (membership_expires_at > expires_at),
  constraint inv_terminal_dated check ((status = 'pending') = (terminal_at is null) and terminal_at >= created_at is not false),
  constraint inv_acceptance_named check ((status = 'accepted') = (invited_user_id is not null)),
  constraint inv_lapse_anonymous check (status not in ('pending', 'expired') or terminal_by is null)
);

-- Pages are read by id, in one range for each status. The expiry comes after it: what a page passes over, because it has
-- lapsed or has not, is seen in the index. So is the organization, where the planner looks here for invitations to one
-- identifier in one organization: it cannot know that somebody was invited by thousands.
create index inv_of_org on tenancy.inv (org_id, status, id, expires_at);
create index inv_of_identifier on tenancy.inv (canonical, status, id, expires_at, org_id);
create index inv_pending on tenancy.inv (org_id, canonical) where status = 'pending';
-- What a sweep looks for, in one organization and in all. The pages of those that are expired look here for what has lapsed, too.
create index inv_lapsing_of_org on tenancy.inv (org_id, expires_at, id) where status = 'pending';
create index inv_lapsing on tenancy.inv (expires_at, id) where status = 'pending';
create index inv_lapsing_of_identifier on tenancy.inv (canonical, expires_at, id, org_id) where status = 'pending';
-- What somebody sent that is open, wherever.
create index inv_sent on tenancy.inv (invited_by, id, expires_at, org_id) where status = 'pending';

create table tenancy.mem (
  id uuid constraint mem_id_unique primary key,
  org_id uuid not null constraint mem_org_known references tenancy.org (id),
  usr_id uuid not null,
  role text not null constraint mem_role_known
    check (role in ('owner', 'admin', 'member', 'guest', 'viewer', 'editor')),
  status text not null constraint mem_status_known check (status in ('active', 'suspended', 'revoked')),
  replaces uuid constraint mem_replaced_once unique constraint mem_replaces_known references tenancy.mem (id),
  invited_by uuid,
  removed_by uuid,
  inv_id uuid constraint mem_one_per_invitation unique constraint mem_invitation_known references tenancy.inv (id),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- The last instant at which it is live, if it has a time box.
  expires_at timestamptz,
  metadata json not null default '{}' constraint mem_metadata_small
    check (json_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint mem_time_forward check (updated_at >= created_at),
  constraint mem_time_box_forward check (expires_at >= created_at),
  constraint mem_removal_final check (removed_by is null or status = 'revoked'),
  constraint mem_link_uninvited check (replaces is null or inv_id is null)
);

create unique index mem_one_live on tenancy.mem (org_id, usr_id) where status <> 'revoked';
-- Live members by id; of those at an instant, with when each began and lapses: what a page passes over is seen in the index.
-- The id is written as an expression, here and below: only these indexes have its order, so no page is read along the primary
-- key, which the planner takes for the shorter way to a small organization where a large one has nearly all the rows.
create index mem_live on tenancy.mem (org_id, greatest(id, id), created_at, coalesce(expires_at, 'infinity'))
  where status <> 'revoked';
-- Members by status and role: one range for each pair of values that a filter admits. "No time box, or one that lasts" is one
-- comparison, which the index makes.
create index mem_of_role on tenancy.mem (org_id, status, role, id, coalesce(expires_at, 'infinity'));
-- The organization comes last for the planner's sake, as above.
create index mem_of_user on tenancy.mem (usr_id, status, id, coalesce(expires_at, 'infinity'), org_id);
-- "Is there another owner, for good?" looks at two entries of this one, however many members there are.
create index mem_lasting_owner on tenancy.mem (org_id, id) where role = 'owner' and status = 'active' and expires_at is null;
-- Who was a member at an instant: who is still, of whom the indexes above know, and who ended later. That is, in a later
-- week of the same sixteen, or in later sixteen weeks: a few dozen ranges by id, however many came and went before.
create index mem_ended_in_week on tenancy.mem
  (org_id, (date_bin('168 hours', updated_at, timestamptz '2000-01-03 00:00:00+00')), greatest(id, id), created_at, updated_at)
  where status = 'revoked';
create index mem_ended_in_weeks on tenancy.mem
  (org_id, (date_bin('2688 hours', updated_at, timestamptz '2000-01-03 00:00:00+00')), greatest(id, id), created_at, updated_at)
  where status = 'revoked';
-- An id of version 7 begins with the time it was made at, so who came later is behind the last id of that time. Clocks may
-- differ by a minute; whose id is newer than that, because the application has a time of its own, is looked for here.
create function tenancy.last_id(moment timestamptz) returns uuid
language sql immutable parallel safe
return (lpad(to_hex(least(greatest(
  floor(extract(epoch from moment - timestamptz '1970-01-01 00:00:00+00') * 1000)::bigint + 60000, 0), 281474976710655)), 12, '0')
  || 'ffffffffffffffffffff')::uuid;
create index mem_backdated on tenancy.mem (org_id, greatest(id, id), created_at) where id > tenancy.last_id(created_at);
-- What a sweep looks for, in one organization and in all. The pages of those that have ended look here for what has lapsed, too,
-- and totals count it: what no sweep has written down yet, and nothing besides.
create index mem_lapsing_of_org on tenancy.mem (org_id, expires_at, id, status, role)
  where status <> 'revoked' and expires_at is not null;
create index mem_lapsing on tenancy.mem (expires_at, id) where status <> 'revoked' and expires_at is not null;
create index mem_lapsing_of_user on tenancy.mem (usr_id, expires_at, id, status, org_id)
  where status <> 'revoked' and expires_at is not null;

-- Subjects and objects are text, returned byte for byte as they were given. The key is in the order in which a user's
-- tuples are listed; collation "C" is the order of code points.
create table tenancy.tup (
  subject_type text collate "C" not null constraint tup_subject_type_known check (subject_type = 'usr'),
  subject_id text collate "C" not null,
  relation text collate "C" not null constraint tup_relation_form check (relation ~ '^[a-z_]{2,32}$'),
  object_type text collate "C" not null constraint tup_object_type_form check (object_type ~ '^[a-z][a-z0-9_]{1,31}$'),
  object_id text collate "C" not null constraint tup_object_id_short check (length(object_id) between 1 and 256),
  -- The last instant at which it holds, if it has a time box: that of the membership, or of the grant.
  expires_at timestamptz,
  -- Of a grant that ends by itself: the organization whose invitation gave it for so long.
  granted_by uuid constraint tup_org_known references tenancy.org (id),
  constraint tup_granted_once primary key (subject_type, subject_id, object_type, object_id, relation) include (expires_at),
  constraint tup_grant_ending check (granted_by is null or expires_at is not null)
);

create index tup_of_object on tenancy.tup (object_type, object_id, relation, subject_id) include (expires_at);
-- What a sweep of grants looks for, in one organization and in all.
create index tup_lapsing_of_org on tenancy.tup (granted_by, expires_at, subject_id, object_type, object_id, relation)
  where granted_by is not null;
create index tup_lapsing on tenancy.tup (expires_at, subject_id, object_type, object_id, relation) where granted_by is not null;

-- How often a user has joined an organization under a limit of their own. Memberships of one user have no other row in common
-- that a commit could lock.
create table tenancy.joins (
  usr_id uuid constraint joins_user_once primary key,
  number bigint not null constraint joins_positive check (number >= 1)
);

-- The audit trail and the outbox. `seq` is the organization's version after the mutation: no sequence, no gap.
create table tenancy.evt (
  org_id uuid not null constraint evt_org_known references tenancy.org (id),
  seq bigint not null,
  type text not null,
  at timestamptz not null,
  actor uuid,
  idempotency_key text,
  data jsonb not null,
  constraint evt_seq_unique primary key (org_id, seq)
);

create index evt_of_type on tenancy.evt (org_id, type, seq);
create index evt_of_actor on tenancy.evt (org_id, actor, type, seq);
-- Which members were suspended at an instant.
create index evt_of_pause on tenancy.evt (org_id, (data ->> 'memId'), seq, at)
  where type in ('membership.suspended', 'membership.reinstated');

-- One row for each mutation that took effect (`done`) or never will (`fenced`). `at` is for clearing old rows away.
create table tenancy.idem (
  scope text collate "C" not null,
  key text collate "C" not null,
  state text not null constraint idem_state_known check (state in ('done', 'fenced')),
  operation text,
  fingerprint uuid,
  org_id uuid,
  seq bigint,
  result json,
  at timestamptz not null default now(),
  constraint idem_key_used_once primary key (scope, key),
  constraint idem_done_complete check ((state = 'done') = (num_nulls(operation, fingerprint, org_id, seq, result) = 0)
    and (state = 'fenced') = (num_nonnulls(operation, fingerprint, org_id, seq, result) = 0))
);

-- One row for each transaction that a store opened for the host and that was committed, or never will be (`fenced`): the
-- answer where a connection died during the commit. `at` is for clearing old rows away.
create table tenancy.txn (
  id uuid constraint txn_id_unique primary key,
  state text not null constraint txn_state_known check (state in ('committed', 'fenced')),
  at timestamptz not null default now()
);

-- Ends whatever is live in an organization, called by the one statement that holds the organization's lock. A function,
-- because each of its statements takes a fresh snapshot: what other writers inserted while the caller waited for the lock
-- is seen here, and would be missed by that statement itself. What had lapsed is not counted: to everybody it ended before.
create function tenancy.end_everything(org uuid, org_wire text, moment timestamptz, ender uuid)
returns table (memberships bigint, invitations bigint, tuples bigint)
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with ended_mem as (
    update tenancy.mem
       set status = 'revoked',
           updated_at = greatest(updated_at, case when expires_at < $3 then expires_at + interval '1 millisecond' else $3 end)
     where org_id = $1 and status <> 'revoked'
    returning expires_at
  ), ended_inv as (
    update tenancy.inv
       set status = 'revoked', terminal_at = greatest(created_at, $3), terminal_by = $4
     where org_id = $1 and status = 'pending' and expires_at >= $3
    returning 1
  ), dropped_tup as (
    delete from tenancy.tup
     where object_type = 'org' and object_id = $2
    returning expires_at
  )
  select (select count(*) from ended_mem where expires_at >= $3 is not false),
         (select count(*) from ended_inv),
         (select count(*) from dropped_tup where expires_at >= $3 is not false)
$$;
