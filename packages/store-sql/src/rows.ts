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

// How rows travel: as JSON arrays, ids as UUIDs and instants as milliseconds, so that every driver hands over the same
// thing. Of each row the columns on the way out, and how they are read on the way in, in the same order. Arrays, because
// names cost the server and the client as much as the values do.

/** Milliseconds. As a float, which `date_part` is: `extract` counts in decimal digits, and costs ten times as much. */
export const instant = (column: string): string => `(date_part('epoch', ${column}) * 1000)::bigint`;

/** A value as it came out of the database's JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function orgJson(o: string): string {
  return `json_build_array(${o}.id, ${o}.status, ${o}.name, ${o}.slug, ${o}.version, ${instant(`${o}.created_at`)}, ${instant(`${o}.updated_at`)},
    ${o}.metadata)`;
}

type OrgRow = readonly [
  ...[id: string, status: Organization["status"], name: string | null, slug: string | null, version: number],
  ...[createdAt: number, updatedAt: number, metadata: Metadata],
];

export function decodeOrg(json: Json): Organization {
  const [id, status, name, slug, version, createdAt, updatedAt, metadata] = json as unknown as OrgRow;
  return {
    id: idOf("org", id),
    status,
    name,
    slug,
    version,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    metadata,
  };
}

export function memJson(m: string): string {
  return `json_build_array(${m}.id, ${m}.usr_id, ${m}.org_id, ${m}.role, ${m}.status, ${m}.replaces, ${m}.invited_by, ${m}.removed_by,
    ${instant(`${m}.created_at`)}, ${instant(`${m}.updated_at`)}, ${instant(`${m}.expires_at`)}, ${m}.metadata)`;
}

type MemRow = readonly [
  ...[id: string, usrId: string, orgId: string, role: Membership["role"], status: Membership["status"]],
  ...[replaces: string | null, invitedBy: string | null, removedBy: string | null],
  ...[createdAt: number, updatedAt: number, expiresAt: number | null, metadata: Metadata],
];

export function decodeMem(json: Json): Membership {
  const [id, usrId, orgId, role, status, replaces, invitedBy, removedBy, createdAt, updatedAt, expiresAt, metadata] =
    json as unknown as MemRow;
  return {
    id: idOf("mem", id),
    usrId: idOf("usr", usrId),
    orgId: idOf("org", orgId),
    role,
    status,
    replaces: optional("mem", replaces),
    invitedBy: optional("usr", invitedBy),
    removedBy: optional("usr", removedBy),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    expiresAt: optionalInstant(expiresAt),
    metadata,
  };
}

export function invJson(i: string): string {
  return `json_build_array(${i}.id, ${i}.org_id, ${i}.identifier, ${i}.role, ${i}.status, ${i}.pre_tuples, ${i}.invited_by,
    ${i}.invited_user_id, ${instant(`${i}.created_at`)}, ${instant(`${i}.expires_at`)}, ${instant(`${i}.terminal_at`)}, ${i}.terminal_by,
    ${instant(`${i}.membership_expires_at`)}, ${i}.membership_metadata)`;
}

type InvRow = readonly [
  ...[id: string, orgId: string, identifier: string, role: Invitation["role"], status: Invitation["status"]],
  ...[preTuples: readonly StoredGrant[], invitedBy: string, invitedUserId: string | null],
  ...[createdAt: number, expiresAt: number, terminalAt: number | null, terminalBy: string | null],
  ...[membershipExpiresAt: number | null, membershipMetadata: Metadata],
];
/** As it is kept in JSON. */
type StoredGrant = Omit<Grant, "expiresAt"> & { readonly expiresAt: string | null };

export function decodeInv(json: Json): Invitation {
  const [id, orgId, identifier, role, status, preTuples, invitedBy, invitedUserId, createdAt, expiresAt, ...others] =
    json as unknown as InvRow;
  const [terminalAt, terminalBy, membershipExpiresAt, membershipMetadata] = others;
  return {
    id: idOf("inv", id),
    orgId: idOf("org", orgId),
    identifier,
    role,
    status,
    preTuples: preTuples.map(decodeGrant),
    membershipExpiresAt: optionalInstant(membershipExpiresAt),
    membershipMetadata,
    invitedBy: idOf("usr", invitedBy),
    invitedUserId: optional("usr", invitedUserId),
    createdAt: new Date(createdAt),
    expiresAt: new Date(expiresAt),
    terminalAt: optionalInstant(terminalAt),
    terminalBy: optional("usr", terminalBy),
  };
}

export function tupJson(t: string): string {
  return `json_build_array(${t}.subject_type, ${t}.subject_id, ${t}.relation, ${t}.object_type, ${t}.object_id,
    ${instant(`${t}.expires_at`)})`;
}

type TupRow = readonly [Tuple["subjectType"], Tuple["subjectId"], string, string, string, number | null];

export function decodeTup(json: Json): Tuple {
  const [subjectType, subjectId, relation, objectType, objectId, expiresAt] = json as unknown as TupRow;
  return { subjectType, subjectId, relation, objectType, objectId, expiresAt: optionalInstant(expiresAt) };
}

export function evtJson(e: string): string {
  return `json_build_array(${e}.org_id, ${e}.seq, ${e}.type, ${instant(`${e}.at`)}, ${e}.actor, ${e}.idempotency_key, ${e}.data)`;
}

type EvtRow = readonly [
  ...[orgId: string, seq: number, type: TenancyEvent["type"], at: number],
  ...[actor: string | null, idempotencyKey: string | null, data: TenancyEvent["data"]],
];

export function decodeEvt(json: Json): TenancyEvent {
  const [orgId, seq, type, at, actor, idempotencyKey, data] = json as unknown as EvtRow;
  const event = { orgId: idOf("org", orgId), seq, type, at: new Date(at), actor: optional("usr", actor) };
  return { data, idempotencyKey, ...event } as TenancyEvent;
}

/** `null` stays `null`: there is no such row. */
export function orNull<T>(decode: (json: Json) => T): (json: Json) => T | null {
  return (json) => (json === null ? null : decode(json));
}

export function each<T>(decode: (json: Json) => T): (json: Json) => readonly T[] {
  return (json) => (json as readonly Json[]).map(decode);
}

export function optional<T extends IdType>(type: T, uuid: string | null): Id<T> | null {
  return uuid === null ? null : idOf(type, uuid);
}

/** Milliseconds, or ISO 8601 where it was kept in JSON. */
export function optionalInstant(value: number | string | null): Date | null {
  return value === null ? null : new Date(value);
}

function decodeGrant({ relation, objectType, objectId, expiresAt }: StoredGrant): Grant {
  return { relation, objectType, objectId, expiresAt: optionalInstant(expiresAt) };
}
