-- Domains of organizations. A new table beside the others: nothing is at risk.
--
-- Anybody may say that a domain is theirs; only one can have proved it. Names are ASCII in lower case.

create table tenancy.domain (
  org_id uuid not null constraint domain_org_known references tenancy.org (id),
  domain text collate "C" not null constraint domain_form
    check (length(domain) <= 253 and domain ~ '^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$'),
  state text not null constraint domain_state_known check (state in ('pending', 'verified')),
  token text not null constraint domain_token_short check (length(token) <= 128),
  verified_at timestamptz,
  constraint domain_of_org_once primary key (org_id, domain),
  constraint domain_verification_dated check ((state = 'verified') = (verified_at is not null))
);

create unique index domain_verified_once on tenancy.domain (domain) where state = 'verified';
