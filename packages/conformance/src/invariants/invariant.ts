import { ROLES, type Tables, type Tuple } from "@tenantry/core";
import type { Told } from "./fold.ts";

/** What must hold in the tables at rest, whatever was done to them. */
export interface Invariant {
  /** As the reports name it: `I01`. */
  readonly id: string;
  readonly name: string;
  readonly rule: string;
  /** What breaks the rule, a line each; nothing when all is well. */
  readonly broken: (seen: Seen) => Iterable<string>;
}

/** The tables, what belongs together in them, and what the events tell. */
export interface Seen {
  readonly tables: Tables;
  readonly told: Told;
  readonly membersOf: ReadonlyMap<string, Tables["mem"]>;
  readonly memberships: ReadonlyMap<string, Tables["mem"][number]>;
  readonly eventsOf: ReadonlyMap<string, Tables["evt"]>;
  readonly tuples: ReadonlyMap<string, Tuple>;
}

export interface Violation {
  readonly id: string;
  readonly name: string;
  readonly rule: string;
  /** Some of what breaks it. */
  readonly rows: readonly string[];
}

/** The fields of a tuple as one text. No field but the object's id, which comes last, contains a blank. */
export function tupleKey(
  subjectId: string,
  relation: string,
  { objectType, objectId }: { readonly objectType: string; readonly objectId: string },
): string {
  return `${subjectId} ${relation} ${objectType} ${objectId}`;
}

export function groupedBy<R>(rows: readonly R[], key: (row: R) => string): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group === undefined) {
      groups.set(key(row), [row]);
    } else {
      group.push(row);
    }
  }
  return groups;
}

/** The keys that more than one row has. */
export function repeated<R>(rows: readonly R[], key: (row: R) => string | null): string[] {
  const keys = rows.map(key).filter((value) => value !== null);
  const seen = new Set<string>();
  return keys.filter((value) => seen.size === seen.add(value).size);
}

export function isRole(relation: string): boolean {
  return (ROLES as readonly string[]).includes(relation);
}

/** One that mirrors a membership: no other path writes a role on an organization. */
export function isRoleTuple({ objectType, relation }: Tuple): boolean {
  return objectType === "org" && isRole(relation);
}
