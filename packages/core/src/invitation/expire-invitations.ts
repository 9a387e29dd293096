import { asIssued } from "../change.ts";
import { type Sweep, type SweepInput, sweepOf } from "../lapsed.ts";
import type { InvId, Invitation } from "../model.ts";
import type { Read } from "../read.ts";
import { effective, hasElapsed } from "./invitation.ts";

export type ExpireInvitationsInput = SweepInput;

/** Writes down which invitations have lapsed. */
export const expireInvitations: Sweep<Read<"lapsedInvitations">, Invitation, InvId> = sweepOf({
  name: "expireInvitations",
  ask: (of) => ({ read: "lapsedInvitations", ...of }),
  rows: (lapsed) => lapsed,
  expiryOf: ({ expiresAt }) => expiresAt,
  hasLapsed: hasElapsed,
  named: ({ id }) => id,
  changes: (row, now) => [{ op: "updateInvitation", row: effective(row, now), expect: asIssued(row) }],
  event: (rows) => ({ type: "invitation.expired", data: { invIds: rows.map(({ id }) => id) } }),
});
