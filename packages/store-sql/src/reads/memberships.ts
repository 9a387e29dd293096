import {
  idOf,
  type Joins,
  type JoinsOf,
  type LapsedMembership,
  type MembershipThen,
  type MembershipWithOrg,
  ROLES,
  STATUSES,
  type Status,
  type StoredMemberFilter,
  uuidOf,
} from "@tenantry/core";
import { decodeMem, decodeOrg, each, type Json, memJson, orgJson, orNull } from "../rows.ts";
import { placeOf, placesOf } from "../tally.ts";
import type { Values } from "../values.ts";
import { idsAt, lasts, liveIn } from "./past.ts";
import {
  atMost,
  countUpTo,
  every,
  id,
  lapsedIds,
  list,
  only,
  orgId,
  pageRows,
  positionOf,
  type Range,
  rangeOf,
  type SqlReads,
  unseen,
} from "./sql-read.ts";

export const membershipReads: SqlReads<
  | "membership"
  | "liveMembership"
  | "liveMembers"
  | "memberships"
  | "inviter"
  | "owners"
  | "otherLiveMembership"
  | "members"
  | "memberCount"
  | "membershipsOf"
  | "chain"
  | "membersAt"
  | "lapsedMemberships"
  | "joins"
  | "joinsOf"
> = {
  membership: (s, { memId }, values) => ({
    sql: `select ${memJson("m")} from ${s}.mem m where m.id = ${id(memId, values)}`,
    decode: orNull(decodeMem),
  }),

  liveMembership(s, { of, usrId }, values) {
    const user = values.add(usrId === null ? null : uuidOf(usrId), "uuid");
    return {
      sql: `select ${memJson("m")} from ${s}.mem m
    where m.org_id = ${orgId(s, of, values)} and m.usr_id = ${user} and m.status <> 'revoked'`,
      decode: orNull(decodeMem),
    };
  },

  liveMembers: (s, { orgId: org, usrIds }, values) => ({
    sql: list(
      memJson("m"),
      `${s}.mem m
    where m.org_id = ${id(org, values)} and m.usr_id = any (${values.add(usrIds.map(uuidOf), "uuid[]")}) and m.status <> 'revoked'`,
      "m.id",
    ),
    decode: each(decodeMem),
  }),

  memberships: (s, { orgId: org, memIds }, values) => ({
    sql: list(
      memJson("m"),
      `${s}.mem m
    where m.org_id = ${id(org, values)} and m.id = any (${values.add(memIds.map(uuidOf), "uuid[]")})`,
      "m.id",
    ),
    decode: each(decodeMem),
  }),

  inviter: (s, { invId }, values) => ({
    sql: `select ${memJson("m")} from ${s}.inv i
    join ${s}.mem m on m.org_id = i.org_id and m.usr_id = i.invited_by and m.status <> 'revoked'
   where i.id = ${id(invId, values)}`,
    decode: orNull(decodeMem),
  }),

  owners: (s, { of, take }, values) => ({
    sql: `select coalesce(json_agg(p.id order by p.id), '[]') from (
    select m.id from ${s}.mem m
     where m.org_id = ${orgId(s, of, values)} and m.role = 'owner' and m.status = 'active' and m.expires_at is null
     order by m.id limit ${atMost(take, values)}) p`,
    decode: each((id) => idOf("mem", id as string)),
  }),

  otherLiveMembership: (s, { memId }, values) => ({
    sql: `select exists (select from ${s}.mem m join ${s}.mem x on x.org_id = m.org_id and x.usr_id = m.usr_id
    where m.id = ${id(memId, values)} and x.status <> 'revoked' and x.id <> m.id)`,
    decode: (json) => json === true,
  }),

  members(s, { orgId: org, where: { anyOf, role }, after: position, take }, values) {
    const own = unseen(id(org, values));
    const page = { alias: "m", table: `${s}.mem`, take: atMost(take, values) };
    const from = positionOf(position, values);
    const ofRole = role === null ? null : unseen(values.add(role, "text"));
    // The indexes are of those who are live, or lead by status and role.
    const roles = ofRole === null ? ROLES.map(quoted) : [ofRole];
    const ofStatus = ({ status, filter }: Stored): readonly Range[] =>
      roles.map((role) => only(rangeOf("m", { org_id: own, status }, ["role", role], from), filter));
    const ranges =
      anyOf.length === 0 && role === null
        ? [liveIn(own, from), ...ofStatus({ status: quoted("revoked"), filter: "true" })]
        : storedAs(anyOf.filter(isStored), values, anyOf.length === 0).flatMap(ofStatus);
    const filters = lapsedAs(anyOf, values).map((filter) =>
      ofRole === null ? filter : `${filter} and m.role = ${ofRole}`,
    );
    const found = filters.map((filter) => lapsedIds(page, { own: `m.org_id = ${own}`, filter, position }, values));
    return { sql: list(memJson("m"), pageRows({ ...page, ranges, found }), "m.id"), decode: each(decodeMem) };
  },

  memberCount(s, { orgId: org, where: { anyOf, role }, most }, values) {
    if (most !== null) {
      const own = `m.org_id = ${unseen(id(org, values))}${role === null ? "" : ` and m.role = ${values.add(role, "text")}`}`;
      const limit = atMost(most, values);
      const filters =
        anyOf.length === 0
          ? [""]
          : storedAs(anyOf, values, false).map(({ status, filter }) => ` and m.status = ${status} and ${filter}`);
      const counts = filters.map((filter) => `(${countUpTo(`from ${s}.mem m where ${own}${filter}`, limit)})`);
      return { sql: `select least(${counts.join(" + ")}, ${limit})`, decode: (json) => json as number };
    }
    // What is stored is in the organization's row; what has lapsed, and is stored as live, is counted.
    const stored = (status: Status): string => {
      const [first, last] = role === null ? placesOf(status) : [placeOf(status, role), placeOf(status, role)];
      return `(select sum(t.number) from unnest(o.tally[${values.add(first, "int")}:${values.add(last, "int")}]) as t(number))`;
    };
    const lapsed = (status: Status, before: Date): string =>
      `(select count(*) from ${s}.mem m where m.org_id = ${unseen(id(org, values))} and ${lapsedBy(before, values)}
      and m.status = ${unseen(values.add(status, "text"))}${role === null ? "" : ` and m.role = ${unseen(values.add(role, "text"))}`})`;
    const filters = anyOf.length === 0 ? STATUSES.map(everything) : anyOf;
    const terms = filters.flatMap(({ status, expiresBefore, expiresFrom }) => [
      `+ ${expiresBefore === null ? stored(status) : lapsed(status, expiresBefore)}`,
      ...(expiresFrom === null ? [] : [`- ${lapsed(status, expiresFrom)}`]),
    ]);
    return {
      sql: `select to_json((${terms.join("\n     ")})::bigint) from ${s}.org o where o.id = ${id(org, values)}`,
      // Of an organization that does not exist there is nothing to count.
      decode: (json) => (json ?? 0) as number,
    };
  },

  membershipsOf(s, { usrId, anyOf, after: position, take }, values) {
    const user = unseen(id(usrId, values));
    const page = { alias: "m", table: `${s}.mem`, take: atMost(take, values) };
    const from = positionOf(position, values);
    const stored = storedAs(anyOf.filter(isStored), values, anyOf.length === 0);
    const ranges = stored.map(({ status, filter }) =>
      only(rangeOf("m", { usr_id: user }, ["status", status], from), filter),
    );
    const own = `m.usr_id = ${user}`;
    const found = lapsedAs(anyOf, values).map((filter) => lapsedIds(page, { own, filter, position }, values));
    return {
      sql: list(
        withOrg(memJson("m")),
        `${pageRows({ ...page, ranges, found })} join ${s}.org o on o.id = m.org_id`,
        "m.id",
      ),
      decode: each(decodeMemWithOrg),
    };
  },

  chain: (s, { memId }, values) => ({
    // `union`: a circle, which no chain is, would end here too. Along a chain `created_at` ascends.
    sql: `with recursive older (id, replaces) as (
    select m.id, m.replaces from ${s}.mem m where m.id = ${id(memId, values)}
    union
    select m.id, m.replaces from older join ${s}.mem m on m.id = older.replaces
  ), link (id) as (
    select older.id from older where older.replaces is null
    union
    select m.id from link join ${s}.mem m on m.replaces = link.id
  ) ${list(memJson("m"), `link join ${s}.mem m on m.id = link.id`, "m.created_at")}`,
    decode: each(decodeMem),
  }),

  membersAt(s, read, values) {
    const rows = `(select m.* from (${idsAt(s, read, values)}) f join ${s}.mem m on m.id = f.id) m`;
    const [own, instant] = [unseen(id(read.orgId, values)), values.anyInstant(read.at)];
    return {
      sql: list(`json_build_object('row', ${memJson("m")}, 'pause', (${pause(s, own, instant)}))`, rows, "m.id"),
      decode: each(decodeMemThen),
    };
  },

  lapsedMemberships(s, { orgId: org, before, take }, values) {
    const own = org === null ? "" : ` and m.org_id = ${unseen(id(org, values))}`;
    const rows = `(select m.* from ${s}.mem m
     where m.status <> 'revoked'${own} and m.expires_at < ${values.add(before, "timestamptz")}
     order by m.expires_at, m.id limit ${atMost(take, values)}) m`;
    return {
      sql: list(memJson("m"), rows, "m.expires_at, m.id"),
      decode: each((json) => decodeMem(json) as LapsedMembership),
    };
  },

  joins(s, { usrId, at }, values) {
    const user = values.add(usrId === null ? null : uuidOf(usrId), "uuid");
    return {
      sql: `select json_build_object('organizations', (select count(*) from ${s}.mem m
       where m.usr_id = ${user} and m.status in ('active', 'suspended')
         and ${lasts("m")} >= ${values.add(at, "timestamptz")}),
     'joins', coalesce((select j.number from ${s}.joins j where j.usr_id = ${user}), 0))`,
      decode: (json) => json as unknown as Joins,
    };
  },

  joinsOf(s, { usrIds, at }, values) {
    const users = `unnest(${values.add(usrIds.map(uuidOf), "uuid[]")}) as u(id)`;
    const json = `json_build_object('usrId', u.id, 'organizations', (select count(*) from ${s}.mem m
       where m.usr_id = u.id and m.status in ('active', 'suspended')
         and ${lasts("m")} >= ${values.add(at, "timestamptz")}),
     'joins', coalesce((select j.number from ${s}.joins j where j.usr_id = u.id), 0))`;
    return { sql: list(json, users, "u.id"), decode: each(decodeJoinsOf) };
  },
};

