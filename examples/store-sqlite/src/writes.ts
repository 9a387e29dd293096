import type { Change, Commit, Committed, Ended, MembershipExpectation, MemId, Tuple } from "@tenantry/core";
import { Conflict, one, type Sqlite } from "./database.ts";
import { STILL } from "./filters.ts";
import { assignment, insertion, type SqlValue, type Table } from "./rows.ts";

type EndEverything = Extract<Change, { readonly op: "endEverything" }>;

const SAME_TUPLE = "subject_type = ? and subject_id = ? and relation = ? and object_type = ? and object_id = ?";
const AS_GIVEN = "expires_at = excluded.expires_at, granted_by = excluded.granted_by";

/** Applies a commit, inside a transaction. Its `seq` is the organization's version behind it. Throws a {@link Conflict}. */
export function apply(database: Sqlite, { org, changes, events, keys }: Commit): Committed {
  const before = org.is === "new" ? 0 : guarded(database, org);
  const last = before + events.length;
  if (org.is === "existing") {
    database.run("update org set version = ? where id = ?", [last, org.id]);
  }
  let ended: Ended | undefined;
  for (const change of changes) {
    if (change.op === "endEverything") {
      ended = endEverything(database, change);
    } else {
      applyChange(database, change, { orgId: org.id, last });
    }
  }
  for (const [place, { data, ...event }] of events.entries()) {
    const facts = event.type === "org.revoked" ? { ...data, ...ended } : data;
    insert(database, "evt", { ...event, orgId: org.id, seq: before + place + 1, data: facts });
  }
  for (const { event, ...key } of keys) {
    insert(database, "idem", { ...key, state: "done", orgId: org.id, seq: before + event + 1 });
  }
  return { outcome: "committed", seq: last, ...(ended === undefined ? {} : { ended }) };
}

/** The version of an organization that is as the commit expects it. */
function guarded(database: Sqlite, expected: Extract<Commit["org"], { is: "existing" }>): number {
  const { id, status, version, room, fields } = expected;
  const row = one(
    database,
    "select version from org where id = ? and status = coalesce(?, status) and version = coalesce(?, version)",
    [id, status, version],
  );
  if (row === null) {
    throw new Conflict(null);
  }
  const count = (sql: string): number => Number(one(database, sql, [id])?.["n"]);
  if (room?.members !== undefined) {
    expectRoom(count("select count(*) as n from mem where org_id = ? and status <> 'revoked'"), room.members);
  }
  if (room?.invitations !== undefined) {
    expectRoom(count("select count(*) as n from inv where org_id = ? and status = 'pending'"), room.invitations);
  }
  if (fields !== undefined) {
    const { name, slug, updatedAt } = fields;
    const sql = "select id from org where id = ? and name is ? and slug is ? and updated_at = ?";
    expectRow(one(database, sql, [id, name, slug, updatedAt.getTime()]));
  }
  return Number(row["version"]);
}

