-- Where the rows of a tenant are kept, and how far its place has been made. A new table beside the others: nothing is at risk.
--
-- What a place becomes is written with the organization's version, how far somebody has come with it by who holds the lease,
-- and a lease goes by this database's clock. Tenants without a row share their tables with all others.

create table tenancy.placement (
  org_id uuid constraint placement_one_per_org primary key constraint placement_org_known references tenancy.org (id),
  strategy text not null,
  state text not null constraint placement_state_known
    check (state in ('pending', 'ready', 'failed', 'deprovisioning', 'archived', 'removed')),
  step text,
  attempts int not null default 0 constraint placement_attempts_counted check (attempts >= 0),
  error_code text,
  name text,
  sealed_dsn text,
  migrated_to text,
  paused_until timestamptz,
  move jsonb,
  leased_by text,
  leased_until timestamptz,
  constraint placement_lease_whole check ((leased_by is null) = (leased_until is null))
);
