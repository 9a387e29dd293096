import type {
  EventFilter,
  MemberFilter,
  OrgFilter,
  OrgId,
  StoredInvitationFilter,
  StoredMemberFilter,
} from "@tenantry/core";
import type { SqlValue } from "./rows.ts";

/** A condition, and the values for its places. */
export interface Filter {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** What has not lapsed at an instant; what has no end never will have. */
export const STILL = "(expires_at is null or expires_at >= ?)";

/** SQLite's `lower` knows ASCII letters, as the question wants it. */
export function orgFilter({ status, query }: OrgFilter): Filter {
  return {
    sql: "status = coalesce(?, status) and (? is null or instr(lower(name), ?) > 0 or instr(lower(slug), ?) > 0)",
    values: [status, query, query, query],
  };
}

export function memberFilter({ orgId, where }: { readonly orgId: OrgId; readonly where: MemberFilter }): Filter {
  const { sql, values } = storedFilter(where.anyOf);
  return { sql: `org_id = ? and role = coalesce(?, role) and ${sql}`, values: [orgId, where.role, ...values] };
}

/** Rows that match one of the filters; no filter: all. */
export function storedFilter(anyOf: readonly (StoredInvitationFilter | StoredMemberFilter)[]): Filter {
  const filters = anyOf.map(({ status, expiresBefore, expiresFrom }) => {
    const [before, from] = [expiresBefore?.getTime() ?? null, expiresFrom?.getTime() ?? null];
    return {
      sql: `(status = ? and (? is null or expires_at < ?) and (? is null or ${STILL}))`,
      values: [status, before, before, from, from],
    };
  });
  return {
    sql: filters.length === 0 ? "true" : `(${filters.map(({ sql }) => sql).join(" or ")})`,
    values: filters.flatMap(({ values }) => values),
  };
}

export function eventFilter({ types, actor }: EventFilter): Filter {
  const among = types === null ? "true" : `type in (${types.map(() => "?").join(", ")})`;
  return { sql: `${among} and (? is null or actor = ?)`, values: [...(types ?? []), actor, actor] };
}
