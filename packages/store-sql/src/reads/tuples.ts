import { decodeTup, each, tupJson } from "../rows.ts";
import { list, type SqlReads } from "./sql-read.ts";

export const tupleReads: SqlReads<"tuplesOfSubject" | "tuplesOfObject" | "anyTuple"> = {
  tuplesOfSubject: (s, { usrId }, values) => ({
    sql: list(
      tupJson("t"),
      `${s}.tup t where t.subject_type = 'usr' and t.subject_id = ${values.add(usrId, "text")}`,
      "t.object_type, t.object_id, t.relation",
    ),
    decode: each(decodeTup),
  }),

  tuplesOfObject(s, { objectType, objectId, relation }, values) {
    const [type, id] = [values.add(objectType, "text"), values.add(objectId, "text")];
    const only = relation === null ? "" : ` and t.relation = ${values.add(relation, "text")}`;
    return {
      sql: list(
        tupJson("t"),
        `${s}.tup t
    where t.object_type = ${type} and t.object_id = ${id}${only}`,
        "t.relation, t.subject_id",
      ),
      decode: each(decodeTup),
    };
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