/** A status as it is stored, and what else holds of its rows. */
interface Stored {
  readonly status: string;
  readonly filter: string;
}

/** What has to be read of each status: what the filters admit, or every status. */
function storedAs(anyOf: readonly StoredMemberFilter[], values: Values, isAny: boolean): readonly Stored[] {
  if (isAny) {
    return STATUSES.map((status) => ({ status: quoted(status), filter: "true" }));
  }
  return anyOf.map(({ status, expiresBefore, expiresFrom }) => ({
    status: unseen(values.add(status, "text")),
    filter: every(
      expiresBefore === null ? null : `m.expires_at < ${unseen(values.add(expiresBefore, "timestamptz"))}`,
      expiresFrom === null ? null : `${lasts("m")} >= ${unseen(values.add(expiresFrom, "timestamptz"))}`,
    ),
  }));
}

/** Everything but what has lapsed while it was stored as live. */
function isStored({ status, expiresBefore, expiresFrom }: StoredMemberFilter): boolean {
  return expiresBefore === null || expiresFrom !== null || status === "revoked";
}

/** One condition for all that have lapsed by an instant and that no sweep has written down. */
function lapsedAs(anyOf: readonly StoredMemberFilter[], values: Values): readonly string[] {
  const lapsed = anyOf.filter((filter) => !isStored(filter));
  const instants = new Map(lapsed.map(({ expiresBefore }) => [expiresBefore?.getTime(), expiresBefore as Date]));
  return [...instants].map(([time, before]) => {
    const statuses = lapsed
      .filter(({ expiresBefore }) => expiresBefore?.getTime() === time)
      .map(({ status }) => status);
    return `${lapsedBy(before, values)} and m.status = any (${values.add(statuses, "text[]")})`;
  });
}

