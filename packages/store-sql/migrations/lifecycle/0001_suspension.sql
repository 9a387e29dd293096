-- Why an organization is suspended, and from when on it may be revoked. A new table beside the others: nothing is at risk.
--
-- There is a row exactly while an organization is suspended. Organizations that were suspended before this table existed have
-- none until they are suspended again; nothing rests on that.

create table tenancy.suspension (
  org_id uuid constraint suspension_of_org_once primary key constraint suspension_org_known references tenancy.org (id),
  kind text not null constraint suspension_kind_known check (kind in ('suspended', 'deactivated', 'deletion')),
  reason text constraint suspension_reason_short check (length(reason) <= 1024),
  since timestamptz not null,
  due_at timestamptz,
  requested_by uuid,
  constraint suspension_due_for_deletion check ((kind = 'deletion') = (due_at is not null)),
  constraint suspension_due_later check (due_at >= since)
);

create index suspension_due on tenancy.suspension (due_at, org_id) where due_at is not null;
