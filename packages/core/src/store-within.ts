import type { Metadata } from "./model.ts";
import type { TenancyStore } from "./tenancy-store.ts";

/**
 * Operations that look across organizations: what is left of a page of theirs would not be a page, and a sweep that finds
 * others first would never come to this one.
 */
export const ACROSS: readonly Across[] = [
  "createOrg",
  "listOrgs",
  "listMemberships",
  "listInvitationsFor",
  "listTuplesForSubject",
  "expireInvitations",
  "expireMemberships",
  "expireGrants",
];
type Across =
  | "createOrg"
  | "listOrgs"
  | "listMemberships"
  | "listInvitationsFor"
  | "listTuplesForSubject"
  | `expire${"Invitations" | "Memberships" | "Grants"}`;

/** The operations inside one organization. */
export type StoreWithin<O = Metadata, M = Metadata> = Omit<TenancyStore<O, M>, Across>;