/** As the indexes of what lapses have it. */
function lapsedBy(before: Date, values: Values): string {
  return `m.status <> 'revoked' and m.expires_at is not null and m.expires_at < ${values.add(before, "timestamptz")}`;
}

function everything(status: Status): StoredMemberFilter {
  return { status, expiresBefore: null, expiresFrom: null };
}

/** The event that came last, up to an instant, of those that pause a membership and end its pause. */
function pause(s: string, org: string, instant: string): string {
  return `select e.type from ${s}.evt e
      where e.org_id = ${org} and e.data ->> 'memId' = 'mem_' || replace(m.id::text, '-', '')
        and e.type in ('membership.suspended', 'membership.reinstated') and e.at <= ${instant}
      order by e.seq desc limit 1`;
}

/** A status or a role of the core, of letters all. */
function quoted(word: string): string {
  return unseen(`text '${word}'`);
}

/** The organization is joined under the alias `o`. */
export function withOrg(json: string): string {
  return `json_build_object('row', ${json}, 'org', ${orgJson("o")})`;
}

function decodeMemWithOrg(json: Json): MembershipWithOrg {
  const { row, org } = json as { readonly row: Json; readonly org: Json };
  return { ...decodeMem(row), org: decodeOrg(org) };
}

function decodeJoinsOf(json: Json): JoinsOf {
  const { usrId, ...joins } = json as unknown as Joins & { readonly usrId: string };
  return { usrId: idOf("usr", usrId), ...joins };
}

function decodeMemThen(json: Json): MembershipThen {
  const { row, pause } = json as { readonly row: Json; readonly pause: MembershipThen["pause"] };
  return { membership: decodeMem(row), pause };
}
