import {
  INVITATION_STATUSES,
  type InvitationWithOrg,
  idOf,
  type PendingInvitation,
  type SentInvitation,
  type StoredInvitationFilter,
} from "@tenantry/core";
import { decodeInv, decodeOrg, each, invJson, type Json, orgJson, orNull } from "../rows.ts";
import type { Values } from "../values.ts";
import {
  atMost,
  every,
  id,
  lapsedIds,
  list,
  only,
  pageRows,
  positionOf,
  rangeOf,
  type SqlReads,
  unseen,
} from "./sql-read.ts";

export const invitationReads: SqlReads<
  | "invitation"
  | "pendingInvitations"
  | "pendingInvitationsTo"
  | "invitations"
  | "invitationCount"
  | "invitationsFor"
  | "lapsedInvitations"
  | "sentInvitations"
> = {
  invitation: (s, { invId }, values) => ({
    sql: `select ${invJson("i")} from ${s}.inv i where i.id = ${id(invId, values)}`,
    decode: orNull(decodeInv),
  }),

  pendingInvitations: (s, { orgId, canonical }, values) => ({
    sql: list(
      invJson("i"),
      `${s}.inv i
    where i.org_id = ${id(orgId, values)} and i.canonical = ${values.add(canonical, "text")} and i.status = 'pending'`,
      "i.id",
    ),
    decode: each(decodeInv),
  }),

  // One by one: of a list a planner that does not know how long it is reads every pending one of the organization.
  pendingInvitationsTo: (s, { orgId, canonicals }, values) => ({
    sql: list(
      `json_build_object('canonical', i.canonical, 'row', ${invJson("i")})`,
      `(select distinct unnest(${values.add(canonicals, "text[]")}) as canonical) c cross join lateral (
      select i.* from ${s}.inv i
       where i.org_id = ${id(orgId, values)} and i.canonical = c.canonical and i.status = 'pending' offset 0) i`,
      "i.id",
    ),
    decode: each(decodePending),
  }),

  invitations(s, { orgId, anyOf, after: position, take }, values) {
    const own = ["org_id", unseen(id(orgId, values))] as const;
    const rows = pageOf(s, { own, anyOf, position, take }, values);
    return { sql: list(invJson("i"), rows, "i.id"), decode: each(decodeInv) };
  },

  invitationCount(s, { orgId, anyOf, most }, values) {
    const own = ["org_id", unseen(id(orgId, values))] as const;
    const rows = pageOf(s, { own, anyOf, position: null, take: most }, values);
    return { sql: `select count(*) from ${rows}`, decode: (json) => json as number };
  },

  invitationsFor(s, { canonical, anyOf, after: position, take }, values) {
    const own = ["canonical", unseen(values.add(canonical, "text"))] as const;
    const rows = pageOf(s, { own, anyOf, position, take }, values);
    const json = `json_build_object('row', ${invJson("i")}, 'org', ${orgJson("o")})`;
    return {
      sql: list(json, `${rows} join ${s}.org o on o.id = i.org_id`, "i.id"),
      decode: each(decodeInvWithOrg),
    };
  },

  lapsedInvitations(s, { orgId, before, take }, values) {
    const own = orgId === null ? "" : ` and i.org_id = ${unseen(id(orgId, values))}`;
    const rows = `(select i.* from ${s}.inv i
     where i.status = 'pending'${own} and i.expires_at < ${values.add(before, "timestamptz")}
     order by i.expires_at, i.id limit ${atMost(take, values)}) i`;
    return { sql: list(invJson("i"), rows, "i.expires_at, i.id"), decode: each(decodeInv) };
  },

  sentInvitations(s, { usrId, orgId, expiresFrom, take }, values) {
    const { where, order } = rangeOf("i", {}, ["invited_by", unseen(id(usrId, values))], null);
    const own = orgId === null ? "" : ` and i.org_id = ${unseen(id(orgId, values))}`;
    const rows = `(select i.id, i.org_id from ${s}.inv i
     where i.status = 'pending' and ${where}${own} and i.expires_at >= ${values.add(expiresFrom, "timestamptz")}
     order by ${order} limit ${atMost(take, values)}) i`;
    return { sql: list("json_build_object('id', i.id, 'orgId', i.org_id)", rows, "i.id"), decode: each(decodeSent) };
  },
};

/** The rows of a page. Of those that are stored as pending and have lapsed there are most often few: they are looked for alone. */
function pageOf(
  s: string,
  {
    own,
    anyOf,
    position,
    take,
  }: {
    readonly own: readonly [column: string, value: string];
    readonly anyOf: readonly StoredInvitationFilter[];
    readonly position: string | null;
    readonly take: number;
  },
  values: Values,
): string {
  const page = { alias: "i", table: `${s}.inv`, take: atMost(take, values) };
  const [column, value] = own;
  const from = positionOf(position, values);
  const stored = storedAs(
    anyOf.filter((filter) => !isLapsed(filter)),
    values,
    anyOf.length === 0,
  );
  const ranges = stored.map(({ status, filter }) =>
    only(rangeOf("i", { [column]: value }, ["status", status], from), filter),
  );
  const found = anyOf
    .filter(isLapsed)
    .map(({ expiresBefore }) => `i.status = 'pending' and i.expires_at < ${values.add(expiresBefore, "timestamptz")}`)
    .map((filter) => lapsedIds(page, { own: `i.${column} = ${value}`, filter, position }, values));
  return pageRows({ ...page, ranges, found });
}

function isLapsed({ status, expiresBefore, expiresFrom }: StoredInvitationFilter): boolean {
  return status === "pending" && expiresBefore !== null && expiresFrom === null;
}

/** What has to be read of each status: what the filters admit, or every status. */
function storedAs(
  anyOf: readonly StoredInvitationFilter[],
  values: Values,
  isAny: boolean,
): readonly { readonly status: string; readonly filter: string }[] {
  if (isAny) {
    return INVITATION_STATUSES.map((status) => ({ status: unseen(`text '${status}'`), filter: "true" }));
  }
  return anyOf.map(({ status, expiresBefore, expiresFrom }) => ({
    status: unseen(values.add(status, "text")),
    filter: every(
      expiresBefore === null ? null : `i.expires_at < ${unseen(values.add(expiresBefore, "timestamptz"))}`,
      expiresFrom === null ? null : `i.expires_at >= ${unseen(values.add(expiresFrom, "timestamptz"))}`,
    ),
  }));
}

function decodePending(json: Json): PendingInvitation {
  const { canonical, row } = json as { readonly canonical: string; readonly row: Json };
  return { canonical, invitation: decodeInv(row) };
}

function decodeSent(json: Json): SentInvitation {
  const { id, orgId } = json as { readonly id: string; readonly orgId: string };
  return { invId: idOf("inv", id), orgId: idOf("org", orgId) };
}

function decodeInvWithOrg(json: Json): InvitationWithOrg {
  const { row, org } = json as { readonly row: Json; readonly org: Json };
  return { ...decodeInv(row), org: decodeOrg(org) };
}
