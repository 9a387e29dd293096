import { v5 } from "uuid";
import { handOut } from "./held.ts";

/** A UUID of no meaning but to set these digests apart from other UUIDs of version 5. */
const FINGERPRINTS = "6f0d0a5c-3f0e-5d9b-8f5e-0b8f4f6f2c11";

/** The fields of entities that are instants. */
const INSTANTS = ["createdAt", "updatedAt", "expiresAt", "terminalAt"];
/** What holds no entities, so that whatever is named like an instant there is none. */
const PLAIN = ["details"];

/** A digest of an operation and its checked input. Equal calls have equal digests: the input's keys come in one order. */
export function fingerprint(operation: string, input: unknown): string {
  return v5(JSON.stringify([operation, input]), FINGERPRINTS);
}

/** A result in the form in which it is stored beside its idempotency key: instants are ISO 8601 strings in UTC. */
export function toJson(result: unknown): unknown {
  return JSON.parse(JSON.stringify(result));
}

/** A stored result as it was. */
export function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(fromJson);
  }
  if (typeof value !== "object" || value === null) {
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
 * known again when the caller hands them back.
 */
export function detached<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (value instanceof Date) {
    return new Date(value.getTime());
  }
  if (Array.isArray(value)) {
    return Object.freeze(value.map(copy));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const made = Object.freeze(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)])));
  handOut(made, value);
  return made;
}
