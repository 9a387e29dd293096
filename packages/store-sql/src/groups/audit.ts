import { type Change, type Commit, type EntityHistory, idOf, type Read, tracesOf, uuidOf } from "@tenantry/core";
import { id, list, type SqlReads, unseen } from "../reads/sql-read.ts";
import { decodeEvt, each, evtJson, type Json } from "../rows.ts";
import { columns, type Identifier, rows, type Sql, sql } from "../sql.ts";
import type { Values } from "../values.ts";
import type { Changes } from "../verdict.ts";

const TRACE = columns("place bigint, entity text, deed text");

/** What the events of a commit are about. */
export function traceWrites(s: Identifier, { org, events }: Commit, changes: Changes): readonly Sql[] {
  if (changes("trace" satisfies Change["op"]).length === 0) {
    return [];
  }
  const traces = events.flatMap((event, place) =>
    tracesOf(org.id, event).map(({ entity, deed }) => ({ place: place + 1, entity, deed })),
  );
  return traces.length === 0
    ? []
    : [
        sql`traced as (
  insert into ${s}.evt_trace (entity, deed, org_id, seq)
  select r.entity, r.deed, go.org_id, go.before + r.place
    from go, ${rows(traces, TRACE, (trace) => trace)}
)`,
      ];
}

export const auditReads: SqlReads<"auditTrail" | "eventsOfActor" | "entityHistories"> = {
  auditTrail: (s, read, values) => ({
    sql: list(evtJson("e"), `(${trail(s, read, values)}) e`, orderOf(read)),
    decode: each(decodeEvt),
  }),
  eventsOfActor(s, { actor, after, take, newestFirst }, values) {
    const direction = newestFirst ? "desc" : "asc";
    const order = `e.at ${direction}, e.org_id ${direction}, e.seq ${direction}`;
    const behind =
      after === null
        ? ""
        : ` and (e.at, e.org_id, e.seq) ${newestFirst ? "<" : ">"} (${values.anyInstant(after.at)}, ${id(after.orgId, values)}, ${values.add(after.seq, "bigint")})`;
    const own = `e.actor = ${unseen(id(actor, values))}`;
    return {
      sql: list(
        evtJson("e"),
        `(select e.* from ${s}.evt e where ${own}${behind} order by ${order} limit ${values.add(take, "int")}) e`,
        order,
      ),
      decode: each(decodeEvt),
    };
  },
  entityHistories: (s, { entities }, values) => ({
    sql: list("h.history", `(${histories(s, values.add(entities, "text[]"))}) h`, "h.place"),
    decode: each(decodeHistory),
  }),
};

function isByTime({ where: { from, to, entity } }: Read<"auditTrail">): boolean {
  return entity === null && (from !== null || to !== null);
}

function orderOf(read: Read<"auditTrail">): string {
  const direction = read.newestFirst ? "desc" : "asc";
  return isByTime(read) ? `e.at ${direction}, e.seq ${direction}` : `e.seq ${direction}`;
}

/** Of each range of an index no more is read than a page holds, besides what a second filter passes over. */
function trail(s: string, read: Read<"auditTrail">, values: Values): string {
  const { orgId, where, after, take, newestFirst } = read;
  const { types, actor, entity, from, to } = where;
  const own = unseen(id(orgId, values));
  const most = values.add(take, "int");
  const order = orderOf(read);
  const than = newestFirst ? "<" : ">";
  const filters = [
    ...(from === null ? [] : [`e.at >= ${values.anyInstant(from)}`]),
    ...(to === null ? [] : [`e.at < ${values.anyInstant(to)}`]),
  ];
  const byActor = actor === null ? [] : [`e.actor = ${unseen(id(actor, values))}`];
  // A value that no text mentions is refused by the server.
  const also = (): readonly string[] => [
    ...byActor,
    ...(types === null ? [] : [`e.type = any (${values.add(types, "text[]")})`]),
  ];
  const behind = (column: string): string =>
    after === null ? "" : ` and ${column} ${than} ${values.add(after.seq, "bigint")}`;
  if (entity !== null) {
    const about = values.add(entity, "text");
    const position = behind("t.seq");
    const admitted = ["", ...filters, ...also()].join(" and ");
    const range = (deed: string): string =>
      `(select e.* from ${s}.evt_trace t cross join lateral (select * from ${s}.evt e where e.org_id = t.org_id and e.seq = t.seq offset 0) e
         where t.entity = ${unseen(about)} and t.deed = '${deed}' and t.org_id = ${own}${position}${admitted}
         order by t.seq ${newestFirst ? "desc" : "asc"} limit ${most})`;
    return `select e.* from (${DEED_NAMES.map(range).join("\n      union all\n      ")}) e order by ${order} limit ${most}`;
  }
  if (isByTime(read)) {
    const position =
      after === null
        ? ""
        : ` and (e.at, e.seq) ${than} (${values.anyInstant(after.at)}, ${values.add(after.seq, "bigint")})`;
    return `select e.* from ${s}.evt e where e.org_id = ${own} and ${[...filters, ...also()].join(" and ")}${position}
     order by ${order} limit ${most}`;
  }
  const by = byActor.map((condition) => ` and ${condition}`).join("");
  const position = behind("e.seq");
  const page = (condition: string): string =>
    `select e.* from ${s}.evt e where e.org_id = ${own}${by}${condition}${position} order by ${order} limit ${most}`;
  if (types === null && actor === null) {
    return page("");
  }
  const wanted =
    types === null
      ? // The types that this actor's events have, each found by one look into the index.
        `with recursive kind (type) as (
      (select e.type from ${s}.evt e where e.org_id = ${own}${by} order by e.type limit 1)
      union all
      select (select e.type from ${s}.evt e where e.org_id = ${own}${by} and e.type > kind.type order by e.type limit 1)
        from kind where kind.type is not null
    ) select kind.type from kind where kind.type is not null`
      : `select unnest(${values.add(types, "text[]")}) as type`;
  return `select e.* from (${wanted}) w cross join lateral (${page(" and e.type = w.type")}) e
     order by ${order} limit ${most}`;
}

