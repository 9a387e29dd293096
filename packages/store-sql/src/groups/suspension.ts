import { uuidOf } from "@tenantry/core";
import { columns, type Identifier, rows, type Sql, sql } from "../sql.ts";
import type { Changes } from "../verdict.ts";

const SUSPENSION = columns("kind text, reason text, since timestamptz, due_at timestamptz, requested_by uuid");

/** The suspension of the organization. Whoever writes it holds the organization's lock, so it needs none of its own. */
export function suspensions(s: Identifier, changes: Changes): readonly Sql[] {
  const put = changes("putSuspension").map(({ row }) => ({
    kind: row.kind,
    reason: row.reason,
    since: row.since,
    due_at: row.dueAt,
    requested_by: row.requestedBy === null ? null : uuidOf(row.requestedBy),
  }));
  if (put.length > 0) {
    return [
      sql`put_suspension as (
  insert into ${s}.suspension (org_id, kind, reason, since, due_at, requested_by)
  select go.org_id, r.kind, r.reason, r.since, r.due_at, r.requested_by
    from go, ${rows(put, SUSPENSION, (row) => row)}
  on conflict on constraint suspension_of_org_once do update
     set kind = excluded.kind, reason = excluded.reason, since = excluded.since, due_at = excluded.due_at,
         requested_by = excluded.requested_by
)`,
    ];
  }
  return changes("deleteSuspension").length === 0
    ? []
    : [
        sql`dropped_suspension as (
  delete from ${s}.suspension u using go
   where u.org_id = go.org_id
)`,
      ];
}
