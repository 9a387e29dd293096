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

/** A number of rows, unseen too: a plan for the number would look cheaper than one for all, and be made again for each call. */
export function atMost(rows: number, values: Values): string {
  return unseen(values.add(rows, "int"));
}

/** Where a page begins; `null` is the beginning of all. */
export function positionOf(position: string | null, values: Values): string | null {
  return position === null ? null : unseen(id(position, values));
}

/** The condition that rows follow a position; `null` is the beginning. */
function after(alias: string, position: string | null, values: Values): string {
  return position === null ? "" : ` and ${alias}.id > ${unseen(id(position, values))}`;
}

/** Rows that lie together in an index, and the order in which it has them. */
export interface Range {
  readonly where: string;
  readonly order: string;
}

/**
 * The rows that have these values in the columns that lead an index, in the order of ids. Of the last of those columns it is
 * written as a range and ordered by it, so that no other index will do: where few organizations have most of the rows, or
 * none is in a status, the planner takes the primary key for the shorter way, and reads along it past everybody else's.
 */
export function rangeOf(
  alias: string,
  equal: Readonly<Record<string, string>>,
  [column, value]: readonly [column: string, value: string],
  position: string | null,
): Range {
  const last = `${alias}.${column}`;
  const from = position === null ? `${last} >= ${value}` : `(${last}, ${alias}.id) > (${value}, ${position})`;
  const where = Object.entries(equal).map(([name, one]) => `${alias}.${name} = ${one}`);
  return { where: [...where, from, `${last} <= ${value}`].join(" and "), order: `${last}, ${alias}.id` };
}

/** The rows of a range for which this holds, too. */
export function only({ where, order }: Range, filter: string): Range {
  return { where: `${where} and ${filter}`, order };
}

/** The condition that each of these holds; where there is none, that anything does. */
export function every(...conditions: readonly (string | null)[]): string {
  return conditions.filter((condition) => condition !== null).join(" and ") || "true";
}

/** A list as one JSON array; empty, never null. */
export function list(json: string, from: string, order: string): string {
  return `select coalesce(json_agg(${json} order by ${order}), '[]') from ${from}`;
}

/** How many rows there are, of which no more are looked at than are counted. */
export function countUpTo(from: string, most: string): string {
  return `select count(*) from (select 1 ${from} limit ${most}) counted`;
}

/** Where a page's rows lie. */
export interface Ranges {
  readonly alias: string;
  readonly table: string;
  readonly ranges: readonly Range[];
  /** The placeholder of how many rows there are at most. */
  readonly take: string;
  /** Other rows of the page, each a query for ids, ascending and no more than a page holds. */
  readonly found?: readonly string[];
}

/**
 * The rows of a page. Of each range no more is read than a page holds, so what a page costs depends neither on how many
 * rows there are nor on how far inside it is: a condition that leaves out a column of the index is the union of the
 * ranges of that column's values.
 */
export function pageRows({ alias, table, ranges, take, found = [] }: Ranges): string {
  const inRange = ({ where, order }: Range): string =>
    `select ${alias}.* from ${table} ${alias} where ${where} order by ${order} limit ${take}`;
  const byId = (ids: string): string =>
    `select ${alias}.* from (${ids}) f join ${table} ${alias} on ${alias}.id = f.id`;
  const [first, ...others] = [...ranges.map(inRange), ...found.map(byId)];
  const rows =
    others.length === 0
      ? first
      : `select ${alias}.* from (
      (${[first, ...others].join(")\n      union all\n      (")})
    ) ${alias} order by ${alias}.id limit ${take}`;
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
