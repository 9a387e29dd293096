import { SETTING } from "../entrance.ts";
import { quoted } from "../identifier.ts";
import type { TableDeclaration } from "../table-declaration.ts";

/**
 * The organization of the transaction, in SQL; null where there is none. A local setting that has ended reads as the empty
 * text and not as null, and a text that is no UUID is an error.
 */
export function tenantExpression(
  { orgType, proof, ownSchema }: TableDeclaration,
  type: "uuid" | "text" = orgType,
): string {
  const uuid =
    proof === "hmac"
      ? // In a query of its own it is asked once for a statement, and not for each row.
        `(select ${quoted(ownSchema)}.current_org())`
      : `nullif(current_setting('${SETTING}', true), '')::uuid`;
  return type === "uuid" ? uuid : `('org_' || replace(${uuid}::text, '-', ''))`;
}

/** The same where no query may stand: a default of a column. */
export function tenantDefault(tables: TableDeclaration, type: "uuid" | "text" = tables.orgType): string {
  return tenantExpression(tables, type).replace("(select ", "(");
}
