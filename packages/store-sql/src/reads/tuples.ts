import { decodeTup, each, tupJson } from "../rows.ts";
import { countUpTo, list, type SqlReads } from "./sql-read.ts";

export const tupleReads: SqlReads<"tuplesOfSubject" | "tuplesOfObject" | "tupleCount" | "anyTuple"> = {
  tuplesOfSubject: (s, { usrId }, values) => ({
    sql: list(
      tupJson("t"),
      `${s}.tup t where t.subject_type = 'usr' and t.subject_id = ${values.add(usrId, "text")}`,
      "t.object_type, t.object_id, t.relation",
    ),
    decode: each(decodeTup),
  }),

  tuplesOfObject(s, { objectType, objectId, relation, take }, values) {
    const [type, id] = [values.add(objectType, "text"), values.add(objectId, "text")];
    const only = relation === null ? "" : ` and t.relation = ${values.add(relation, "text")}`;
    const order = "t.relation, t.subject_id";
    const rows = `${s}.tup t
    where t.object_type = ${type} and t.object_id = ${id}${only}`;
    const few = take === null ? rows : `(select t.* from ${rows} order by ${order} limit ${values.add(take, "int")}) t`;
    return { sql: list(tupJson("t"), few, order), decode: each(decodeTup) };
  },

  tupleCount(s, { objectType, objectId, most }, values) {
    const [type, id] = [values.add(objectType, "text"), values.add(objectId, "text")];
    // In this order the index has them; without one, a table of which most rows are of one object is read through.
    const counted = `from ${s}.tup t where t.object_type = ${type} and t.object_id = ${id} order by t.relation, t.subject_id`;
    return { sql: countUpTo(counted, values.add(most, "int")), decode: (json) => json as number };
  },

  anyTuple(s, { usrId, objectType, objectId, relations }, values) {
    const subject = `t.subject_type = 'usr' and t.subject_id = ${values.add(usrId, "text")}`;
    const object = `t.object_type = ${values.add(objectType, "text")} and t.object_id = ${values.add(objectId, "text")}`;
    return {
      sql: `select exists (select from ${s}.tup t
    where ${subject} and ${object} and t.relation = any (${values.add(relations, "text[]")}))`,
      decode: (json) => json === true,
    };
  },
};
