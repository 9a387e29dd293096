import type { Grant, Invitation, Membership, Organization, TenancyEvent, Tuple } from "@tenantry/core";

/** How a value is kept in its column. */
type Kind = "text" | "number" | "instant" | "json" | "grants";

export type SqlValue = string | number | bigint | Uint8Array | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export type Table = "org" | "mem" | "inv" | "tup" | "evt" | "idem";

/** The columns of each table by the names of the fields. */
const TABLES: Readonly<Record<Table, Readonly<Record<string, Kind>>>> = {
  org: {
    id: "text",
    status: "text",
    name: "text",
    slug: "text",
    version: "number",
    createdAt: "instant",
    updatedAt: "instant",
    metadata: "json",
  },
  mem: {
    id: "text",
    orgId: "text",
    usrId: "text",
    role: "text",
    status: "text",
    replaces: "text",
    invitedBy: "text",
    removedBy: "text",
    invId: "text",
    createdAt: "instant",
    updatedAt: "instant",
    expiresAt: "instant",
    metadata: "json",
  },
  inv: {
    id: "text",
    orgId: "text",
    identifier: "text",
    canonical: "text",
    role: "text",
    status: "text",
    preTuples: "grants",
    membershipExpiresAt: "instant",
    membershipMetadata: "json",
    invitedBy: "text",
    invitedUserId: "text",
    createdAt: "instant",
    expiresAt: "instant",
    terminalAt: "instant",
    terminalBy: "text",
  },
  tup: {
    subjectType: "text",
    subjectId: "text",
    relation: "text",
    objectType: "text",
    objectId: "text",
    expiresAt: "instant",
    grantedBy: "text",
  },
  evt: {
    orgId: "text",
    seq: "number",
    type: "text",
    at: "instant",
    actor: "text",
    idempotencyKey: "text",
    data: "json",
  },
  idem: {
    scope: "text",
    key: "text",
    state: "text",
    operation: "text",
    fingerprint: "text",
    orgId: "text",
    seq: "number",
    result: "json",
  },
};

/** Each field of a table with its column and kind. */
function columnsOf(table: Table): readonly (readonly [field: string, column: string, kind: Kind])[] {
  return Object.entries(TABLES[table]).map(([field, kind]) => [field, columnOf(field), kind]);
}

function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}

/** The statement that inserts a row, and its values; fields that the row does not have are null. */
export function insertion(table: Table, row: object): { readonly text: string; readonly values: SqlValue[] } {
  const columns = columnsOf(table);
  const names = columns.map(([, column]) => column).join(", ");
  return {
    text: `insert into ${table} (${names}) values (${columns.map(() => "?").join(", ")})`,
    values: columns.map(([field, , kind]) => toSql(Reflect.get(row, field), kind)),
  };
}

/** The assignments that change fields of a row, and their values. */
export function assignment(table: Table, fields: object): { readonly text: string; readonly values: SqlValue[] } {
  const changed = columnsOf(table).filter(([field]) => Object.hasOwn(fields, field));
  return {
    text: changed.map(([, column]) => `${column} = ?`).join(", "),
    values: changed.map(([field, , kind]) => toSql(Reflect.get(fields, field), kind)),
  };
}

/** The row as an object, without the fields that nobody is shown. */
export function decodeRow<R>(table: Table, row: SqlRow, hidden: readonly string[] = []): R {
  const fields = columnsOf(table).filter(([field]) => !hidden.includes(field));
  return Object.fromEntries(fields.map(([field, column, kind]) => [field, fromSql(row[column], kind)])) as R;
}

function toSql(value: unknown, kind: Kind): SqlValue {
  if (value === null || value === undefined) {
    return null;
  }
  switch (kind) {
    case "json":
    case "grants":
      return JSON.stringify(value);
    case "instant":
      return (value as Date).getTime();
    case "text":
    case "number":
      return value as SqlValue;
  }
}

function fromSql(value: SqlValue | undefined, kind: Kind): unknown {
  if (value === null || value === undefined) {
    return null;
  }
  switch (kind) {
    case "json":
      return JSON.parse(String(value));
    case "grants":
      return (JSON.parse(String(value)) as readonly StoredGrant[]).map(grant);
    case "instant":
      return new Date(Number(value));
    case "number":
      return Number(value);
    case "text":
      return value;
  }
}

/** As JSON has it. */
type StoredGrant = Omit<Grant, "expiresAt"> & { readonly expiresAt: string | null };

function grant({ expiresAt, ...others }: StoredGrant): Grant {
  return { ...others, expiresAt: expiresAt === null ? null : new Date(expiresAt) };
}

export const organization = (row: SqlRow): Organization => decodeRow("org", row);
export const membership = (row: SqlRow): Membership => decodeRow("mem", row, ["invId"]);
export const invitation = (row: SqlRow): Invitation => decodeRow("inv", row, ["canonical"]);
export const tuple = (row: SqlRow): Tuple => decodeRow("tup", row, ["grantedBy"]);
export const event = (row: SqlRow): TenancyEvent => decodeRow("evt", row);
