import { v5 } from "uuid";
import { errorFor, quote } from "./errors.ts";
import { ID_TYPES, type Id, type IdType, type UsrId } from "./model.ts";
import { freshUuid } from "./system.ts";
import { isText } from "./text.ts";

const HYPHENATED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX = /^[0-9a-f]{32}$/;
const VERSION_DIGIT = /^[1-8]$/;
const PATTERNS = Object.fromEntries(
  ID_TYPES.map((type) => [type, new RegExp(`^${type}_[0-9a-f]{12}[1-8][0-9a-f]{19}$`)]),
) as Readonly<Record<IdType, RegExp>>;
/** Longer than any id, so that the cost of refusing a value does not grow with it. */
const LONGEST = 128;

/** The parts of an id: its prefix and its UUID in hyphenated form. */
export interface DecodedId<T extends string = IdType> {
  readonly type: T;
  readonly uuid: string;
}

/**
 * The id of a hyphenated UUID of version 1 to 8; upper case is accepted and lowered.
 * Throws `InvalidTypeError` for a prefix that is not registered, `InvalidIdError` for anything else.
 */
export function encode<T extends IdType>(type: T, uuid: string): Id<T> {
  if (!isIdType(type)) {
    throw errorFor("invalid_type", { value: quote(type), expected: null, argument: null });
  }
  if (typeof uuid !== "string" || uuid.length > LONGEST || !HYPHENATED.test(uuid)) {
    const reason = typeof uuid === "string" ? "digits" : "not_a_string";
    throw errorFor("invalid_id", { value: quote(uuid), reason, argument: null });
  }
  if (!VERSION_DIGIT.test(uuid.charAt(14))) {
    throw errorFor("invalid_id", { value: quote(uuid), reason: "version", argument: null });
  }
  return `${type}_${uuid.toLowerCase().replaceAll("-", "")}`;
}

/**
 * The parts of an id with a registered prefix. Throws `InvalidIdError` where there is no separator, `InvalidTypeError`
 * where the prefix is not registered, then `InvalidIdError` for digits or version: in this order.
 */
export function decode(id: string): DecodedId {
  return decoded(id, null);
}

function decoded(id: string, argument: string | null): DecodedId {
  const { type, digits } = split(id, argument);
  if (!isIdType(type)) {
    throw errorFor("invalid_type", { value: quote(id), expected: null, argument });
  }
  return { type, uuid: hyphenate(id, digits, argument) };
}

/** The parts of an id with any prefix that is not empty: ids of the host's own object types. Throws `InvalidIdError`. */
export function decodeAny(id: string): DecodedId<string> {
  const { type, digits } = split(id, null);
  if (type === "") {
    throw errorFor("invalid_id", { value: quote(id), reason: "prefix", argument: null });
  }
  return { type, uuid: hyphenate(id, digits, null) };
}

/** Whether `decode` accepts the id and, if `expectedType` is given, its type is that one. Never throws. */
export function isValid(id: string, expectedType?: IdType): boolean {
  return isId(id, expectedType);
}

/** Whether `decodeAny` accepts the id. Never throws. */
export function isValidShape(id: string): boolean {
  return succeeds(() => decodeAny(id));
}

/** Whether an unknown value is an id, of that type if one is named. Never throws and runs no code of the value. */
export function isId<T extends IdType = IdType>(value: unknown, expectedType?: T): value is Id<T> {
  return succeeds(() => {
    const { type } = decode(value as string);
    return expectedType === undefined || type === expectedType;
  });
}

/** The type of an id; throws as `decode` does. */
export function typeOf(id: string): IdType {
  return decode(id).type;
}

/**
 * A fresh id with a UUIDv7: strictly increasing as a string within a process, also within one millisecond.
 * Throws `InvalidTypeError` for a prefix that is not registered.
 */
export function generate<T extends IdType>(type: T): Id<T> {
  return isIdType(type) ? idOf(type, freshUuid()) : encode(type, "");
}

/**
 * The user id that stands for a user of an outside identity provider: the same namespace and external id give the same
 * id everywhere (UUIDv5 of the UTF-8 bytes, not normalised). `namespace` is a UUID that the host chose once per provider
 * and tenant of it. Throws `InvalidIdError` for the namespace, `PreconditionError` `precondition.invalid_external_id`
 * unless `externalId` is text of 1 to 1,024 UTF-16 units.
 */
export function deriveUsrId(namespace: string, externalId: string): UsrId {
  encode("usr", namespace);
  if (!isText(externalId, 1024) || externalId === "") {
    throw errorFor("precondition.invalid_external_id", {});
  }
  // As bytes: given the text, `uuid` would refuse variants that an id may have.
  return encode("usr", v5(externalId, uuidBytes(namespace)));
}

/**
 * The id a caller gave for a parameter: throws as `decode` does, and `InvalidTypeError` where it is one of another type.
 * `argument`: its name, where that is not the usual one of its type.
 * @internal
 */
export function idArgument<T extends IdType>(type: T, value: unknown, argument?: string): Id<T> {
  const id = value as string;
  // What is right is seen at a glance; what is not is taken apart to say why.
  if (
    !(typeof id === "string" && id.length === type.length + 33 && PATTERNS[type].test(id)) &&
    decoded(id, argument ?? `${type}Id`).type !== type
  ) {
    throw errorFor("invalid_type", { value: quote(id), expected: type, argument: argument ?? `${type}Id` });
  }
  return id as Id<T>;
}

/** The native UUID behind an id that is known to be valid, for stores. */
export function uuidOf(id: string): string {
  const digits = id.slice(id.indexOf("_") + 1);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}

/** The id of a native UUID as a database returns it, unchecked: whatever was stored went through `decode`. */
export function idOf<T extends IdType>(type: T, uuid: string): Id<T> {
  // Every row of every page comes by here: this is twice as fast as to look for the hyphens.
  return `${type}_${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(14, 18)}${uuid.slice(19, 23)}${uuid.slice(24)}`;
}

function split(id: string, argument: string | null): { readonly type: string; readonly digits: string } {
  if (typeof id !== "string") {
    throw errorFor("invalid_id", { value: quote(id), reason: "not_a_string", argument });
  }
  const separator = id.indexOf("_");
  if (separator === -1) {
    throw errorFor("invalid_id", { value: quote(id), reason: "separator", argument });
  }
  return { type: id.slice(0, separator), digits: id.slice(separator + 1) };
}

function hyphenate(id: string, digits: string, argument: string | null): string {
  if (digits.length !== 32 || !HEX.test(digits)) {
    throw errorFor("invalid_id", { value: quote(id), reason: "digits", argument });
  }
  if (!VERSION_DIGIT.test(digits.charAt(12))) {
    throw errorFor("invalid_id", { value: quote(id), reason: "version", argument });
  }
  return uuidOf(`_${digits}`);
}

/** The bytes of a UUID: given its text, `uuid` would read it again for each digest. */
export function uuidBytes(uuid: string): Uint8Array {
  const digits = uuid.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16));
}

function isIdType(type: unknown): type is IdType {
  return (ID_TYPES as readonly unknown[]).includes(type);
}

function succeeds(attempt: () => unknown): boolean {
  try {
    return attempt() !== false;
  } catch {
    return false;
  }
}
