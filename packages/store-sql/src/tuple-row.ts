import type { Tuple } from "@tenantry/core";
import { type Columns, columns, type Sql, sql } from "./sql.ts";

/** The columns of a tuple that goes into a statement. */
export const TUP: Columns = columns(
  "subject_type text, subject_id text, relation text, object_type text, object_id text, expires_at timestamptz",
);

/** A stored tuple `t` is the one of the row `r`. */
export const SAME_TUPLE: Sql = sql`t.subject_type = r.subject_type and t.subject_id = r.subject_id and t.relation = r.relation
     and t.object_type = r.object_type and t.object_id = r.object_id`;

/** The cells of a change's tuple. */
export function tupRow({ tuple }: { readonly tuple: Tuple }): Readonly<Record<string, unknown>> {
  const { subjectType, subjectId, relation, objectType, objectId, expiresAt } = tuple;
  return {
    subject_type: subjectType,
    subject_id: subjectId,
    relation,
    object_type: objectType,
    object_id: objectId,
    expires_at: expiresAt,
  };
}
