import { type Change, ROLES, type Role, STATUSES, type Status } from "@tenantry/core";

// An organization's row says how many memberships there are of each status and role, as they are stored, so that a total
// needs no look at them. Every commit keeps the numbers: what it changes is known without a read.

/** Where the number of a status and role stands, from 1. */
export function placeOf(status: Status, role: Role): number {
  return STATUSES.indexOf(status) * ROLES.length + ROLES.indexOf(role) + 1;
}

/** Where the numbers of a status stand. */
export function placesOf(status: Status): readonly [first: number, last: number] {
  return [placeOf(status, ROLES[0]), STATUSES.indexOf(status) * ROLES.length + ROLES.length];
}

/** By how much changes raise each number, as an array of PostgreSQL's; `null` where they raise none. */
export function tallied(changes: readonly Change[]): string | null {
  const numbers: number[] = Array(STATUSES.length * ROLES.length).fill(0);
  const raise = (status: Status, role: Role, by: number): void => {
    const place = placeOf(status, role) - 1;
    numbers[place] = (numbers[place] ?? 0) + by;
  };
  for (const change of changes) {
    if (change.op === "insertMembership") {
      raise(change.row.status, change.row.role, 1);
    } else if (change.op === "updateMembership") {
      raise(change.expect.status, change.row.role, -1);
      raise(change.row.status, change.row.role, 1);
    }
  }
  return numbers.some((number) => number !== 0) ? `{${numbers.join(",")}}` : null;
}
