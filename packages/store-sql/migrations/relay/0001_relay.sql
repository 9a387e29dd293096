-- The group `relay`: which events wait to be delivered to whom. New tables only, so nothing is at risk. Commits of stores that
-- keep the group write a row of `outbox` for each event; stores that do not keep it yet write none, so give the group to
-- every store on the database before a relay is started. There are no foreign keys: a relay waits for no organization's lock.

-- One row for each event that was not discovered yet, written in its commit. `at` is when that began, for the lag.
create table tenancy.outbox (
  org_id uuid not null,
  seq bigint not null,
  at timestamptz not null default now(),
  constraint outbox_event_once primary key (org_id, seq)
);

create table tenancy.subscription (
  id text collate "C" constraint subscription_id_unique primary key,
  relay text collate "C" not null,
  org_id uuid,
  types text[],
  starts text not null constraint subscription_start_known check (starts in ('now', 'beginning')),
  -- Whether it was told of the events that there were before it.
  begun boolean not null,
  endpoint jsonb,
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_code text
);

create index subscription_of_relay on tenancy.subscription (relay, id);
create index subscription_of_org on tenancy.subscription (org_id, id);

-- How far a subscription has come in an organization: everything up to `seq` is done, events up to `head` are known. `due_at`
-- is when somebody may take it next: a lease, a wait after a failure, and a hold without end all put it off.
create table tenancy.relay_cursor (
  org_id uuid not null,
  subscription text collate "C" not null,
  relay text collate "C" not null,
  seq bigint not null,
  head bigint not null,
  attempts int not null default 0,
  due_at timestamptz not null default now(),
  leased_by uuid,
  -- Since when the event behind `seq` waits.
  waiting_since timestamptz not null default now(),
  constraint relay_cursor_once primary key (org_id, subscription)
) with (fillfactor = 70);

-- Organizations in which nothing happens are in neither of these.
create index relay_cursor_due on tenancy.relay_cursor (relay, due_at) where head > seq;
create index relay_cursor_waiting on tenancy.relay_cursor (relay, waiting_since) where head > seq;

-- Events that were given up. `due_at`: they are to be delivered again.
create table tenancy.relay_dead (
  subscription text collate "C" not null,
  org_id uuid not null,
  seq bigint not null,
  relay text collate "C" not null,
  code text not null,
  attempts int not null,
  at timestamptz not null default now(),
  blocks boolean not null,
  due_at timestamptz,
  leased_by uuid,
  constraint relay_dead_once primary key (subscription, org_id, seq)
);

create index relay_dead_of_relay on tenancy.relay_dead (relay);
create index relay_dead_of_org on tenancy.relay_dead (org_id, seq);
create index relay_dead_due on tenancy.relay_dead (relay, due_at) where due_at is not null;
