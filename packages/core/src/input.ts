import { errorFor, escaped, quote, type Rejections } from "./errors.ts";
import { heldEntity } from "./held.ts";
import { idArgument } from "./id.ts";
import {
  type Grant,
  type Id,
  type IdType,
  type Invitation,
  type Membership,
  type Organization,
  type OrgId,
  ROLES,
  type Role,
  type UsrId,
} from "./model.ts";
import type { IdentifierPolicy } from "./policy.ts";
import { isText } from "./text.ts";

// The checks of a caller's values, made before any I/O. Each property is read once; only own ones count. What only
// queries take is in list-input.ts.

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const RELATION = /^[a-z_]{2,32}$/;
const OBJECT_TYPE = /^[a-z][a-z0-9_]{1,31}$/;
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Limits of the value rules, in UTF-16 units or items. */
const NAME_UNITS = 1024;
const IDENTIFIER_UNITS = 320;
const OBJECT_ID_UNITS = 256;
const PRE_TUPLES = 100;
const YEAR_10000 = Date.UTC(10_000, 0);

export type Fields<K extends string> = { readonly [P in K]: unknown };

/** The own properties of an object, each read once; a key that is not among `keys` is an error, never ignored. */
export function fields<const K extends string>(value: unknown, keys: readonly K[]): Fields<K> {
  if (typeof value !== "object" || value === null || isArray(value)) {
    throw errorFor("precondition.invalid_input", { key: null });
  }
  const known: Partial<Record<K, unknown>> = Object.create(null);
  for (const key of readFrom(() => Reflect.ownKeys(value))) {
    if (!(keys as readonly (string | symbol)[]).includes(key)) {
      throw errorFor("precondition.invalid_input", { key: typeof key === "string" ? escaped(key) : null });
    }
    known[key as K] = readFrom(() => (value as Record<string | symbol, unknown>)[key]);
  }
  return known as Fields<K>;
}

/** Reads from a caller's object. A getter or a proxy trap may throw anything; that is a wrong input and nothing else. */
export function readFrom<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw errorFor("precondition.invalid_input", { key: null }, { cause });
  }
}

/** `Array.isArray` throws where a proxy was revoked. */
export function isArray(value: unknown): value is readonly unknown[] {
  return readFrom(() => Array.isArray(value));
}

/** How long a caller's list says it is. A proxy may say anything. */
export function lengthOf(list: readonly unknown[]): number {
  const length: unknown = readFrom(() => list.length);
  if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
    throw errorFor("precondition.invalid_input", { key: null });
  }
  return length;
}

/** What an operation is about: its id, and what it said if the caller handed back an entity in place of the id. */
export interface Addressed<T extends keyof EntityOf> {
  readonly id: Id<T>;
  readonly held: EntityOf[T] | undefined;
}
interface EntityOf {
  readonly org: Organization;
  readonly mem: Membership;
  readonly inv: Invitation;
}

export function addressed<T extends keyof EntityOf>(type: T, value: unknown): Addressed<T> {
  const handed = heldEntity(value);
  const held = handed?.isCertain === true ? (handed.entity as EntityOf[T]) : undefined;
  return { id: idArgument(type, handed?.entity.id ?? value), held };
}

export function optionalId<T extends IdType>(type: T, value: unknown, argument?: string): Id<T> | null {
  return value === undefined || value === null ? null : idArgument(type, value, argument);
}

export function roleArgument(value: unknown): Role {
  return memberOf(ROLES, value, "precondition.invalid_role");
}

export function nameArgument(value: unknown): string | null {
  if (value === null || isText(value, NAME_UNITS)) {
    return value;
  }
  throw errorFor("precondition.invalid_name", {});
}

export function slugArgument(value: unknown, isReserved: (slug: string) => boolean): string | null {
  if (value === null) {
    return null;
  }
  if (!isSlug(value)) {
    throw errorFor("precondition.org_slug_format", { value: quote(value) });
  }
  if (consult(() => isReserved(value))) {
    throw errorFor("precondition.org_slug_reserved", { slug: value });
  }
  return value;
}

