import type { OrgId } from "../model.ts";

// Domains of organizations: the group `domains`. The rules are in the package that offers them.

/** A domain that an organization says is its own, in ASCII and lower case; `verified` once it has proved it. */
export interface Domain {
  readonly orgId: OrgId;
  readonly domain: string;
  readonly state: "pending" | "verified";
  /** What the organization has to publish there. */
  readonly token: string;
  /** There is one exactly when it is verified. */
  readonly verifiedAt: Date | null;
}