function applyChange(
  database: Sqlite,
  change: Exclude<Change, EndEverything>,
  { orgId, last }: { readonly orgId: string; readonly last: number },
): void {
  const run = (sql: string, ...values: SqlValue[]): number => database.run(sql, values).changes;
  switch (change.op) {
    case "insertOrg":
      return insert(database, "org", { ...change.row, version: last });
    case "updateOrg": {
      const { id, name, slug, status, updatedAt, metadata } = change.row;
      return update(database, "org", id, { name, slug, status, updatedAt, metadata });
    }
    case "insertMembership":
      return insert(database, "mem", { ...change.row, invId: change.invId });
    case "updateMembership": {
      const { id, status, removedBy, updatedAt, expiresAt, metadata } = change.row;
      expectMembership(database, id, change.expect);
      return update(database, "mem", id, { status, removedBy, updatedAt, expiresAt, metadata });
    }
    case "expectMembership":
      return expectMembership(database, change.memId, change.expect);
    case "expectMember": {
      const roles = change.roles.map(() => "?").join(", ");
      const sql = `select id from mem where org_id = ? and usr_id = ? and status = 'active' and role in (${roles}) and ${STILL}`;
      return expectRow(one(database, sql, [orgId, change.usrId, ...change.roles, change.at.getTime()]));
    }
    case "insertInvitation":
      return insert(database, "inv", { ...change.row, canonical: change.canonical });
    case "updateInvitation": {
      const { id, status, invitedUserId, expiresAt, terminalAt, terminalBy } = change.row;
      const { expect } = change;
      const sql = "select id from inv where id = ? and status = ? and expires_at = ?";
      expectRow(one(database, sql, [id, expect.status, expect.expiresAt.getTime()]));
      return update(database, "inv", id, { status, invitedUserId, terminalBy, expiresAt, terminalAt });
    }
    case "insertTuple": {
      const { text, values } = insertion("tup", change.tuple);
      run(`${text} on conflict do update set ${AS_GIVEN}`, ...values);
      return;
    }
    case "grantTuple": {
      const grantedBy = change.tuple.expiresAt === null ? null : orgId;
      const { text, values } = insertion("tup", { ...change.tuple, grantedBy });
      const isLonger = "excluded.expires_at is null or excluded.expires_at > tup.expires_at";
      run(
        `${text} on conflict do update set ${AS_GIVEN} where tup.expires_at is not null and (${isLonger})`,
        ...values,
      );
      return;
    }
    case "deleteTuple":
      run(`delete from tup where ${SAME_TUPLE}`, ...keyOf(change.tuple));
      return;
    case "endGrant": {
      const sql = `delete from tup where ${SAME_TUPLE} and expires_at = ? and granted_by = ?`;
      if (run(sql, ...keyOf(change.tuple), change.tuple.expiresAt.getTime(), orgId) === 0) {
        throw new Conflict(null);
      }
      return;
    }
    case "countJoin": {
      const row = one(database, "select number from joins where usr_id = ?", [change.usrId]);
      expectRoom(Number(row?.["number"] ?? 0), change.first ? 0 : change.atMost);
      run(
        "insert into joins (usr_id, number) values (?, 1) on conflict do update set number = number + 1",
        change.usrId,
      );
      return;
    }
    case "insertPlacement":
    case "updatePlacement":
    case "putSuspension":
    case "deleteSuspension":
    case "insertDomain":
    case "updateDomain":
    case "deleteDomain":
    case "deleteDomains":
      throw new Error("tables of a group that this store does not keep");
  }
}

/** What had lapsed ended before, and is not counted. */
function endEverything(database: Sqlite, { orgId, at: moment, by }: EndEverything): Ended {
  const run = (sql: string, ...values: SqlValue[]): number => database.run(sql, values).changes;
  const at = moment.getTime();
  const [mem, tup] = ["org_id = ? and status <> 'revoked'", "object_type = 'org' and object_id = ?"];
  run(
    `update mem set status = 'revoked', updated_at = max(updated_at, expires_at + 1) where ${mem} and expires_at < ?`,
    ...[orgId, at],
  );
  run(`delete from tup where ${tup} and expires_at < ?`, orgId, at);
  return {
    memberships: run(`update mem set status = 'revoked', updated_at = max(updated_at, ?) where ${mem}`, at, orgId),
    invitations: run(
      `update inv set status = 'revoked', terminal_at = max(created_at, ?), terminal_by = ?
        where org_id = ? and status = 'pending' and expires_at >= ?`,
      ...[at, by, orgId, at],
    ),
    tuples: run(`delete from tup where ${tup}`, orgId),
  };
}

function insert(database: Sqlite, table: Table, row: object): void {
  const { text, values } = insertion(table, row);
  database.run(text, values);
}

/** Writes fields of the row with this id. */
function update(database: Sqlite, table: Table, id: string, fields: object): void {
  const { text, values } = assignment(table, fields);
  database.run(`update ${table} set ${text} where id = ?`, [...values, id]);
}

function expectMembership(database: Sqlite, memId: MemId, { status, updatedAt }: MembershipExpectation): void {
  const sql = "select id from mem where id = ? and status = ? and updated_at = ?";
  expectRow(one(database, sql, [memId, status, updatedAt.getTime()]));
}

/** There are so many, and `null` is any number. */
function expectRoom(count: number, atMost: number | null): void {
  if (atMost !== null && count > atMost) {
    throw new Conflict(null);
  }
}

function expectRow(row: object | null): void {
  if (row === null) {
    throw new Conflict(null);
  }
}

function keyOf({ subjectType, subjectId, relation, objectType, objectId }: Tuple): readonly SqlValue[] {
  return [subjectType, subjectId, relation, objectType, objectId];
}