const DEED_NAMES = ["touched", "ended", "restored", "named"];
const CHANGES = ["touched", "ended", "restored"];

/** Of each entity the first and the last event of each deed, each found by one look into the index. */
function histories(s: string, entities: string): string {
  const at = (deed: string, direction: string): string =>
    `(select ${evtJson("e")} from ${s}.evt_trace t cross join lateral (select * from ${s}.evt e where e.org_id = t.org_id and e.seq = t.seq offset 0) e
        where t.entity = w.entity and t.deed = '${deed}' order by t.org_id ${direction}, t.seq ${direction} limit 1)`;
  const found = CHANGES.flatMap((deed) => [at(deed, "asc"), at(deed, "desc")]);
  const home = CHANGES.map(
    (deed) => `(select t.org_id from ${s}.evt_trace t where t.entity = w.entity and t.deed = '${deed}' limit 1)`,
  );
  return `select w.place, json_build_array(w.entity, ${found.join(",\n      ")},
      (select ${evtJson("e")} from ${s}.evt e where e.org_id = h.org_id and e.type = 'org.revoked' order by e.seq desc limit 1)) as history
     from unnest(${entities}) with ordinality as w(entity, place)
     cross join lateral (select coalesce(${home.join(", ")}) as org_id) h
    where h.org_id is not null`;
}

function decodeHistory(json: Json): EntityHistory {
  const [entity, ...found] = json as unknown as readonly [string, ...(Json | null)[]];
  const [touched, lastTouched, firstEnd, ended, firstReturn, restored, closed] = found.map((event) =>
    event === null ? null : decodeEvt(event),
  );
  const all = [touched, lastTouched, firstEnd, ended, firstReturn, restored]
    .filter((event) => event !== null && event !== undefined)
    .sort((a, b) => a.seq - b.seq);
  return {
    entity,
    first: all[0] as EntityHistory["first"],
    last: all.at(-1) as EntityHistory["last"],
    ended: ended ?? null,
    restored: restored ?? null,
    closed: closed ?? null,
  };
}

/** The statement of `AuditPort.prune`. */
export function pruneSql(
  s: string,
  asked: {
    readonly before: Date;
    readonly after: string | null;
    readonly orgs: number;
    readonly take: number;
    readonly keepsUndelivered: boolean;
  },
  values: Values,
): string {
  const before = values.anyInstant(asked.before);
  const behind = asked.after === null ? "" : `where o.id > ${values.add(uuidOf(asked.after), "uuid")}`;
  const take = values.add(asked.take, "int");
  // What waits, is under way or was given up, of whatever subscription that is not switched off.
  const waiting = `least(
      (select min(x.seq) from ${s}.outbox x where x.org_id = o.id),
      (select min(c.seq) + 1 from ${s}.relay_cursor c join ${s}.subscription n on n.id = c.subscription
        where c.org_id = o.id and c.head > c.seq and n.disabled_at is null),
      (select min(d.seq) from ${s}.relay_dead d where d.org_id = o.id))`;
  return `with looked as materialized (
  select o.id, ${asked.keepsUndelivered ? waiting : "null::bigint"} as kept
    from ${s}.org o ${behind} order by o.id limit ${values.add(asked.orgs, "int")}
), old as materialized (
  select o.id, e.seq
    from looked o cross join lateral (
      select e.seq, bool_and(e.at < ${before}) over (order by e.seq) as is_old
        from (select e.seq, e.at from ${s}.evt e where e.org_id = o.id order by e.seq limit ${take}) e
    ) e
   where (select e.at from ${s}.evt e where e.org_id = o.id order by e.seq limit 1) < ${before}
     and e.is_old and (o.kept is null or e.seq < o.kept)
), traces as (
  delete from ${s}.evt_trace t using old where t.org_id = old.id and t.seq = old.seq
), gone as (
  delete from ${s}.evt e using old where e.org_id = old.id and e.seq = old.seq returning 1
)
select (select count(*) from gone)::text as removed,
       (select max(id::text) from looked) as last,
       (select exists (select from old group by id having count(*) = ${take}))::text as more`;
}

export function decodePruned(row: { readonly [column: string]: string | null } | undefined): {
  readonly removed: number;
  readonly last: ReturnType<typeof idOf<"org">> | null;
  readonly hasMore: boolean;
} {
  const last = row?.["last"] ?? null;
  return {
    removed: Number(row?.["removed"] ?? 0),
    last: last === null ? null : idOf("org", last),
    hasMore: row?.["more"] === "true" || row?.["more"] === "t",
  };
}
