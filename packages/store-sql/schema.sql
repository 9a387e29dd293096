-- What the migrations come to, as the catalogue tells it. Written by a test; compare it, do not run it.

create table tenancy.domain (
  org_id uuid not null,
  domain text collate "C" not null,
  state text not null,
  token text not null,
  verified_at timestamp with time zone
);

create table tenancy.evt (
  org_id uuid not null,
  seq bigint not null,
  type text not null,
  at timestamp with time zone not null,
  actor uuid,
  idempotency_key text,
  data jsonb not null
);

create table tenancy.evt_trace (
  entity text collate "C" not null,
  deed text collate "C" not null,
  org_id uuid not null,
  seq bigint not null
);

create table tenancy.idem (
  scope text collate "C" not null,
  key text collate "C" not null,
  state text not null,
  operation text,
  fingerprint uuid,
  org_id uuid,
  seq bigint,
  result json,
  at timestamp with time zone not null default now()
);

create table tenancy.inv (
  id uuid not null,
  org_id uuid not null,
  identifier text not null,
  canonical text collate "C" not null,
  role text not null,
  status text not null,
  pre_tuples jsonb not null,
  membership_expires_at timestamp with time zone,
  membership_metadata json not null default '{}'::json,
  invited_by uuid not null,
  invited_user_id uuid,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  terminal_at timestamp with time zone,
  terminal_by uuid
);

create table tenancy.joins (
  usr_id uuid not null,
  number bigint not null
);

create table tenancy.mem (
  id uuid not null,
  org_id uuid not null,
  usr_id uuid not null,
  role text not null,
  status text not null,
  replaces uuid,
  invited_by uuid,
  removed_by uuid,
  inv_id uuid,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  metadata json not null default '{}'::json
);

create table tenancy.migration (
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now()
);

create table tenancy.org (
  id uuid not null,
  status text not null,
  name text,
  slug text collate "C",
  version bigint not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  metadata json not null default '{}'::json,
  members bigint not null default 0,
  invitations bigint not null default 0,
  tally integer[] not null default array_fill(0, ARRAY[18])
) with (fillfactor=70);

create table tenancy.outbox (
  org_id uuid not null,
  seq bigint not null,
  at timestamp with time zone not null default now()
);

create table tenancy.placement (
  org_id uuid not null,
  strategy text not null,
  state text not null,
  step text,
  attempts integer not null default 0,
  error_code text,
  name text,
  sealed_dsn text,
  migrated_to text,
  paused_until timestamp with time zone,
  move jsonb,
  leased_by text,
  leased_until timestamp with time zone
);

create table tenancy.relay_cursor (
  org_id uuid not null,
  subscription text collate "C" not null,
  relay text collate "C" not null,
  seq bigint not null,
  head bigint not null,
  attempts integer not null default 0,
  due_at timestamp with time zone not null default now(),
  leased_by uuid,
  waiting_since timestamp with time zone not null default now()
) with (fillfactor=70);

create table tenancy.relay_dead (
  subscription text collate "C" not null,
  org_id uuid not null,
  seq bigint not null,
  relay text collate "C" not null,
  code text not null,
  attempts integer not null,
  at timestamp with time zone not null default now(),
  blocks boolean not null,
  due_at timestamp with time zone,
  leased_by uuid
);

create table tenancy.setting (
  org_id uuid not null,
  key text collate "C" not null,
  value jsonb not null,
  sealed boolean not null,
  bytes integer not null,
  seq bigint not null,
  updated_at timestamp with time zone not null,
  updated_by uuid
);

create table tenancy.subscription (
  id text collate "C" not null,
  relay text collate "C" not null,
  org_id uuid,
  types text[],
  starts text not null,
  begun boolean not null,
  endpoint jsonb,
  revision bigint not null default 1,
  created_at timestamp with time zone not null default now(),
  failing_since timestamp with time zone,
  disabled_at timestamp with time zone,
  disabled_code text
);

create table tenancy.suspension (
  org_id uuid not null,
  kind text not null,
  reason text,
  since timestamp with time zone not null,
  due_at timestamp with time zone,
  requested_by uuid
);

create table tenancy.tup (
  subject_type text collate "C" not null,
  subject_id text collate "C" not null,
  relation text collate "C" not null,
  object_type text collate "C" not null,
  object_id text collate "C" not null,
  expires_at timestamp with time zone,
  granted_by uuid
);

