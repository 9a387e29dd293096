import { idOf, type LapsedGrant } from "@tenantry/core";
import { decodeTup, each, type Json, tupJson } from "../rows.ts";
import type { Values } from "../values.ts";
import { atMost, countUpTo, id, list, type SqlReads, unseen } from "./sql-read.ts";

export const tupleReads: SqlReads<"tuplesOfSubject" | "tuplesOfObject" | "tupleCount" | "anyTuple" | "lapsedGrants"> = {
  tuplesOfSubject: (s, { usrId, at }, values) => ({
    sql: list(
      tupJson("t"),
      `${s}.tup t where t.subject_type = 'usr' and t.subject_id = ${values.add(usrId, "text")}${holds(at, values)}`,
      "t.object_type, t.object_id, t.relation",
    ),
    decode: each(decodeTup),
  }),

  tuplesOfObject(s, { objectType, objectId, relation, at, take }, values) {
    const [type, object] = [values.add(objectType, "text"), values.add(objectId, "text")];
    const only = relation === null ? "" : ` and t.relation = ${values.add(relation, "text")}`;
    const order = "t.relation, t.subject_id";
    const rows = `${s}.tup t
    where t.object_type = ${type} and t.object_id = ${object}${only}${holds(at, values)}`;
    const few = take === null ? rows : `(select t.* from ${rows} order by ${order} limit ${atMost(take, values)}) t`;
    return { sql: list(tupJson("t"), few, order), decode: each(decodeTup) };
  },

  tupleCount(s, { objectType, objectId, at, most }, values) {
    const [type, object] = [values.add(objectType, "text"), values.add(objectId, "text")];
    // In this order the index has them; without one, a table of which most rows are of one object is read through.
    const counted = `from ${s}.tup t where t.object_type = ${type} and t.object_id = ${object}${holds(at, values)}
    order by t.relation, t.subject_id`;
    return { sql: countUpTo(counted, atMost(most, values)), decode: (json) => json as number };
  },

  anyTuple(s, { usrId, objectType, objectId, relations, at }, values) {
    const subject = `t.subject_type = 'usr' and t.subject_id = ${unseen(values.add(usrId, "text"))}`;
    const object = `t.object_type = ${unseen(values.add(objectType, "text"))} and t.object_id = ${unseen(values.add(objectId, "text"))}`;
    return {
      sql: `select exists (select from ${s}.tup t
    where ${subject} and ${object} and t.relation = any (${unseen(values.add(relations, "text[]"))}::text[])${holds(at, values)})`,
      decode: (json) => json === true,
    };
  },

  lapsedGrants(s, { orgId, before, take }, values) {
    const own = orgId === null ? "t.granted_by is not null" : `t.granted_by = ${unseen(id(orgId, values))}`;
    const order = "t.expires_at, t.subject_id, t.object_type, t.object_id, t.relation";
    const rows = `(select t.* from ${s}.tup t
     where ${own} and t.expires_at < ${values.add(before, "timestamptz")}
     order by ${order} limit ${atMost(take, values)}) t`;
    return {
      sql: list(`json_build_object('org', t.granted_by, 'tuple', ${tupJson("t")})`, rows, order),
      decode: each(decodeLapsedGrant),
    };
  },
};

/** The condition that a tuple `t` has not lapsed. */
export function holds(at: Date, values: Values): string {
  return ` and (t.expires_at is null or t.expires_at >= ${values.add(at, "timestamptz")})`;
}

function decodeLapsedGrant(json: Json): LapsedGrant {
  const { org, tuple } = json as { readonly org: string; readonly tuple: Json };
  return { orgId: idOf("org", org), tuple: decodeTup(tuple) as LapsedGrant["tuple"] };
}
