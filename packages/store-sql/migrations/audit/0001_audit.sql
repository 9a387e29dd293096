-- The group `audit`: what finds events by what they are about, by who caused them, and by when. The indexes are built while
-- writers wait: on a large table of events create them by hand before, `concurrently` and with the same definitions, and this
-- finds them. Events from before are found by their actor and time; what they are about is written down from now on.

create index if not exists evt_of_time on tenancy.evt (org_id, at, seq);
create index if not exists evt_of_person on tenancy.evt (actor, at, org_id, seq);

-- What an event is about, and what it did to that.
create table tenancy.evt_trace (
  entity text collate "C" not null,
  deed text collate "C" not null constraint evt_trace_deed_known check (deed in ('touched', 'ended', 'restored', 'named')),
  org_id uuid not null,
  seq bigint not null,
  constraint evt_trace_once primary key (entity, deed, org_id, seq)
);

-- For those that go with their event.
create index evt_trace_of_event on tenancy.evt_trace (org_id, seq);