create table tenancy.txn (
  id uuid not null,
  state text not null,
  at timestamp with time zone not null default now()
);

alter table tenancy.domain add constraint domain_form CHECK (((length(domain) <= 253) AND (domain ~ '^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$'::text)));

alter table tenancy.domain add constraint domain_of_org_once PRIMARY KEY (org_id, domain);

alter table tenancy.domain add constraint domain_org_known FOREIGN KEY (org_id) REFERENCES tenancy.org(id);

alter table tenancy.domain add constraint domain_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'verified'::text])));

alter table tenancy.domain add constraint domain_token_short CHECK ((length(token) <= 128));

alter table tenancy.domain add constraint domain_verification_dated CHECK (((state = 'verified'::text) = (verified_at IS NOT NULL)));

alter table tenancy.evt add constraint evt_org_known FOREIGN KEY (org_id) REFERENCES tenancy.org(id);

alter table tenancy.evt add constraint evt_seq_unique PRIMARY KEY (org_id, seq);

alter table tenancy.evt_trace add constraint evt_trace_deed_known CHECK ((deed = ANY (ARRAY['touched'::text, 'ended'::text, 'restored'::text, 'named'::text])));

alter table tenancy.evt_trace add constraint evt_trace_once PRIMARY KEY (entity, deed, org_id, seq);

alter table tenancy.idem add constraint idem_done_complete CHECK ((((state = 'done'::text) = (num_nulls(operation, fingerprint, org_id, seq, result) = 0)) AND ((state = 'fenced'::text) = (num_nonnulls(operation, fingerprint, org_id, seq, result) = 0))));

alter table tenancy.idem add constraint idem_key_used_once PRIMARY KEY (scope, key);

alter table tenancy.idem add constraint idem_state_known CHECK ((state = ANY (ARRAY['done'::text, 'fenced'::text])));

alter table tenancy.inv add constraint inv_acceptance_named CHECK (((status = 'accepted'::text) = (invited_user_id IS NOT NULL)));

alter table tenancy.inv add constraint inv_expiry_later CHECK ((expires_at > created_at));

alter table tenancy.inv add constraint inv_id_unique PRIMARY KEY (id);

alter table tenancy.inv add constraint inv_lapse_anonymous CHECK (((status <> ALL (ARRAY['pending'::text, 'expired'::text])) OR (terminal_by IS NULL)));

alter table tenancy.inv add constraint inv_metadata_small CHECK (((json_typeof(membership_metadata) = 'object'::text) AND (octet_length((membership_metadata)::text) <= 16384)));

alter table tenancy.inv add constraint inv_offer_outlasting CHECK ((membership_expires_at > expires_at));

alter table tenancy.inv add constraint inv_org_known FOREIGN KEY (org_id) REFERENCES tenancy.org(id);

alter table tenancy.inv add constraint inv_role_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'guest'::text, 'viewer'::text, 'editor'::text])));

alter table tenancy.inv add constraint inv_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'declined'::text, 'revoked'::text, 'expired'::text])));

alter table tenancy.inv add constraint inv_terminal_dated CHECK ((((status = 'pending'::text) = (terminal_at IS NULL)) AND ((terminal_at >= created_at) IS NOT FALSE)));

alter table tenancy.joins add constraint joins_positive CHECK ((number >= 1));

alter table tenancy.joins add constraint joins_user_once PRIMARY KEY (usr_id);

alter table tenancy.mem add constraint mem_id_unique PRIMARY KEY (id);

alter table tenancy.mem add constraint mem_invitation_known FOREIGN KEY (inv_id) REFERENCES tenancy.inv(id);

alter table tenancy.mem add constraint mem_link_uninvited CHECK (((replaces IS NULL) OR (inv_id IS NULL)));

alter table tenancy.mem add constraint mem_metadata_small CHECK (((json_typeof(metadata) = 'object'::text) AND (octet_length((metadata)::text) <= 16384)));

alter table tenancy.mem add constraint mem_one_per_invitation UNIQUE (inv_id);

alter table tenancy.mem add constraint mem_org_known FOREIGN KEY (org_id) REFERENCES tenancy.org(id);

alter table tenancy.mem add constraint mem_removal_final CHECK (((removed_by IS NULL) OR (status = 'revoked'::text)));

alter table tenancy.mem add constraint mem_replaced_once UNIQUE (replaces);

