import type { SqlQuery } from "./doctor/finding.ts";
import { quoted } from "./identifier.ts";

/** Since PostgreSQL 16 who makes a role may grant it, also to itself, and may neither end its sessions nor drop its rights. */
export async function haveRightsOf(query: SqlQuery, role: string): Promise<void> {
  const text = "select pg_has_role(current_user, $1::name, 'usage')::text as has";
  const [row] = await query(text, [role]);
  if (row?.["has"] !== "true") {
    await query(`grant ${quoted(role)} to current_user`, []);
  }
}
