import {
  type Answer,
  hasOwn,
  type Joins,
  type KeyScope,
  type KeyUse,
  type LapsedGrant,
  type LapsedMembership,
  type OrgId,
  type OrgRef,
  type Question,
  type Read,
  type Stock,
  type UsrId,
} from "@tenantry/core";
import { many, one, type Sqlite } from "./database.ts";
import { eventFilter, memberFilter, orgFilter, STILL, storedFilter } from "./filters.ts";
import { chain, pauseOf, withOrg } from "./history.ts";
import { decodeRow, event, invitation, membership, organization, type SqlRow, type SqlValue, tuple } from "./rows.ts";
import { grantsLeft, standings } from "./standings.ts";

/** Answers a question from the tables. A question that is new is missed by the compiler. */
export function answer(database: Sqlite, read: Read): Answer<Question> {
  const find = (sql: string, ...values: SqlValue[]): SqlRow | null => one(database, sql, values);
  const list = (sql: string, ...values: SqlValue[]): readonly SqlRow[] => many(database, sql, values);
  switch (read.read) {
    case "settings":
    case "settingStock":
    case "auditTrail":
    case "eventsOfActor":
    case "entityHistories":
      throw new Error("tables of a group that this store does not keep");
    case "org":
      return orNull(organization, find("select * from org where id = ?", orgId(database, read.of)));
    case "slugHolder":
      return idOf(find("select id from org where slug = ? and status <> 'revoked'", read.slug)) as OrgId | null;
    case "orgBySlug":
      return orNull(organization, find("select * from org where id = ?", orgId(database, { slug: read.slug })));
    case "orgs": {
      const { sql, values } = orgFilter(read.where);
      return list(
        `select * from org where ${sql} and id > ? order by id limit ?`,
        ...values,
        read.after ?? "",
        read.take,
      ).map(organization);
    }
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
    case "liveMembers":
      return list(
        `select * from mem where org_id = ? and usr_id in (select value from json_each(?)) and status <> 'revoked'
          order by id`,
        read.orgId,
        JSON.stringify(read.usrIds),
      ).map(membership);
    case "memberships":
      return list(
        "select * from mem where org_id = ? and id in (select value from json_each(?)) order by id",
        read.orgId,
        JSON.stringify(read.memIds),
      ).map(membership);
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
        `select id from mem where org_id = ? and role = 'owner' and status = 'active' and expires_at is null
          order by id limit ?`,
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
    case "pendingInvitationsTo":
      return list(
        `select * from inv where org_id = ? and canonical in (select value from json_each(?)) and status = 'pending'
          order by id`,
        read.orgId,
        JSON.stringify(read.canonicals),
      ).map((row) => ({ canonical: String(row["canonical"]), invitation: invitation(row) }));
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
      return count(
        find(`select count(*) as n from (select 1 from mem where ${sql} limit ?)`, ...values, read.most ?? -1),
      );
    }
    case "memberStock":
      return stock(
        find(
          `select count(*) as stored, count(*) filter (where expires_at < ?) as lapsed from mem
            where org_id = ? and status <> 'revoked'`,
          read.at.getTime(),
          orgId(database, read.of),
        ),
      );
    case "invitationStock":
      return stock(
        find(
          `select count(*) as stored, count(*) filter (where expires_at < ?) as lapsed from inv
            where org_id = ? and status = 'pending'`,
          read.at.getTime(),
          orgId(database, read.of),
        ),
      );
    case "joins":
      return joinsOf(database, read.usrId, read.at);
    case "joinsOf":
      return read.usrIds.map((usrId) => ({ usrId, ...joinsOf(database, usrId, read.at) }));
    case "membershipsOf": {
      const { sql, values } = storedFilter(read.anyOf);
      return list(
        `select * from mem where usr_id = ? and ${sql} and id > ? order by id limit ?`,
        read.usrId,
        ...values,
        read.after ?? "",
        read.take,
      ).map((row) => withOrg(database, membership(row)));
    }
    case "chain":
      return chain(database, read.memId);
    case "membersAt":
      return list(
        `select * from mem where org_id = ? and created_at <= ? and (status <> 'revoked' or updated_at > ?) and ${STILL}
            and id > ? order by id limit ?`,
        read.orgId,
        read.at.getTime(),
        read.at.getTime(),
        read.at.getTime(),
        read.after ?? "",
        read.take,
      ).map((row) => ({ membership: membership(row), pause: pauseOf(database, membership(row), read.at) }));
    case "invitations": {
      const { sql, values } = storedFilter(read.anyOf);
      return list(
        `select * from inv where org_id = ? and ${sql} and id > ? order by id limit ?`,
        read.orgId,
        ...values,
        read.after ?? "",
        read.take,
      ).map(invitation);
    }
    case "invitationCount": {
      const { sql, values } = storedFilter(read.anyOf);
      const rows = `select 1 from inv where org_id = ? and ${sql} limit ?`;
      return count(find(`select count(*) as n from (${rows})`, read.orgId, ...values, read.most));
    }
    case "invitationsFor": {
      const { sql, values } = storedFilter(read.anyOf);
      return list(
        `select * from inv where canonical = ? and ${sql} and id > ? order by id limit ?`,
        read.canonical,
        ...values,
        read.after ?? "",
        read.take,
      ).map((row) => withOrg(database, invitation(row)));
    }
    case "lapsedInvitations":
      return list(
        `select * from inv where org_id = coalesce(?, org_id) and status = 'pending' and expires_at < ?
          order by expires_at, id limit ?`,
        read.orgId,
        read.before.getTime(),
        read.take,
      ).map(invitation);
    case "sentInvitations":
      return list(
        `select id, org_id from inv
          where invited_by = ? and org_id = coalesce(?, org_id) and status = 'pending' and expires_at >= ? order by id limit ?`,
        read.usrId,
        read.orgId,
        read.expiresFrom.getTime(),
        read.take,
      ).map((row) => ({ invId: row["id"], orgId: row["org_id"] })) as Answer<"sentInvitations">;
    case "lapsedMemberships":
      return list(
        `select * from mem where org_id = coalesce(?, org_id) and status <> 'revoked' and expires_at < ?
          order by expires_at, id limit ?`,
        read.orgId,
        read.before.getTime(),
        read.take,
      ).map((row) => membership(row) as LapsedMembership);
    case "lapsedGrants":
      return list(
        `select * from tup where granted_by = coalesce(?, granted_by) and expires_at < ?
          order by expires_at, subject_id, object_type, object_id, relation limit ?`,
        read.orgId,
        read.before.getTime(),
        read.take,
      ).map((row) => ({ orgId: row["granted_by"], tuple: tuple(row) }) as LapsedGrant);
    case "anyTuple": {
      const relations = read.relations.map(() => "?").join(", ");
      const found = find(
        `select 1 from tup where subject_type = 'usr' and subject_id = ? and object_type = ? and object_id = ?
          and relation in (${relations}) and ${STILL}`,
        read.usrId,
        read.objectType,
        read.objectId,
        ...read.relations,
        read.at.getTime(),
      );
      return found !== null;
    }
    case "tuplesOfSubject":
      return list(
        `select * from tup where subject_type = 'usr' and subject_id = ? and ${STILL}
          order by object_type, object_id, relation`,
        read.usrId,
        read.at.getTime(),
      ).map(tuple);
    case "tuplesOfObject":
      return list(
        `select * from tup where object_type = ? and object_id = ? and relation = coalesce(?, relation) and ${STILL}
          order by relation, subject_id limit ?`,
        read.objectType,
        read.objectId,
        read.relation,
        read.at.getTime(),
        read.take ?? -1,
      ).map(tuple);
    case "tupleCount": {
      const rows = `select 1 from tup where object_type = ? and object_id = ? and ${STILL} limit ?`;
      const { objectType, objectId, at, most } = read;
      return count(find(`select count(*) as n from (${rows})`, objectType, objectId, at.getTime(), most));
    }
    case "standings":
      return standings(database, read);
    case "grantsLeft":
      return grantsLeft(database, read);
    case "events": {
      const { sql, values } = eventFilter(read.where);
      return list(
        `select * from evt where org_id = ? and ${sql} and seq > ? order by seq limit ?`,
        read.orgId,
        ...values,
        read.after,
        read.take,
      ).map(event);
    }
    case "keyUse":
      return keyUse(database, scopeOf(database, read.scope), read.key);
    case "placement":
    case "suspension":
    case "dueSuspensions":
    case "domain":
    case "domains":
    case "orgByDomain":
      throw new Error("tables of a group that this store does not keep");
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

function orNull<R>(decode: (row: SqlRow) => R, row: SqlRow | null): R | null {
  return row === null ? null : decode(row);
}

function count(row: SqlRow | null): number {
  return Number(row?.["n"]);
}

function stock(row: SqlRow | null): Stock {
  return { stored: Number(row?.["stored"]), lapsed: Number(row?.["lapsed"]) };
}

function joinsOf(database: Sqlite, usrId: UsrId | null, at: Date): Joins {
  const member = `select count(*) as n from mem where usr_id = ? and status <> 'revoked' and ${STILL}`;
  const joins = one(database, "select number as n from joins where usr_id = ?", [usrId]);
  return {
    organizations: count(one(database, member, [usrId, at.getTime()])),
    joins: joins === null ? 0 : count(joins),
  };
}

function idOf(row: SqlRow | null): SqlValue {
  return row?.["id"] ?? null;
}

/** The organization's id, or that of the one that holds the slug or that the row belongs to. */
function orgId(database: Sqlite, of: OrgRef): string | null {
  if (hasOwn(of, "org")) {
    return of.org;
  }
  if (hasOwn(of, "slug")) {
    return idOf(one(database, "select id from org where slug = ? and status <> 'revoked'", [of.slug])) as OrgId | null;
  }
  if (hasOwn(of, "domain")) {
    // Of what it keeps no table there is nothing.
    return null;
  }
  const row = hasOwn(of, "membership")
    ? one(database, "select org_id from mem where id = ?", [of.membership])
    : one(database, "select org_id from inv where id = ?", [of.invitation]);
  return (row?.["org_id"] ?? null) as string | null;
}

function scopeOf(database: Sqlite, scope: KeyScope): string | null {
  return hasOwn(scope, "creator") ? scope.creator : orgId(database, scope);
}
