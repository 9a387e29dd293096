import { type Sweep, type SweepInput, sweepOf } from "../lapsed.ts";
import type { MemId } from "../model.ts";
import type { LapsedMembership, Read } from "../read.ts";
import { effectiveMembership, writtenDown } from "./membership.ts";

export type ExpireMembershipsInput = SweepInput;

/** Writes down which memberships have lapsed; their role tuples go with them. */
export const expireMemberships: Sweep<Read<"lapsedMemberships">, LapsedMembership, MemId> = sweepOf({
  name: "expireMemberships",
  ask: (of) => ({ read: "lapsedMemberships", ...of }),
  rows: (lapsed) => lapsed,
  expiryOf: ({ expiresAt }) => expiresAt,
  hasLapsed: (membership, now) => effectiveMembership(membership, now) !== membership,
  named: ({ id }) => id,
  changes: (row, now) => writtenDown(row, now).changes,
  event(rows) {
    const memberships = rows.map(({ id, usrId, role, status, expiresAt }) => {
      return { memId: id, usrId, role, from: status, expiresAt: expiresAt.toISOString() };
    });
    return { type: "membership.expired", data: { memberships } };
  },
});
