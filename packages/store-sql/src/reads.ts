import {
  type Answer,
  idOf,
  type KeyScope,
  type KeyUse,
  type MemberFilter,
  type OrgRef,
  type Plan,
  type Question,
  type Read,
  uuidOf,
} from "@tenantry/core";

import {
  decodeInv,
  decodeMem,
  decodeOrg,
  decodeTup,
  each,
  invJson,
  type Json,
  memJson,
  orgJson,
  orNull,
  tupJson,
} from "./rows.ts";

import { Values } from "./values.ts";

/** A question as a scalar subquery that yields JSON, and what its JSON means. */
interface SqlRead {
  readonly sql: string;
  readonly decode: (json: Json) => Answer<Question>;
}

/** All reads of a plan as one statement: one snapshot, one round trip, one row with one column of JSON. */
export function planSql(
  schema: string,
  plan: Plan,
): {
  readonly text: string;
  readonly values: Values;
  readonly decode: (json: Readonly<Record<string, Json>>) => Record<string, Answer<Question>>;
} {
  const values = new Values();
  const reads = Object.entries(plan).map(([name, read]) => ({ name, ...readSql(schema, read, values) }));
  // The names are those of the core's plans, never a caller's.
  const columns = reads.map(({ name, sql }) => `'${name}', (${sql})`);
  return {
    text: `select json_build_object(${columns.join(",\n  ")})::text as answers`,
    values,
    decode: (json) => Object.fromEntries(reads.map(({ name, decode }) => [name, decode(json[name] as Json)])),
  };
}

function readSql(s: string, read: Read, values: Values): SqlRead {
  switch (read.read) {
    case "org":
      return {
        sql: `select ${orgJson("o")} from ${s}.org o where o.id = ${orgId(s, read.of, values)}`,
        decode: orNull(decodeOrg),
      };
    case "slugHolder":
      return {
        sql: `select to_json(o.id) from ${s}.org o where o.slug = ${values.add(read.slug, "text")} and o.status <> 'revoked'`,
        decode: orNull((id) => idOf("org", id as string)),
      };
    case "membership":
      return {
        sql: `select ${memJson("m")} from ${s}.mem m where m.id = ${id(read.memId, values)}`,
        decode: orNull(decodeMem),
      };
    case "liveMembership": {
      const usrId = values.add(read.usrId === null ? null : uuidOf(read.usrId), "uuid");
      return {
        sql: `select ${memJson("m")} from ${s}.mem m
    where m.org_id = ${orgId(s, read.of, values)} and m.usr_id = ${usrId} and m.status <> 'revoked'`,
        decode: orNull(decodeMem),
      };
    }
    case "inviter":
      return {
        sql: `select ${memJson("m")} from ${s}.inv i
    join ${s}.mem m on m.org_id = i.org_id and m.usr_id = i.invited_by and m.status <> 'revoked'
   where i.id = ${id(read.invId, values)}`,
        decode: orNull(decodeMem),
      };
    case "owners":
      return {
        sql: `select coalesce(json_agg(p.id order by p.id), '[]') from (
    select m.id from ${s}.mem m
     where m.org_id = ${orgId(s, read.of, values)} and m.role = 'owner' and m.status = 'active'
     order by m.id limit ${values.add(read.take, "int")}) p`,
        decode: each((id) => idOf("mem", id as string)),
      };
    case "otherLiveMembership":
      return {
        sql: `select exists (select from ${s}.mem m join ${s}.mem x on x.org_id = m.org_id and x.usr_id = m.usr_id
    where m.id = ${id(read.memId, values)} and x.status <> 'revoked' and x.id <> m.id)`,
        decode: (json) => json === true,
      };
    case "invitation":
      return {
        sql: `select ${invJson("i")} from ${s}.inv i where i.id = ${id(read.invId, values)}`,
        decode: orNull(decodeInv),
      };
    case "pendingInvitations":
      return {
        sql: list(
          invJson("i"),
          `${s}.inv i
    where i.org_id = ${id(read.orgId, values)} and i.canonical = ${values.add(read.canonical, "text")} and i.status = 'pending'`,
          "i.id",
        ),
        decode: each(decodeInv),
      };
    case "members": {
      const where = `m.org_id = ${id(read.orgId, values)}${after("m", read.after, values)}${memberFilter(read.where, values)}`;
      return { sql: page(memJson("m"), "m", `${s}.mem m where ${where}`, read.take, values), decode: each(decodeMem) };
    }
    case "memberCount":
      return {
        sql: `select count(*) from ${s}.mem m where m.org_id = ${id(read.orgId, values)}${memberFilter(read.where, values)}`,
        decode: (json) => json as number,
      };
    case "invitations": {
      const where = `i.org_id = ${id(read.orgId, values)}${after("i", read.after, values)}${invitationFilter(read, values)}`;
      return { sql: page(invJson("i"), "i", `${s}.inv i where ${where}`, read.take, values), decode: each(decodeInv) };
    }
    case "tuplesOfSubject":
      return {
        sql: list(
          tupJson("t"),
          `${s}.tup t where t.subject_type = 'usr' and t.subject_id = ${values.add(read.usrId, "text")}`,
          "t.object_type, t.object_id, t.relation",
        ),
        decode: each(decodeTup),
      };
    case "tuplesOfObject": {
      const relation = read.relation === null ? "" : ` and t.relation = ${values.add(read.relation, "text")}`;
      return {
        sql: list(
          tupJson("t"),
          `${s}.tup t
    where t.object_type = ${values.add(read.objectType, "text")} and t.object_id = ${values.add(read.objectId, "text")}${relation}`,
          "t.relation, t.subject_id",
        ),
        decode: each(decodeTup),
      };
    }
    case "keyUse":
      return {
        sql: `select ${keyJson("k")} from ${s}.idem k where k.scope = ${scope(s, read.scope, values)} and k.key = ${values.add(read.key, "text")}`,
        decode: orNull(decodeKeyUse),
      };
  }
}

