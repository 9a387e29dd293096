/**
 * The tables. Ids are kept as they are written, instants as milliseconds, lists and objects as JSON. What SQL can state of
 * the rules is stated: a rule that fires means a lost race, and the call is decided again.
 */
export const SCHEMA = `
create table if not exists org (
  id text primary key, status text not null, name text, slug text, version integer not null,
  created_at integer not null, updated_at integer not null, metadata text not null
) strict, without rowid;
create unique index if not exists org_slug_held_once on org (slug) where status <> 'revoked';

create table if not exists mem (
  id text primary key, org_id text not null references org (id), usr_id text not null, role text not null,
  status text not null, replaces text unique, invited_by text, removed_by text, inv_id text unique,
  created_at integer not null, updated_at integer not null, expires_at integer, metadata text not null
) strict, without rowid;
create unique index if not exists mem_one_live on mem (org_id, usr_id) where status <> 'revoked';
create index if not exists mem_of_org on mem (org_id, id);
create index if not exists mem_of_user on mem (usr_id, id);
create index if not exists mem_lasting_owner on mem (org_id, id)
  where role = 'owner' and status = 'active' and expires_at is null;
create index if not exists mem_lapsing on mem (expires_at, id) where status <> 'revoked' and expires_at is not null;

create table if not exists inv (
  id text primary key, org_id text not null references org (id), identifier text not null, canonical text not null,
  role text not null, status text not null, pre_tuples text not null, membership_expires_at integer,
  membership_metadata text not null, invited_by text not null, invited_user_id text, created_at integer not null, expires_at integer not null, terminal_at integer, terminal_by text
) strict, without rowid;
create index if not exists inv_of_org on inv (org_id, id);
create index if not exists inv_pending on inv (org_id, canonical) where status = 'pending';
create index if not exists inv_for on inv (canonical, id);
create index if not exists inv_sent on inv (invited_by, id) where status = 'pending';
create index if not exists inv_lapsing on inv (expires_at, id) where status = 'pending';

create table if not exists tup (
  subject_type text not null, subject_id text not null, relation text not null, object_type text not null,
  object_id text not null, expires_at integer, granted_by text, primary key (subject_type, subject_id, object_type, object_id, relation)
) strict, without rowid;
create index if not exists tup_of_object on tup (object_type, object_id, relation, subject_id);
create index if not exists tup_lapsing on tup (expires_at) where granted_by is not null;

create table if not exists joins (usr_id text primary key, number integer not null) strict, without rowid;

create table if not exists evt (
  org_id text not null references org (id), seq integer not null, type text not null, at integer not null, actor text,
  idempotency_key text, data text not null, primary key (org_id, seq)
) strict, without rowid;

create table if not exists idem (
  scope text not null, key text not null, state text not null, operation text, fingerprint text, org_id text,
  seq integer, result text, primary key (scope, key)
) strict, without rowid;
`;
