-- Settings of organizations. Nothing of it exists before, so nothing is at risk.
--
-- A row is a value that an organization has of its own. Its size is counted by the application, in the bytes of the JSON that
-- it made: what jsonb prints is another text. The value is never looked into here, so it has no index. It is TOASTed early
-- enough by itself.

create table tenancy.setting (
  org_id uuid not null constraint setting_org_known references tenancy.org (id),
  key text collate "C" not null constraint setting_key_form
    check (key ~ '^[a-zA-Z][a-zA-Z0-9_.-]{0,119}$'),
  value jsonb not null,
  sealed boolean not null constraint setting_sealed_text check (not sealed or jsonb_typeof(value) = 'string'),
  bytes integer not null constraint setting_bytes_positive check (bytes > 0),
  seq bigint not null constraint setting_seq_positive check (seq >= 1),
  updated_at timestamptz not null,
  updated_by uuid,
  constraint setting_key_once primary key (org_id, key)
);