/** An identifier as given, with its canonical form. */
export interface Identifier {
  readonly raw: string;
  readonly canonical: string;
}

export function identifierArgument(value: unknown, policy: IdentifierPolicy): Identifier {
  const raw = identifierText(value);
  const canonical = canonicalOf(policy, raw);
  if (canonical === null) {
    throw errorFor("precondition.invalid_identifier", {});
  }
  return { raw, canonical };
}

/** The identifier of a person who answers an invitation: text like any identifier; the policy is asked later. */
export function optionalIdentifier(value: unknown): string | null {
  return value === undefined || value === null ? null : identifierText(value);
}

/** The canonical form, or `null` where the policy refuses. What a policy throws or invents is a defect of the host. */
export function canonicalOf(policy: IdentifierPolicy, raw: string): string | null {
  const canonical = consult(() => policy.canonical(raw));
  if (canonical === null || isText(canonical, IDENTIFIER_UNITS)) {
    return canonical;
  }
  throw errorFor("internal.unexpected", {});
}

export function expirationArgument(value: unknown): Date {
  const time = timeOf(value);
  if (time === null) {
    throw errorFor("precondition.invalid_expiration", {});
  }
  return new Date(time);
}

/** Of what need not end by itself. */
export function optionalExpiration(value: unknown): Date | null {
  return value === undefined || value === null ? null : expirationArgument(value);
}

export function preTuplesArgument(value: unknown, orgId: OrgId): readonly Grant[] {
  if (value === undefined) {
    return [];
  }
  if (!isArray(value)) {
    throw errorFor("precondition.invalid_pre_tuple", { index: null, field: null });
  }
  const length = lengthOf(value);
  const tuples = Array.from({ length: Math.min(length, PRE_TUPLES) }, (_, index) =>
    preTuple(
      readFrom(() => value[index]),
      index,
    ),
  );
  if (length > PRE_TUPLES) {
    throw errorFor("precondition.too_many_pre_tuples", { limit: PRE_TUPLES });
  }
  const seen = new Set<string>();
  for (const [index, { relation, objectType, objectId }] of tuples.entries()) {
    const key = JSON.stringify([relation, objectType, objectId]);
    if (seen.has(key)) {
      throw errorFor("precondition.duplicate_pre_tuple", { index });
    }
    seen.add(key);
  }
  for (const [index, { relation, objectType }] of tuples.entries()) {
    if (objectType === "org" && (ROLES as readonly string[]).includes(relation)) {
      throw errorFor("precondition.reserved_relation", { index });
    }
  }
  for (const [index, { objectType, objectId }] of tuples.entries()) {
    if (objectType === "org" && objectId !== orgId) {
      throw errorFor("precondition.foreign_org", { index });
    }
  }
  return tuples;
}

/** The second argument of a mutation. */
export interface MutationOptions {
  /** Who did it, for the event. Recorded, not checked. Default: the person whom the operation names. */
  readonly actor?: UsrId | null | undefined;
  /** 1 to 255 printable ASCII characters. A repeat with the same key and input answers the stored result. */
  readonly idempotencyKey?: string | undefined;
  /** The organization's version that the caller saw. Another one is `VersionConflictError`, which is final. */
  readonly expectedVersion?: number | undefined;
}

export interface CheckedOptions {
  readonly actor: UsrId | null;
  readonly idempotencyKey: string | null;
  readonly expectedVersion: number | null;
}

export function mutationOptions(value: unknown, admitsVersion: boolean): CheckedOptions {
  const given = fields(value === undefined ? {} : value, ["actor", "idempotencyKey", "expectedVersion"]);
  const actor = optionalId("usr", given.actor, "actor");
  const { idempotencyKey = null, expectedVersion = null } = given;
  if (given.idempotencyKey !== undefined && (typeof idempotencyKey !== "string" || !isKey(idempotencyKey))) {
    throw errorFor("precondition.invalid_idempotency_key", {});
  }
  if (given.expectedVersion !== undefined && !(admitsVersion && isVersion(expectedVersion))) {
    throw errorFor("precondition.invalid_expected_version", { value: quote(expectedVersion) });
  }
  return {
    actor,
    idempotencyKey: idempotencyKey as string | null,
    expectedVersion: expectedVersion as number | null,
  };
}

