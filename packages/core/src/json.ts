import { v5 } from "uuid";
import { handOut } from "./held.ts";
import { uuidBytes } from "./id.ts";
import { utf8 } from "./text.ts";

/** A UUID of no meaning but to set these digests apart from other UUIDs of version 5. */
const FINGERPRINTS = uuidBytes("6f0d0a5c-3f0e-5d9b-8f5e-0b8f4f6f2c11");

/** The fields of entities that are instants. */
const INSTANTS = [
  ...["createdAt", "updatedAt", "expiresAt", "membershipExpiresAt", "terminalAt"],
  ...["since", "dueAt", "verifiedAt"],
];

/** What holds no entities, so that whatever is named like an instant there is none: metadata is the host's own. */
const PLAIN = ["metadata", "membershipMetadata", "details"];

/** A digest of an operation and its checked input. Equal calls have equal digests: the input's keys come in one order. */
export function fingerprint(operation: string, input: unknown): string {
  return v5(utf8(JSON.stringify([operation, input])), FINGERPRINTS);
}

/** A stored result as it was: most stores keep it as JSON, in which instants are ISO 8601 strings in UTC. */
export function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(fromJson);
  }
  if (typeof value !== "object" || value === null || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      INSTANTS.includes(key) && typeof inner === "string"
        ? new Date(inner)
        : PLAIN.includes(key)
          ? inner
          : fromJson(inner),
    ]),
  );
}

/**
 * A frozen copy that shares nothing with the store: whatever a caller does to it changes nothing. Entities in it are
 * known again when the caller hands them back, by their ids alone where it is not certain that they were ever true.
 */
export function detached<T>(value: T, isCertain = true): T {
  return copy(value, isCertain) as T;
}

/** The same of an object or a list, which is marked before it is frozen. */
export function marked<T>(value: T, isCertain: boolean, put: (made: object) => void): T {
  return copy(value, isCertain, put) as T;
}

function copy(value: unknown, isCertain: boolean, put?: (made: object) => void): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (value instanceof Date) {
    return new Date(value.getTime());
  }
  if (Array.isArray(value)) {
    const list = value.map((inner) => copy(inner, isCertain));
    put?.(list);
    return Object.freeze(list);
  }
  // Spread first: that is several times faster than to collect the entries.
  const made: Record<string, unknown> = { ...value };
  for (const key of Object.keys(made)) {
    made[key] = copy(made[key], isCertain);
  }
  handOut(made, value, isCertain);
  put?.(made);
  return Object.freeze(made);
}