alter table tenancy.mem add constraint mem_replaces_known FOREIGN KEY (replaces) REFERENCES tenancy.mem(id);

alter table tenancy.mem add constraint mem_role_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'guest'::text, 'viewer'::text, 'editor'::text])));

alter table tenancy.mem add constraint mem_status_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'revoked'::text])));

alter table tenancy.mem add constraint mem_time_box_forward CHECK ((expires_at >= created_at));

alter table tenancy.mem add constraint mem_time_forward CHECK ((updated_at >= created_at));

alter table tenancy.migration add constraint migration_pkey PRIMARY KEY (name);

alter table tenancy.org add constraint org_id_unique PRIMARY KEY (id);

alter table tenancy.org add constraint org_invitations_counted CHECK ((invitations >= 0));

alter table tenancy.org add constraint org_members_counted CHECK ((members >= 0));

alter table tenancy.org add constraint org_metadata_small CHECK (((json_typeof(metadata) = 'object'::text) AND (octet_length((metadata)::text) <= 16384)));

alter table tenancy.org add constraint org_name_short CHECK ((length(name) <= 1024));

alter table tenancy.org add constraint org_slug_form CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text));

alter table tenancy.org add constraint org_status_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'revoked'::text])));

alter table tenancy.org add constraint org_tally_complete CHECK (((array_length(tally, 1) = 18) AND (0 <= ALL (tally))));

alter table tenancy.org add constraint org_time_forward CHECK ((updated_at >= created_at));

alter table tenancy.org add constraint org_version_positive CHECK ((version >= 1));

alter table tenancy.outbox add constraint outbox_event_once PRIMARY KEY (org_id, seq);

alter table tenancy.placement add constraint placement_attempts_counted CHECK ((attempts >= 0));

alter table tenancy.placement add constraint placement_lease_whole CHECK (((leased_by IS NULL) = (leased_until IS NULL)));

alter table tenancy.placement add constraint placement_one_per_org PRIMARY KEY (org_id);

alter table tenancy.placement add constraint placement_org_known FOREIGN KEY (org_id) REFERENCES tenancy.org(id);

alter table tenancy.placement add constraint placement_state_known CHECK ((state = ANY (ARRAY['pending'::text, 'ready'::text, 'failed'::text, 'deprovisioning'::text, 'archived'::text, 'removed'::text])));

alter table tenancy.relay_cursor add constraint relay_cursor_once PRIMARY KEY (org_id, subscription);

alter table tenancy.relay_dead add constraint relay_dead_once PRIMARY KEY (subscription, org_id, seq);

alter table tenancy.setting add constraint setting_bytes_positive CHECK ((bytes > 0));

alter table tenancy.setting add constraint setting_key_form CHECK ((key ~ '^[a-zA-Z][a-zA-Z0-9_.-]{0,119}$'::text));

alter table tenancy.setting add constraint setting_key_once PRIMARY KEY (org_id, key);

alter table tenancy.setting add constraint setting_org_known FOREIGN KEY (org_id) REFERENCES tenancy.org(id);

alter table tenancy.setting add constraint setting_sealed_text CHECK (((NOT sealed) OR (jsonb_typeof(value) = 'string'::text)));

alter table tenancy.setting add constraint setting_seq_positive CHECK ((seq >= 1));

alter table tenancy.subscription add constraint subscription_id_unique PRIMARY KEY (id);

alter table tenancy.subscription add constraint subscription_start_known CHECK ((starts = ANY (ARRAY['now'::text, 'beginning'::text])));

alter table tenancy.suspension add constraint suspension_due_for_deletion CHECK (((kind = 'deletion'::text) = (due_at IS NOT NULL)));

alter table tenancy.suspension add constraint suspension_due_later CHECK ((due_at >= since));

alter table tenancy.suspension add constraint suspension_kind_known CHECK ((kind = ANY (ARRAY['suspended'::text, 'deactivated'::text, 'deletion'::text])));

alter table tenancy.suspension add constraint suspension_of_org_once PRIMARY KEY (org_id);

alter table tenancy.suspension add constraint suspension_org_known FOREIGN KEY (org_id) REFERENCES tenancy.org(id);

alter table tenancy.suspension add constraint suspension_reason_short CHECK ((length(reason) <= 1024));

alter table tenancy.tup add constraint tup_grant_ending CHECK (((granted_by IS NULL) OR (expires_at IS NOT NULL)));