export function keyJson(alias: string): string {
  return `json_build_object('state', ${alias}.state, 'operation', ${alias}.operation, 'fingerprint', ${alias}.fingerprint, 'result', ${alias}.result)`;
}

export function decodeKeyUse(json: Json): KeyUse {
  const { state, operation, fingerprint, result } = json as { readonly [key: string]: string };
  return state === "done"
    ? { state, operation: operation as string, fingerprint: fingerprint as string, result }
    : { state: "fenced" };
}

function id(value: string, values: Values): string {
  return values.add(uuidOf(value), "uuid");
}

/** The organization's id, or that of the row it is named by: looked up in the same snapshot. */
function orgId(s: string, of: OrgRef, values: Values): string {
  if ("org" in of) {
    return id(of.org, values);
  }
  return "membership" in of
    ? `(select org_id from ${s}.mem where id = ${id(of.membership, values)})`
    : `(select org_id from ${s}.inv where id = ${id(of.invitation, values)})`;
}

/** Scopes are stored in wire form: an organization and a creator of the same UUID stay apart. */
function scope(s: string, of: KeyScope, values: Values): string {
  return "creator" in of ? values.add(of.creator, "text") : `'org_' || replace(${orgId(s, of, values)}::text, '-', '')`;
}

function after(alias: string, position: string | null, values: Values): string {
  return position === null ? "" : ` and ${alias}.id > ${id(position, values)}`;
}

function memberFilter({ status, role }: MemberFilter, values: Values): string {
  return (
    (status === null ? "" : ` and m.status = ${values.add(status, "text")}`) +
    (role === null ? "" : ` and m.role = ${values.add(role, "text")}`)
  );
}

function invitationFilter({ anyOf }: Read<"invitations">, values: Values): string {
  const filters = anyOf.map(
    ({ status, expiresBefore, expiresFrom }) =>
      `i.status = ${values.add(status, "text")}` +
      (expiresBefore === null ? "" : ` and i.expires_at < ${values.add(expiresBefore, "timestamptz")}`) +
      (expiresFrom === null ? "" : ` and i.expires_at >= ${values.add(expiresFrom, "timestamptz")}`),
  );
  return filters.length === 0 ? "" : ` and (${filters.join(" or ")})`;
}

/** A list as one JSON array; empty, never null. */
function list(json: string, from: string, order: string): string {
  return `select coalesce(json_agg(${json} order by ${order}), '[]') from ${from}`;
}

/** A page as one JSON array: the rows of an index range, in order, at most `take`. */
function page(json: string, alias: string, from: string, take: number, values: Values): string {
  return `select coalesce(json_agg(p.row order by p.id), '[]') from (
    select ${alias}.id, ${json} as row from ${from}
     order by ${alias}.id limit ${values.add(take, "int")}) p`;
}
