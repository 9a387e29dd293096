import { hasOwn, type KeyScope, type KeyUse } from "@tenantry/core";
import { type Json, orNull } from "../rows.ts";
import type { Values } from "../values.ts";
import { orgId, type SqlReads } from "./sql-read.ts";

export const keyReads: SqlReads<"keyUse"> = {
  keyUse: (s, { scope: of, key }, values) => ({
    sql: `select ${keyJson("k")} from ${s}.idem k where k.scope = ${scope(s, of, values)} and k.key = ${values.add(key, "text")}`,
    decode: orNull(decodeKeyUse),
  }),
};

export function keyJson(alias: string): string {
  return `json_build_object('state', ${alias}.state, 'operation', ${alias}.operation, 'fingerprint', ${alias}.fingerprint, 'result', ${alias}.result)`;
}

export function decodeKeyUse(json: Json): KeyUse {
  const { state, operation, fingerprint, result } = json as { readonly [key: string]: string };
  return state === "done"
    ? { state, operation: operation as string, fingerprint: fingerprint as string, result }
    : { state: "fenced" };
}

/** Scopes are stored in wire form: an organization and a creator of the same UUID stay apart. */
function scope(s: string, of: KeyScope, values: Values): string {
  return hasOwn(of, "creator")
    ? values.add(of.creator, "text")
    : `'org_' || replace(${orgId(s, of, values)}::text, '-', '')`;
}
