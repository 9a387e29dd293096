import type {
  Answer,
  Invitation,
  KeyScope,
  KeyUse,
  Membership,
  Organization,
  OrgId,
  OrgRef,
  Question,
  Read,
  Tuple,
} from "@tenantry/core";
import { many, one, type Sqlite } from "./database.ts";
import { decodeRow, type SqlRow, type SqlValue } from "./rows.ts";

/** Answers a question from the tables. A question that is new is missed by the compiler. */
export function answer(database: Sqlite, read: Read): Answer<Question> {
  const find = (sql: string, ...values: SqlValue[]): SqlRow | null => one(database, sql, values);
  const list = (sql: string, ...values: SqlValue[]): readonly SqlRow[] => many(database, sql, values);
  switch (read.read) {
    case "org":
      return orNull(organization, find("select * from org where id = ?", orgId(database, read.of)));
    case "slugHolder":
      return idOf(find("select id from org where slug = ? and status <> 'revoked'", read.slug)) as OrgId | null;
    case "membership":
      return orNull(membership, find("select * from mem where id = ?", read.memId));
    case "liveMembership":
      return orNull(
        membership,
        find(
          "select * from mem where org_id = ? and usr_id = ? and status <> 'revoked'",
          orgId(database, read.of),
          read.usrId,
        ),
      );
    case "inviter":
      return orNull(
        membership,
        find(
          `select mem.* from inv join mem on mem.org_id = inv.org_id and mem.usr_id = inv.invited_by
            where inv.id = ? and mem.status <> 'revoked'`,
          read.invId,
        ),
      );
    case "owners":
      return list(
        "select id from mem where org_id = ? and role = 'owner' and status = 'active' order by id limit ?",
        orgId(database, read.of),
        read.take,
      ).map((row) => idOf(row)) as Answer<"owners">;
    case "otherLiveMembership":
      return (
        find(
          `select other.id from mem join mem other on other.org_id = mem.org_id and other.usr_id = mem.usr_id
            where mem.id = ? and other.id <> mem.id and other.status <> 'revoked'`,
          read.memId,
        ) !== null
      );
    case "invitation":
      return orNull(invitation, find("select * from inv where id = ?", read.invId));
    case "pendingInvitations":
      return list(
        "select * from inv where org_id = ? and canonical = ? and status = 'pending' order by id",
        read.orgId,
        read.canonical,
      ).map(invitation);
    case "members": {
      const { sql, values } = memberFilter(read);
      return list(
        `select * from mem where ${sql} and id > ? order by id limit ?`,
        ...values,
        read.after ?? "",
        read.take,
      ).map(membership);
    }
    case "memberCount": {
      const { sql, values } = memberFilter(read);
      return Number(find(`select count(*) as n from mem where ${sql}`, ...values)?.["n"]);
    }
    case "invitations": {
      const { sql, values } = invitationFilter(read);
      return list(
        `select * from inv where org_id = ?${sql} and id > ? order by id limit ?`,
        read.orgId,
        ...values,
        read.after ?? "",
        read.take,
      ).map(invitation);
    }
    case "tuplesOfSubject":
      return list(
        "select * from tup where subject_type = 'usr' and subject_id = ? order by object_type, object_id, relation",
        read.usrId,
      ).map(tuple);
    case "tuplesOfObject":
      return list(
        `select * from tup where object_type = ? and object_id = ? and relation = coalesce(?, relation)
          order by relation, subject_id`,
        read.objectType,
        read.objectId,
        read.relation,
      ).map(tuple);
    case "keyUse":
      return keyUse(database, scopeOf(database, read.scope), read.key);
  }
}

/** What a key was used for. */
export function keyUse(database: Sqlite, scope: string | null, key: string): KeyUse | null {
  const row = one(database, "select * from idem where scope = ? and key = ?", [scope, key]);
  if (row === null) {
    return null;
  }
  const use = decodeRow<KeyUse>("idem", row, ["scope", "key", "orgId", "seq"]);
  return use.state === "done" ? use : { state: "fenced" };
}

export const organization = (row: SqlRow): Organization => decodeRow("org", row);
export const membership = (row: SqlRow): Membership => decodeRow("mem", row, ["invId"]);
export const invitation = (row: SqlRow): Invitation => decodeRow("inv", row, ["canonical"]);
export const tuple = (row: SqlRow): Tuple => decodeRow("tup", row);

function orNull<R>(decode: (row: SqlRow) => R, row: SqlRow | null): R | null {
  return row === null ? null : decode(row);
}

function idOf(row: SqlRow | null): SqlValue {
  return row?.["id"] ?? null;
}

/** The organization's id, or that of the row it is named by. */
function orgId(database: Sqlite, of: OrgRef): string | null {
  if ("org" in of) {
    return of.org;
  }
  const row =
    "membership" in of
      ? one(database, "select org_id from mem where id = ?", [of.membership])
      : one(database, "select org_id from inv where id = ?", [of.invitation]);
  return (row?.["org_id"] ?? null) as string | null;
}

function scopeOf(database: Sqlite, scope: KeyScope): string | null {
  return "creator" in scope ? scope.creator : orgId(database, scope);
}

interface Filter {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

function memberFilter({ orgId: id, where }: Pick<Read<"members">, "orgId" | "where">): Filter {
  return {
    sql: "org_id = ? and status = coalesce(?, status) and role = coalesce(?, role)",
    values: [id, where.status, where.role],
  };
}

/** Invitations that match one of the filters; no filter: all. */
function invitationFilter({ anyOf }: Read<"invitations">): Filter {
  const filters = anyOf.map(({ status, expiresBefore, expiresFrom }) => ({
    sql: "(status = ? and expires_at < coalesce(?, expires_at + 1) and expires_at >= coalesce(?, expires_at))",
    values: [status, expiresBefore?.getTime() ?? null, expiresFrom?.getTime() ?? null],
  }));
  return {
    sql: filters.length === 0 ? "" : ` and (${filters.map(({ sql }) => sql).join(" or ")})`,
    values: filters.flatMap(({ values }) => values),
  };
}
