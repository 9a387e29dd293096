import type { Read } from "@tenantry/core";
import type { Values } from "../values.ts";
import { atMost, id, only, positionOf, type Range, unseen } from "./sql-read.ts";

// Who was a member at an instant began no later and ended later, and a page has them by id: three orders, of which an index
// has one. But who began no later is found before the last id of that time; and who ended later is a member still, or ended
// in a later week of the same sixteen, or in later sixteen weeks. Of each of these an index has a range by id.

const WEEK = 7 * 24 * 3600 * 1000;
const WEEKS = 16 * WEEK;
/** A Monday, where weeks begin in the indexes. */
const MONDAY = Date.UTC(2000, 0, 3);
/** As they have it: the names of instants are those of a line of SQL. */
const ENDED_IN = { week: endedIn("168 hours"), weeks: endedIn("2688 hours") };

/** The ids of a page of those who were members at an instant. */
export function idsAt(s: string, { orgId, at, after: position, take }: Read<"membersAt">, values: Values): string {
  const own = unseen(id(orgId, values));
  const from = positionOf(position, values);
  const instant = values.anyInstant(at);
  const most = atMost(take, values);
  const there = `m.created_at <= ${instant} and ${lasts("m")} >= ${instant}`;
  const known = `${there} and ${indexedId("m")} <= ${values.add(lastUuid(at), "uuid")}`;
  const ended = `m.status = 'revoked' and m.updated_at > ${instant}`;
  const page = (filter: string): string => {
    const { where, order } = ofOrg(own, from);
    return `select m.id from ${s}.mem m where ${where} and ${filter} order by ${order} limit ${most}`;
  };
  const during = (span: string): string =>
    `cross join lateral (${page(`${known} and ${ended} and ${span} = w.began`)}) e`;
  const extreme = (order: string): string =>
    `(select ${ENDED_IN.weeks} from ${s}.mem m where m.org_id = ${own} and m.status = 'revoked' order by ${ENDED_IN.weeks} ${order} limit 1)`;
  const [week, weeks] = [WEEK, WEEKS].map((span) => values.add(beginning(at, span), "timestamptz"));
  return `select distinct l.id from (
      (${page(`${known} and ${LIVE}`)})
      union all
      select e.id from generate_series(${week}, ${weeks} + interval '2520 hours', interval '168 hours') w(began)
        ${during(ENDED_IN.week)}
      union all
      select e.id from generate_series(greatest(${weeks} + interval '2688 hours', ${extreme("asc")}), ${extreme("desc")},
        interval '2688 hours') w(began) ${during(ENDED_IN.weeks)}
      union all
      (${page(`${there} and m.id > ${s}.last_id(m.created_at) and (${LIVE} or m.updated_at > ${instant})`)})
    ) l order by l.id limit ${most}`;
}

/** The live members of an organization, by id. */
export function liveIn(orgId: string, position: string | null): Range {
  return only(ofOrg(orgId, position), LIVE);
}

const LIVE = "m.status <> 'revoked'";

function ofOrg(orgId: string, position: string | null): Range {
  const order = indexedId("m");
  return { where: `m.org_id = ${orgId}${position === null ? "" : ` and ${order} > ${position}`}`, order };
}

/** The id as the indexes of these pages have it, and the primary key does not. */
function indexedId(m: string): string {
  return `greatest(${m}.id, ${m}.id)`;
}

/** The last instant of a membership, as the indexes have it: without a time box there is none. */
export function lasts(m: string): string {
  return `coalesce(${m}.expires_at, 'infinity')`;
}

function endedIn(span: string): string {
  return `date_bin('${span}', m.updated_at, timestamptz '2000-01-03 00:00:00+00')`;
}

/** When the span of an instant begins. PostgreSQL reads no others than these years as ISO 8601 writes them. */
function beginning(at: Date, span: number): Date {
  const time = Math.min(Math.max(at.getTime(), Date.UTC(1000, 0)), Date.UTC(9000, 0));
  return new Date(MONDAY + Math.floor((time - MONDAY) / span) * span);
}

/** As `last_id` of the schema: the last UUID of version 7 that was made up to an instant, by clocks that differ by a minute. */
function lastUuid(at: Date): string {
  const time = Math.min(Math.max(at.getTime() + 60_000, 0), 2 ** 48 - 1);
  return `${time.toString(16).padStart(12, "0")}${"f".repeat(20)}`;
}
