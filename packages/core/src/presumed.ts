import type { Membership, Organization, OrgId } from "./model.ts";

// What is taken for granted where nothing was read. Each is checked by a guard of the commit.

/** No organization has this version: whatever expects it is decided again, on facts. */
export const NO_VERSION = 0;

/** What decisions use of an organization that they do not change themselves. */
export type OrgFact = Pick<Organization, "id" | "status" | "version">;

/** An organization that is presumably active. */
export function presumablyActive(orgId: OrgId): OrgFact {
  return { id: orgId, status: "active", version: NO_VERSION };
}

/** What decisions use of the membership that gives somebody authority. */
export type AuthorityFact = Pick<Membership, "role" | "status" | "expiresAt">;

/** Somebody who may presumably do it. */
export const PRESUMED_AUTHORITY: AuthorityFact = { role: "owner", status: "active", expiresAt: null };
