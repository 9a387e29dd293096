import type { EventFilter, MemberFilter, OrgFilter, OrgId, StoredInvitationFilter } from "@tenantry/core";
import type { SqlValue } from "./rows.ts";

/** A condition, and the values for its places. */
export interface Filter {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** SQLite's `lower` knows ASCII letters, as the question wants it. */
export function orgFilter({ status, query }: OrgFilter): Filter {
  return {
    sql: "status = coalesce(?, status) and (? is null or instr(lower(name), ?) > 0 or instr(lower(slug), ?) > 0)",
    values: [status, query, query, query],
  };
}

export function memberFilter({ orgId, where }: { readonly orgId: OrgId; readonly where: MemberFilter }): Filter {
  return {
    sql: "org_id = ? and status = coalesce(?, status) and role = coalesce(?, role)",
    values: [orgId, where.status, where.role],
  };
}

/** Invitations that match one of the filters; no filter: all. */
export function invitationFilter(anyOf: readonly StoredInvitationFilter[]): Filter {
  const filters = anyOf.map(({ status, expiresBefore, expiresFrom }) => ({
    sql: "(status = ? and expires_at < coalesce(?, expires_at + 1) and expires_at >= coalesce(?, expires_at))",
    values: [status, expiresBefore?.getTime() ?? null, expiresFrom?.getTime() ?? null],
  }));
  return {
    sql: filters.length === 0 ? "true" : `(${filters.map(({ sql }) => sql).join(" or ")})`,
    values: filters.flatMap(({ values }) => values),
  };
}

export function eventFilter({ types, actor }: EventFilter): Filter {
  const among = types === null ? "true" : `type in (${types.map(() => "?").join(", ")})`;
  return { sql: `${among} and (? is null or actor = ?)`, values: [...(types ?? []), actor, actor] };
}
