import { errorFor, quote } from "./errors.ts";
import { EVENT_TYPES, type EventType } from "./event.ts";
import { idArgument } from "./id.ts";
import {
  anyTimeOf,
  fields,
  isArray,
  isObjectId,
  isObjectType,
  isRelation,
  isSlug,
  lengthOf,
  memberOf,
  readFrom,
} from "./input.ts";
import {
  type Id,
  type IdType,
  INVITATION_STATUSES,
  type InvitationStatus,
  type OrgId,
  STATUSES,
  type Status,
} from "./model.ts";
import { isText } from "./text.ts";

// The checks of what only queries take.

const LARGEST_PAGE = 200;
const DEFAULT_PAGE = 50;
const QUERY_UNITS = 200;
const RELATIONS = 100;
const ORGS = 10_000;

/** A page of a list: rows after the cursor, ascending by id. */
export interface PageOptions {
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | null | undefined;
  /** 1 to 200. Default 50. */
  readonly limit?: number | undefined;
}

export function cursorArgument<T extends IdType>(type: T, value: unknown): Id<T> | null {
  if (value === undefined || value === null) {
    return null;
  }
  try {
    return idArgument(type, value);
  } catch {
    throw errorFor("precondition.invalid_cursor", { value: quote(value) });
  }
}

export function limitArgument(value: unknown, otherwise: number = DEFAULT_PAGE): number {
  if (value === undefined) {
    return otherwise;
  }
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= LARGEST_PAGE) {
    return value;
  }
  throw errorFor("precondition.invalid_limit", { value: quote(value) });
}

/** A position in a feed of events: the `seq` of the last one seen; 0 is the beginning. */
export function positionArgument(value: unknown): number {
  if (value === undefined) {
    return 0;
  }
  if (Number.isSafeInteger(value) && (value as number) >= 0) {
    return value as number;
  }
  throw errorFor("precondition.invalid_cursor", { value: quote(value) });
}

export function optionalStatus(value: unknown): Status | null {
  return value === undefined ? null : memberOf(STATUSES, value, "precondition.invalid_status");
}

export function optionalInvitationStatus(value: unknown): InvitationStatus | null {
  return value === undefined ? null : memberOf(INVITATION_STATUSES, value, "precondition.invalid_status");
}

export function flagArgument(value: unknown, key: string): boolean {
  if (value === undefined || typeof value === "boolean") {
    return value ?? false;
  }
  throw errorFor("precondition.invalid_input", { key });
}

/** Text to look for, with ASCII letters in lower case: that is how it is compared. Empty text looks for nothing. */
export function queryArgument(value: unknown): string | null {
  if (value === undefined || value === "") {
    return null;
  }
  if (isText(value, QUERY_UNITS)) {
    return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }
  throw errorFor("precondition.invalid_query", { value: quote(value) });
}

/** A slug to look up: text that no slug can be is nobody's, so it is not asked for. */
export function heldSlug(value: unknown): string | null {
  if (typeof value !== "string") {
    throw errorFor("precondition.invalid_input", { key: null });
  }
  return isSlug(value) ? value : null;
}

/** An instant to look back to; one before all time or after it is as good as any. */
export function instantArgument(value: unknown): Date {
  const time = anyTimeOf(value);
  if (time === null) {
    throw errorFor("precondition.invalid_date", { value: quote(value) });
  }
  return new Date(time);
}

/** Types of events, each once; `null` where none are named, so that all are meant. */
export function eventTypesArgument(value: unknown): readonly EventType[] | null {
  if (value === undefined) {
    return null;
  }
  const types = elements(value, EVENT_TYPES.length);
  if (types === null || !types.every((type): type is EventType => (EVENT_TYPES as readonly unknown[]).includes(type))) {
    throw errorFor("precondition.invalid_input", { key: "types" });
  }
  return [...new Set(types)];
}

/** Organizations, each once; `null` where none are named, so that all are meant. */
export function orgsArgument(value: unknown): readonly OrgId[] | null {
  if (value === undefined) {
    return null;
  }
  const orgs = elements(value, ORGS);
  if (orgs === null) {
    throw errorFor("precondition.invalid_input", { key: "orgs" });
  }
  return orgs.map((org) => idArgument("org", org, "orgs"));
}

export function relationArgument(value: unknown): string {
  if (isRelation(value)) {
    return value;
  }
  throw errorFor("precondition.invalid_relation", { value: quote(value) });
}

/** Exactly one of a relation and a list of them, each once. */
export function relationsArgument(one: unknown, several: unknown): readonly string[] {
  if (several === undefined) {
    return [relationArgument(one)];
  }
  const relations = one === undefined ? elements(several, RELATIONS) : null;
  if (relations === null) {
    throw errorFor("precondition.invalid_relation", { value: quote(several) });
  }
  return [...new Set(relations.map(relationArgument))];
}

export function objectTypeArgument(value: unknown): string {
  if (isObjectType(value)) {
    return value;
  }
  throw errorFor("precondition.invalid_object", { value: quote(value) });
}

export function objectIdArgument(value: unknown): string {
  if (isObjectId(value)) {
    return value;
  }
  throw errorFor("precondition.invalid_object", { value: quote(value) });
}

export interface TupleObject {
  readonly type: string;
  readonly id: string;
}

/** The object of a tuple by type and id. */
export function objectArgument(value: unknown): TupleObject {
  const { type, id } = objectFields(value);
  return { type: objectTypeArgument(type), id: objectIdArgument(id) };
}

/** Whose tuples: only users are subjects. */
export function subjectTypeArgument(value: unknown): "usr" {
  if (value === "usr") {
    return value;
  }
  throw errorFor("precondition.invalid_subject", { value: quote(value) });
}

function objectFields(value: unknown): { readonly type: unknown; readonly id: unknown } {
  try {
    return fields(value, ["type", "id"]);
  } catch (cause) {
    throw errorFor("precondition.invalid_object", { value: quote(value) }, { cause });
  }
}

/** The elements of an array of 1 to `most`, each read once; `null` for everything else. */
export function elements(value: unknown, most: number): readonly unknown[] | null {
  if (!isArray(value)) {
    return null;
  }
  const length = lengthOf(value);
  return length >= 1 && length <= most ? Array.from({ length }, (_, index) => readFrom(() => value[index])) : null;
}