alter table tenancy.tup add constraint tup_granted_once PRIMARY KEY (subject_type, subject_id, object_type, object_id, relation) INCLUDE (expires_at);

alter table tenancy.tup add constraint tup_object_id_short CHECK (((length(object_id) >= 1) AND (length(object_id) <= 256)));

alter table tenancy.tup add constraint tup_object_type_form CHECK ((object_type ~ '^[a-z][a-z0-9_]{1,31}$'::text));

alter table tenancy.tup add constraint tup_org_known FOREIGN KEY (granted_by) REFERENCES tenancy.org(id);

alter table tenancy.tup add constraint tup_relation_form CHECK ((relation ~ '^[a-z_]{2,32}$'::text));

alter table tenancy.tup add constraint tup_subject_type_known CHECK ((subject_type = 'usr'::text));

alter table tenancy.txn add constraint txn_id_unique PRIMARY KEY (id);

alter table tenancy.txn add constraint txn_state_known CHECK ((state = ANY (ARRAY['committed'::text, 'fenced'::text])));

CREATE UNIQUE INDEX domain_verified_once ON tenancy.domain USING btree (domain) WHERE (state = 'verified'::text);

CREATE INDEX evt_of_actor ON tenancy.evt USING btree (org_id, actor, type, seq);

CREATE INDEX evt_of_pause ON tenancy.evt USING btree (org_id, ((data ->> 'memId'::text)), seq, at) WHERE (type = ANY (ARRAY['membership.suspended'::text, 'membership.reinstated'::text]));

CREATE INDEX evt_of_person ON tenancy.evt USING btree (actor, at, org_id, seq);

CREATE INDEX evt_of_time ON tenancy.evt USING btree (org_id, at, seq);

CREATE INDEX evt_of_type ON tenancy.evt USING btree (org_id, type, seq);

CREATE INDEX evt_trace_of_event ON tenancy.evt_trace USING btree (org_id, seq);

CREATE INDEX inv_lapsing ON tenancy.inv USING btree (expires_at, id) WHERE (status = 'pending'::text);

CREATE INDEX inv_lapsing_of_identifier ON tenancy.inv USING btree (canonical, expires_at, id, org_id) WHERE (status = 'pending'::text);

CREATE INDEX inv_lapsing_of_org ON tenancy.inv USING btree (org_id, expires_at, id) WHERE (status = 'pending'::text);

CREATE INDEX inv_of_identifier ON tenancy.inv USING btree (canonical, status, id, expires_at, org_id);

CREATE INDEX inv_of_org ON tenancy.inv USING btree (org_id, status, id, expires_at);

CREATE INDEX inv_pending ON tenancy.inv USING btree (org_id, canonical) WHERE (status = 'pending'::text);

CREATE INDEX inv_sent ON tenancy.inv USING btree (invited_by, id, expires_at, org_id) WHERE (status = 'pending'::text);

CREATE INDEX mem_backdated ON tenancy.mem USING btree (org_id, GREATEST(id, id), created_at) WHERE (id > tenancy.last_id(created_at));

CREATE INDEX mem_ended_in_week ON tenancy.mem USING btree (org_id, date_bin('168:00:00'::interval, updated_at, '2000-01-03 00:00:00+00'::timestamp with time zone), GREATEST(id, id), created_at, updated_at) WHERE (status = 'revoked'::text);

CREATE INDEX mem_ended_in_weeks ON tenancy.mem USING btree (org_id, date_bin('2688:00:00'::interval, updated_at, '2000-01-03 00:00:00+00'::timestamp with time zone), GREATEST(id, id), created_at, updated_at) WHERE (status = 'revoked'::text);

CREATE INDEX mem_lapsing ON tenancy.mem USING btree (expires_at, id) WHERE ((status <> 'revoked'::text) AND (expires_at IS NOT NULL));

CREATE INDEX mem_lapsing_of_org ON tenancy.mem USING btree (org_id, expires_at, id, status, role) WHERE ((status <> 'revoked'::text) AND (expires_at IS NOT NULL));

CREATE INDEX mem_lapsing_of_user ON tenancy.mem USING btree (usr_id, expires_at, id, status, org_id) WHERE ((status <> 'revoked'::text) AND (expires_at IS NOT NULL));

CREATE INDEX mem_lasting_owner ON tenancy.mem USING btree (org_id, id) WHERE ((role = 'owner'::text) AND (status = 'active'::text) AND (expires_at IS NULL));

