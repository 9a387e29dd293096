import type { Change, Commit, Ended, MembershipExpectation, MemId } from "@tenantry/core";
import { Conflict, one, type Sqlite } from "./database.ts";
import { columnOf, insertion, type SqlValue, type Table, toSql } from "./rows.ts";

export interface Applied {
  /** The organization's version. */
  readonly seq: number;
  /** What ended with the organization, where it did. */
  readonly ended?: Ended;
}

/** Applies a commit, inside a transaction; throws a {@link Conflict}. */
export function apply(database: Sqlite, { org, changes, events, keys }: Commit): Applied {
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
  return { seq: last, ...(ended === undefined ? {} : { ended }) };
}

/** The version of an organization that is as the commit expects it. */
function guarded(database: Sqlite, { id, status, version }: Extract<Commit["org"], { is: "existing" }>): number {
  const row = one(
    database,
    "select version from org where id = ? and status = coalesce(?, status) and version = coalesce(?, version)",
    [id, status, version],
  );
  if (row === null) {
    throw new Conflict(null);
  }
  return Number(row["version"]);
}

function applyChange(
  database: Sqlite,
  change: Exclude<Change, { op: "endEverything" }>,
  { orgId, last }: { readonly orgId: string; readonly last: number },
): void {
  const run = (sql: string, ...values: SqlValue[]): number => database.run(sql, values).changes;
  switch (change.op) {
    case "insertOrg":
      return insert(database, "org", { ...change.row, version: last });
    case "updateOrg": {
      const { id, name, slug, status, updatedAt } = change.row;
      return update(database, "org", { id, name, slug, status }, { updatedAt });
    }
    case "insertMembership":
      return insert(database, "mem", { ...change.row, invId: change.invId });
    case "updateMembership": {
      const { id, status, removedBy, updatedAt } = change.row;
      expectMembership(database, id, change.expect);
      return update(database, "mem", { id, status, removedBy }, { updatedAt });
    }
    case "expectMembership":
      return expectMembership(database, change.memId, change.expect);
    case "expectMember": {
      const roles = change.roles.map(() => "?").join(", ");
      const sql = `select id from mem where org_id = ? and usr_id = ? and status = 'active' and role in (${roles})`;
      return expectRow(one(database, sql, [orgId, change.usrId, ...change.roles]));
    }
    case "insertInvitation":
      return insert(database, "inv", { ...change.row, canonical: change.canonical });
    case "updateInvitation": {
      const { id, status, invitedUserId, expiresAt, terminalAt, terminalBy } = change.row;
      const { expect } = change;
      const sql = "select id from inv where id = ? and status = ? and expires_at = ?";
      expectRow(one(database, sql, [id, expect.status, expect.expiresAt.getTime()]));
      return update(database, "inv", { id, status, invitedUserId, terminalBy }, { expiresAt, terminalAt });
    }
    case "insertTuple": {
      const { text, values } = insertion("tup", change.tuple);
      run(`${text} on conflict do nothing`, ...values);
      return;
    }
    case "deleteTuple": {
      const { subjectType, subjectId, relation, objectType, objectId } = change.tuple;
      run(
        `delete from tup where subject_type = ? and subject_id = ? and relation = ? and object_type = ? and object_id = ?`,
        ...[subjectType, subjectId, relation, objectType, objectId],
      );
      return;
    }
  }
}

function endEverything(database: Sqlite, { orgId, at, by }: Extract<Change, { op: "endEverything" }>): Ended {
  const run = (sql: string, ...values: SqlValue[]): number => database.run(sql, values).changes;
  const now = at.getTime();
  return {
    memberships: run(
      "update mem set status = 'revoked', updated_at = max(updated_at, ?) where org_id = ? and status <> 'revoked'",
      ...[now, orgId],
    ),
    invitations: run(
      `update inv set status = 'revoked', terminal_at = max(created_at, ?), terminal_by = ?
        where org_id = ? and status = 'pending' and expires_at >= ?`,
      ...[now, by, orgId, now],
    ),
    tuples: run("delete from tup where object_type = 'org' and object_id = ?", orgId),
  };
}

function insert(database: Sqlite, table: Table, row: object): void {
  const { text, values } = insertion(table, row);
  database.run(text, values);
}

/** Writes fields of the row with this id: texts as they are, and instants. */
function update(
  database: Sqlite,
  table: Table,
  { id, ...texts }: Readonly<Record<string, string | null>>,
  instants: Readonly<Record<string, Date | null>>,
): void {
  const fields = [...Object.keys(texts), ...Object.keys(instants)];
  const values = [...Object.values(texts), ...Object.values(instants).map((instant) => toSql(instant, "instant"))];
  const set = fields.map((field) => `${columnOf(field)} = ?`).join(", ");
  database.run(`update ${table} set ${set} where id = ?`, [...values, id ?? null]);
}

function expectMembership(database: Sqlite, memId: MemId, { status, updatedAt }: MembershipExpectation): void {
  const sql = "select id from mem where id = ? and status = ? and updated_at = ?";
  expectRow(one(database, sql, [memId, status, updatedAt.getTime()]));
}

function expectRow(row: object | null): void {
  if (row === null) {
    throw new Conflict(null);
  }
}
