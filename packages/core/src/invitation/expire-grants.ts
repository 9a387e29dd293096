import { type Sweep, type SweepInput, sweepOf } from "../lapsed.ts";
import { hasPassed, type Tuple } from "../model.ts";
import type { LapsedGrant, Read } from "../read.ts";

export type ExpireGrantsInput = SweepInput;

/** Writes down which grants have lapsed. */
export const expireGrants: Sweep<Read<"lapsedGrants">, LapsedGrant, Tuple> = sweepOf({
  name: "expireGrants",
  ask: (of) => ({ read: "lapsedGrants", ...of }),
  rows: (lapsed) => lapsed,
  expiryOf: ({ tuple }) => tuple.expiresAt,
  hasLapsed: ({ tuple }, now) => hasPassed(tuple.expiresAt, now),
  named: ({ tuple }) => tuple,
  changes: ({ tuple }) => [{ op: "endGrant", tuple }],
  event: (rows) => ({ type: "grant.expired", data: { tuples: rows.map(told) } }),
});

function told({ tuple: { subjectId: usrId, relation, objectType, objectId, expiresAt } }: LapsedGrant): {
  readonly usrId: Tuple["subjectId"];
  readonly relation: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly expiresAt: string;
} {
  return { usrId, relation, objectType, objectId, expiresAt: expiresAt.toISOString() };
}
