import type { Read } from "@tenantry/core";
import { decodeEvt, each, evtJson } from "../rows.ts";
import type { Values } from "../values.ts";
import { atMost, id, list, type SqlReads, unseen } from "./sql-read.ts";

export const eventReads: SqlReads<"events"> = {
  events: (s, read, values) => ({
    sql: list(evtJson("e"), `(${rows(s, read, values)}) e`, "e.seq"),
    decode: each(decodeEvt),
  }),
};

/** Of each type no more is read than asked for, as `pageRows` has it. */
function rows(s: string, { orgId, where: { types, actor }, after, take }: Read<"events">, values: Values): string {
  const own = `e.org_id = ${unseen(id(orgId, values))}`;
  const [from, most] = [`e.seq > ${unseen(values.add(after, "bigint"))}`, atMost(take, values)];
  const by = actor === null ? "" : ` and e.actor = ${unseen(id(actor, values))}`;
  const page = (condition: string): string =>
    `select e.* from ${s}.evt e where ${own}${by}${condition} and ${from} order by e.seq limit ${most}`;
  if (types === null && actor === null) {
    return page("");
  }
  const wanted =
    types === null
      ? // The types that this actor's events have, each found by one look into the index.
        `with recursive kind (type) as (
      (select e.type from ${s}.evt e where ${own}${by} order by e.type limit 1)
      union all
      select (select e.type from ${s}.evt e where ${own}${by} and e.type > kind.type order by e.type limit 1)
        from kind where kind.type is not null
    ) select kind.type from kind where kind.type is not null`
      : `select unnest(${unseen(values.add(types, "text[]"))}) as type`;
  return `select e.* from (${wanted}) w cross join lateral (${page(" and e.type = w.type")}) e
     order by e.seq limit ${most}`;
}
