import { type Answer, hasOwn, type OrgRef, type Question, type Read, uuidOf } from "@tenantry/core";
import type { Json } from "../rows.ts";
import type { Values } from "../values.ts";

/** A question as a scalar subquery that yields JSON, and what its JSON means. */
export interface SqlRead {
  readonly sql: string;
  readonly decode: (json: Json) => Answer<Question>;
}

/** How questions are asked of a schema. */
export type SqlReads<Q extends Question> = {
  readonly [K in Q]: (s: string, read: Read<K>, values: Values) => SqlRead;
};

export function id(value: string, values: Values): string {
  return values.add(uuidOf(value), "uuid");
}

/** The organization's id, or that of the row it is named by: looked up in the same snapshot. */
export function orgId(s: string, of: OrgRef, values: Values): string {
  if (hasOwn(of, "org")) {
    return id(of.org, values);
  }
  if (hasOwn(of, "slug")) {
    return `(select id from ${s}.org where slug = ${values.add(of.slug, "text")} and status <> 'revoked')`;
  }
  if (hasOwn(of, "domain")) {
    return `(select org_id from ${s}.domain where domain = ${values.add(of.domain, "text")} and state = 'verified')`;
  }
  return hasOwn(of, "membership")
    ? `(select org_id from ${s}.mem where id = ${id(of.membership, values)})`
    : `(select org_id from ${s}.inv where id = ${id(of.invitation, values)})`;
}

/**
 * A value that the planner does not look at, for the columns that a page is about. Where it sees that one organization has
 * most of the rows it reads the primary key past everybody else's, however many come first; where it sees a status it
 * takes an index of that status and sorts all of it.
 */
export function unseen(placeholder: string): string {
  return `(select ${placeholder})`;
}

/** The condition that rows follow a position; `null` is the beginning. */
export function after(alias: string, position: string | null, values: Values): string {
  return position === null ? "" : ` and ${alias}.id > ${id(position, values)}`;
}

/** A list as one JSON array; empty, never null. */
export function list(json: string, from: string, order: string): string {
  return `select coalesce(json_agg(${json} order by ${order}), '[]') from ${from}`;
}

/** How many rows there are, of which no more are looked at than are counted. */
export function countUpTo(from: string, most: string): string {
  return `select count(*) from (select 1 ${from} limit ${most}) counted`;
}

/** Where a page's rows lie: in these ranges of an index, each a table with its condition, in the order of ids. */
export interface Ranges {
  readonly alias: string;
  readonly table: string;
  readonly where: readonly string[];
  /** The placeholder of how many rows there are at most. */
  readonly take: string;
  /** How the index has them, if not by id alone. */
  readonly order?: string;
  /** Other rows of the page, each a query for ids, ascending and no more than a page holds. */
  readonly found?: readonly string[];
}

/**
 * The rows of a page. Of each range no more is read than a page holds, so what a page costs depends neither on how many
 * rows there are nor on how far inside it is: a condition that leaves out a column of the index is the union of the
 * ranges of that column's values.
 */
export function pageRows({ alias, table, where, take, order = `${alias}.id`, found = [] }: Ranges): string {
  const range = (condition: string): string =>
    `select ${alias}.* from ${table} ${alias} where ${condition} order by ${order} limit ${take}`;
  const byId = (ids: string): string =>
    `select ${alias}.* from (${ids}) f join ${table} ${alias} on ${alias}.id = f.id`;
  const [only, ...others] = [...where.map(range), ...found.map(byId)];
  const rows =
    others.length === 0
      ? only
      : `select ${alias}.* from (
      (${[only, ...others].join(")\n      union all\n      (")})
    ) ${alias} order by ${order} limit ${take}`;
  return `(${rows}) ${alias}`;
}

/**
 * The ids of a page's rows among those that have lapsed and that no sweep has written down. They are found by their expiry,
 * so that nothing else is passed over, however much there is; "offset 0" keeps the planner from going along the ids instead.
 */
export function lapsedIds(
  { alias, table, take }: Pick<Ranges, "alias" | "table" | "take">,
  { own, filter, position }: { readonly own: string; readonly filter: string; readonly position: string | null },
  values: Values,
): string {
  return `select l.id from (
        select ${alias}.id from ${table} ${alias} where ${own} and ${filter} offset 0
      ) l where true${after("l", position, values)} order by l.id limit ${take}`;
}