/** The time of a valid `Date`, without running code of the value; otherwise `null`. */
export function anyTimeOf(value: unknown): number | null {
  try {
    const time = Date.prototype.getTime.call(value);
    return Number.isNaN(time) ? null : time;
  } catch {
    return null;
  }
}

/** The time of a valid `Date` before the year 10000: later ones are not stored. */
export function timeOf(value: unknown): number | null {
  const time = anyTimeOf(value);
  return time !== null && time < YEAR_10000 ? time : null;
}

/** The second argument of a mutation that is several commits: a key or a version would belong to one of them alone. */
export function actorOption(value: unknown): { readonly actor: UsrId | null } {
  const given = fields(value === undefined ? {} : value, ["actor", "idempotencyKey", "expectedVersion"]);
  const actor = optionalId("usr", given.actor, "actor");
  if (given.idempotencyKey !== undefined) {
    throw errorFor("precondition.invalid_idempotency_key", {});
  }
  if (given.expectedVersion !== undefined) {
    throw errorFor("precondition.invalid_expected_version", { value: quote(given.expectedVersion) });
  }
  return { actor };
}

function preTuple(value: unknown, index: number): Grant {
  const { relation, objectType, objectId, expiresAt } = preTupleFields(value, index);
  if (!isRelation(relation)) {
    throw errorFor("precondition.invalid_pre_tuple", { index, field: "relation" });
  }
  if (!isObjectType(objectType)) {
    throw errorFor("precondition.invalid_pre_tuple", { index, field: "objectType" });
  }
  if (!isObjectId(objectId)) {
    throw errorFor("precondition.invalid_pre_tuple", { index, field: "objectId" });
  }
  const end = expiresAt === undefined || expiresAt === null ? null : timeOf(expiresAt);
  if (end === null && expiresAt !== undefined && expiresAt !== null) {
    throw errorFor("precondition.invalid_pre_tuple", { index, field: "expiresAt" });
  }
  return { relation, objectType, objectId, expiresAt: end === null ? null : new Date(end) };
}

function preTupleFields(value: unknown, index: number): Fields<keyof Grant> {
  try {
    return fields(value, ["relation", "objectType", "objectId", "expiresAt"]);
  } catch (cause) {
    const { key } = (cause as { details: Rejections["precondition.invalid_input"] }).details;
    throw errorFor("precondition.invalid_pre_tuple", { index, field: key }, { cause });
  }
}

function identifierText(value: unknown): string {
  if (isText(value, IDENTIFIER_UNITS) && value !== "") {
    return value;
  }
  throw errorFor("precondition.invalid_identifier", {});
}

export function isSlug(value: unknown): value is string {
  return typeof value === "string" && value.length <= 63 && SLUG.test(value);
}

export function isRelation(value: unknown): value is string {
  return typeof value === "string" && value.length <= 32 && RELATION.test(value);
}

export function isObjectType(value: unknown): value is string {
  return typeof value === "string" && value.length <= 32 && OBJECT_TYPE.test(value);
}

export function isObjectId(value: unknown): value is string {
  return isText(value, OBJECT_ID_UNITS) && value !== "";
}

function isKey(value: string): boolean {
  return value.length <= 255 && KEY.test(value);
}

function isVersion(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** One of the values of a list, which are compared as they are. */
export function memberOf<const V extends string>(
  values: readonly V[],
  value: unknown,
  code: "precondition.invalid_role" | "precondition.invalid_status",
): V {
  if ((values as readonly unknown[]).includes(value)) {
    return value as V;
  }
  throw errorFor(code, { value: quote(value) });
}

/** Asks a function of the host's. What it throws is a defect there, and must not pass for an answer. */
export function consult<T>(ask: () => T): T {
  try {
    return ask();
  } catch (cause) {
    throw errorFor("internal.unexpected", {}, { cause });
  }
}
