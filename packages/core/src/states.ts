import type { InvitationStatus, Status } from "./model.ts";

/** For each status the statuses that an entity may take next. */
export type Transitions<S extends string> = { readonly [From in S]: readonly S[] };

export const ORG_TRANSITIONS: Transitions<Status> = {
  active: ["suspended", "revoked"],
  suspended: ["active", "revoked"],
  revoked: [],
};

/** Suspension and reinstatement change a membership in place; a role change ends it and adds a successor. */
export const MEMBERSHIP_TRANSITIONS: Transitions<Status> = {
  active: ["suspended", "revoked"],
  suspended: ["active", "revoked"],
  revoked: [],
};

export const INVITATION_TRANSITIONS: Transitions<InvitationStatus> = {
  pending: ["accepted", "declined", "revoked", "expired"],
  accepted: [],
  declined: [],
  revoked: [],
  expired: [],
};

for (const table of [ORG_TRANSITIONS, MEMBERSHIP_TRANSITIONS, INVITATION_TRANSITIONS]) {
  Object.values(table).map(Object.freeze);
  Object.freeze(table);
}

export function canBecome<S extends string>(table: Transitions<S>, from: S, to: S): boolean {
  return table[from].includes(to);
}
