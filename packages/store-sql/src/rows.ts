import {
  type Grant,
  type Id,
  type IdType,
  type Invitation,
  idOf,
  type Membership,
  type Metadata,
  type Organization,
  type TenancyEvent,
  type Tuple,
} from "@tenantry/core";

// How rows travel: as JSON objects in the entities' own fields, ids as UUIDs and instants as milliseconds, so that every
// driver hands over the same thing. Columns on the way out, decoders on the way in.

const instant = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;

export function orgJson(alias: string): string {
  return `json_build_object('id', ${alias}.id, 'status', ${alias}.status, 'name', ${alias}.name, 'slug', ${alias}.slug,
    'version', ${alias}.version, 'createdAt', ${instant(`${alias}.created_at`)}, 'updatedAt', ${instant(`${alias}.updated_at`)},
    'metadata', ${alias}.metadata)`;
}

export function memJson(alias: string): string {
  return `json_build_object('id', ${alias}.id, 'usrId', ${alias}.usr_id, 'orgId', ${alias}.org_id, 'role', ${alias}.role,
    'status', ${alias}.status, 'replaces', ${alias}.replaces, 'invitedBy', ${alias}.invited_by, 'removedBy', ${alias}.removed_by,
    'createdAt', ${instant(`${alias}.created_at`)}, 'updatedAt', ${instant(`${alias}.updated_at`)},
    'expiresAt', ${instant(`${alias}.expires_at`)}, 'metadata', ${alias}.metadata)`;
}

export function invJson(alias: string): string {
  return `json_build_object('id', ${alias}.id, 'orgId', ${alias}.org_id, 'identifier', ${alias}.identifier, 'role', ${alias}.role,
    'status', ${alias}.status, 'preTuples', ${alias}.pre_tuples, 'invitedBy', ${alias}.invited_by,
    'invitedUserId', ${alias}.invited_user_id, 'createdAt', ${instant(`${alias}.created_at`)},
    'membershipExpiresAt', ${instant(`${alias}.membership_expires_at`)}, 'membershipMetadata', ${alias}.membership_metadata,
    'expiresAt', ${instant(`${alias}.expires_at`)}, 'terminalAt', ${instant(`${alias}.terminal_at`)}, 'terminalBy', ${alias}.terminal_by)`;
}

export function tupJson(alias: string): string {
  return `json_build_object('subjectType', ${alias}.subject_type, 'subjectId', ${alias}.subject_id, 'relation', ${alias}.relation,
    'objectType', ${alias}.object_type, 'objectId', ${alias}.object_id, 'expiresAt', ${instant(`${alias}.expires_at`)})`;
}

export function evtJson(alias: string): string {
  return `json_build_object('orgId', ${alias}.org_id, 'seq', ${alias}.seq, 'type', ${alias}.type, 'at', ${instant(`${alias}.at`)},
    'actor', ${alias}.actor, 'idempotencyKey', ${alias}.idempotency_key, 'data', ${alias}.data)`;
}

/** A value as it came out of the database's JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonRow = { readonly [key: string]: Json };

export function decodeOrg(json: Json): Organization {
  const { id, status, name, slug, version, createdAt, updatedAt, metadata } = json as JsonRow;
  return {
    id: idOf("org", id as string),
    status: status as Organization["status"],
    name: name as string | null,
    slug: slug as string | null,
    version: version as number,
    createdAt: new Date(createdAt as number),
    updatedAt: new Date(updatedAt as number),
    metadata: metadata as Metadata,
  };
}

export function decodeMem(json: Json): Membership {
  const row = json as JsonRow & { readonly role: Membership["role"]; readonly status: Membership["status"] };
  return {
    id: idOf("mem", row["id"] as string),
    usrId: idOf("usr", row["usrId"] as string),
    orgId: idOf("org", row["orgId"] as string),
    role: row.role,
    status: row.status,
    replaces: optional("mem", row["replaces"]),
    invitedBy: optional("usr", row["invitedBy"]),
    removedBy: optional("usr", row["removedBy"]),
    createdAt: new Date(row["createdAt"] as number),
    updatedAt: new Date(row["updatedAt"] as number),
    expiresAt: optionalInstant(row["expiresAt"]),
    metadata: row["metadata"] as Metadata,
  };
}

export function decodeInv(json: Json): Invitation {
  const row = json as JsonRow & { readonly role: Invitation["role"]; readonly status: Invitation["status"] };
  return {
    id: idOf("inv", row["id"] as string),
    orgId: idOf("org", row["orgId"] as string),
    identifier: row["identifier"] as string,
    role: row.role,
    status: row.status,
    preTuples: (row["preTuples"] as readonly Json[]).map(decodeGrant),
    membershipExpiresAt: optionalInstant(row["membershipExpiresAt"]),
    membershipMetadata: row["membershipMetadata"] as Metadata,
    invitedBy: idOf("usr", row["invitedBy"] as string),
    invitedUserId: optional("usr", row["invitedUserId"]),
    createdAt: new Date(row["createdAt"] as number),
    expiresAt: new Date(row["expiresAt"] as number),
    terminalAt: optionalInstant(row["terminalAt"]),
    terminalBy: optional("usr", row["terminalBy"]),
  };
}

export function decodeTup(json: Json): Tuple {
  const { expiresAt, ...key } = json as unknown as Omit<Tuple, "expiresAt"> & { readonly expiresAt: number | null };
  return { ...key, expiresAt: optionalInstant(expiresAt) };
}

export function decodeEvt(json: Json): TenancyEvent {
  const row = json as unknown as Omit<TenancyEvent, "at"> & { readonly at: number };
  return {
    ...row,
    orgId: idOf("org", row.orgId),
    at: new Date(row.at),
    actor: optional("usr", row.actor),
  } as TenancyEvent;
}

/** `null` stays `null`: there is no such row. */
export function orNull<T>(decode: (json: Json) => T): (json: Json) => T | null {
  return (json) => (json === null ? null : decode(json));
}

export function each<T>(decode: (json: Json) => T): (json: Json) => readonly T[] {
  return (json) => (json as readonly Json[]).map(decode);
}

export function optional<T extends IdType>(type: T, uuid: Json | undefined): Id<T> | null {
  return typeof uuid === "string" ? idOf(type, uuid) : null;
}

/** Milliseconds, or ISO 8601 where it was kept in JSON. */
function optionalInstant(value: Json | undefined): Date | null {
  return value === null || value === undefined ? null : new Date(value as number | string);
}

function decodeGrant(json: Json): Grant {
  const { relation, objectType, objectId, expiresAt } = json as { readonly [K in keyof Grant]: string };
  return { relation, objectType, objectId, expiresAt: optionalInstant(expiresAt) };
}