CREATE INDEX mem_live ON tenancy.mem USING btree (org_id, GREATEST(id, id), created_at, COALESCE(expires_at, 'infinity'::timestamp with time zone)) WHERE (status <> 'revoked'::text);

CREATE INDEX mem_of_role ON tenancy.mem USING btree (org_id, status, role, id, COALESCE(expires_at, 'infinity'::timestamp with time zone));

CREATE INDEX mem_of_user ON tenancy.mem USING btree (usr_id, status, id, COALESCE(expires_at, 'infinity'::timestamp with time zone), org_id);

CREATE UNIQUE INDEX mem_one_live ON tenancy.mem USING btree (org_id, usr_id) WHERE (status <> 'revoked'::text);

CREATE INDEX org_of_piece ON tenancy.org USING gin (tenancy.pieces(name, slug)) WITH (fastupdate=off);

CREATE INDEX org_of_status ON tenancy.org USING btree (status, id);

CREATE UNIQUE INDEX org_slug_held_once ON tenancy.org USING btree (slug) WHERE (status <> 'revoked'::text);

CREATE INDEX relay_cursor_due ON tenancy.relay_cursor USING btree (relay, due_at) WHERE (head > seq);

CREATE INDEX relay_cursor_waiting ON tenancy.relay_cursor USING btree (relay, waiting_since) WHERE (head > seq);

CREATE INDEX relay_dead_due ON tenancy.relay_dead USING btree (relay, due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX relay_dead_of_org ON tenancy.relay_dead USING btree (org_id, seq);

CREATE INDEX relay_dead_of_relay ON tenancy.relay_dead USING btree (relay);

CREATE INDEX subscription_of_org ON tenancy.subscription USING btree (org_id, id);

CREATE INDEX subscription_of_relay ON tenancy.subscription USING btree (relay, id);

CREATE INDEX suspension_due ON tenancy.suspension USING btree (due_at, org_id) WHERE (due_at IS NOT NULL);

CREATE INDEX tup_lapsing ON tenancy.tup USING btree (expires_at, subject_id, object_type, object_id, relation) WHERE (granted_by IS NOT NULL);

CREATE INDEX tup_lapsing_of_org ON tenancy.tup USING btree (granted_by, expires_at, subject_id, object_type, object_id, relation) WHERE (granted_by IS NOT NULL);

CREATE INDEX tup_of_object ON tenancy.tup USING btree (object_type, object_id, relation, subject_id) INCLUDE (expires_at);

CREATE OR REPLACE FUNCTION tenancy.end_everything(org uuid, org_wire text, moment timestamp with time zone, ender uuid)
 RETURNS TABLE(memberships bigint, invitations bigint, tuples bigint)
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with ended_mem as (
    update "tenancy".mem
       set status = 'revoked',
           updated_at = greatest(updated_at, case when expires_at < $3 then expires_at + interval '1 millisecond' else $3 end)
     where org_id = $1 and status <> 'revoked'
    returning expires_at
  ), ended_inv as (
    update "tenancy".inv
       set status = 'revoked', terminal_at = greatest(created_at, $3), terminal_by = $4
     where org_id = $1 and status = 'pending' and expires_at >= $3
    returning 1
  ), dropped_tup as (
    delete from "tenancy".tup
     where object_type = 'org' and object_id = $2
    returning expires_at
  )
  select (select count(*) from ended_mem where expires_at >= $3 is not false),
         (select count(*) from ended_inv),
         (select count(*) from dropped_tup where expires_at >= $3 is not false)
$function$;

CREATE OR REPLACE FUNCTION tenancy.last_id(moment timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((lpad(to_hex(LEAST(GREATEST(((floor((EXTRACT(epoch FROM (moment - '1970-01-01 00:00:00+00'::timestamp with time zone)) * (1000)::numeric)))::bigint + 60000), (0)::bigint), '281474976710655'::bigint)), 12, '0'::text) || 'ffffffffffffffffffff'::text))::uuid;

CREATE OR REPLACE FUNCTION tenancy.pieces(name text, slug text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select array(
    select distinct substr(lower(t.whole collate "C"), f.first, n.number)
      from unnest(array[$1, $2]) as t(whole)
     cross join generate_series(1, 3) as n(number)
     cross join lateral generate_series(1, length(t.whole) - n.number + 1) as f(first))
$function$;
