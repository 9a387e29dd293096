import { idOf, type Stock } from "@tenantry/core";
import { decodeOrg, each, type Json, orgJson, orNull } from "../rows.ts";
import type { Values } from "../values.ts";
import { atMost, list, orgId, pageRows, positionOf, type Range, rangeOf, type SqlReads, unseen } from "./sql-read.ts";

export const orgReads: SqlReads<"org" | "slugHolder" | "orgBySlug" | "orgs" | "memberStock" | "invitationStock"> = {
  org: (s, { of }, values) => ({
    sql: `select ${orgJson("o")} from ${s}.org o where o.id = ${orgId(s, of, values)}`,
    decode: orNull(decodeOrg),
  }),

  slugHolder: (s, { slug }, values) => ({
    sql: `select to_json(o.id) from ${s}.org o where o.slug = ${values.add(slug, "text")} and o.status <> 'revoked'`,
    decode: orNull((id) => idOf("org", id as string)),
  }),

  orgBySlug: (s, { slug }, values) => ({
    sql: `select ${orgJson("o")} from ${s}.org o where o.slug = ${values.add(slug, "text")} and o.status <> 'revoked'`,
    decode: orNull(decodeOrg),
  }),

  orgs(s, { where: { status, query }, after: position, take }, values) {
    const from = positionOf(position, values);
    const range =
      status === null
        ? { where: from === null ? "true" : `o.id > ${from}`, order: "o.id" }
        : rangeOf("o", {}, ["status", unseen(values.add(status, "text"))], from);
    const page = { alias: "o", table: `${s}.org`, take: atMost(take, values) };
    const rows =
      query === null ? pageRows({ ...page, ranges: [range] }) : search(s, { ...range, take: page.take, query }, values);
    return { sql: list(orgJson("o"), rows, "o.id"), decode: each(decodeOrg) };
  },

  memberStock: (s, { of, at }, values) => ({
    sql: `select json_build_object('stored', o.members, 'lapsed', (select count(*) from ${s}.mem m
       where m.org_id = o.id and m.status <> 'revoked' and m.expires_at < ${values.add(at, "timestamptz")}))
      from ${s}.org o where o.id = ${orgId(s, of, values)}`,
    decode: decodeStock,
  }),

  invitationStock: (s, { of, at }, values) => ({
    sql: `select json_build_object('stored', o.invitations, 'lapsed', (select count(*) from ${s}.inv i
       where i.org_id = o.id and i.status = 'pending' and i.expires_at < ${values.add(at, "timestamptz")}))
      from ${s}.org o where o.id = ${orgId(s, of, values)}`,
    decode: decodeStock,
  }),
};

function decodeStock(json: Json): Stock {
  return (json ?? { stored: 0, lapsed: 0 }) as unknown as Stock;
}

/** So many organizations are looked at one by one before an index is asked. */
const FIRST = 2000;

/**
 * The rows of a page that have a text in their name or slug. Of one that many have the first few thousand organizations fill
 * the page; one that few have an index of pieces finds. Neither knows which of both it is: the first is tried, and the second
 * where it was not enough. Without "offset 0" the planner would take the pieces of few for a reason to read along the ids.
 */
function search(
  s: string,
  { where, order, take, query }: Range & { readonly take: string; readonly query: string },
  values: Values,
): string {
  const has = contains("o", values.add(query, "text"));
  const pieces = `${s}.pieces(o.name, o.slug) collate "C" @> ${unseen(values.add(piecesOf(query), "text[]"))}`;
  return `(with first as materialized (
      select o.* from (select o.* from ${s}.org o where ${where} order by ${order} limit ${FIRST}) o
       where ${has} order by ${order} limit ${take}
    )
    select f.* from first f where (select count(*) from first) = ${take}
    union all
    select r.* from (
      select o.* from (select o.* from ${s}.org o where ${pieces} offset 0) o where ${where} and ${has} order by ${order} limit ${take}
    ) r where (select count(*) from first) < ${take}) o`;
}

/** What the index has of a text: three characters that follow each other, or all there are. */
function piecesOf(query: string): readonly string[] {
  const characters = Array.from(query);
  const length = Math.min(characters.length, 3);
  const pieces = characters.slice(length - 1).map((_, first) => characters.slice(first, first + length).join(""));
  return [...new Set(pieces)];
}

/** In collation "C" only ASCII letters have a case, and text is compared byte by byte. */
function contains(alias: string, query: string): string {
  const holds = (column: string): string => `strpos(lower(${alias}.${column} collate "C"), ${query} collate "C") > 0`;
  return `(${holds("name")} or ${holds("slug")})`;
}
