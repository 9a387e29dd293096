import type { OrgId, UsrId } from "../model.ts";

// The group `lifecycle`: why an organization is suspended, and whether it ends by itself.

/** `deletion`: it is going to be revoked when `dueAt` has come. */
export const SUSPENSION_KINDS = ["suspended", "deactivated", "deletion"] as const;
export type SuspensionKind = (typeof SUSPENSION_KINDS)[number];

/** There is one exactly while an organization is suspended, in a store that keeps the group. */
export interface Suspension {
  readonly orgId: OrgId;
  readonly kind: SuspensionKind;
  readonly reason: string | null;
  /** When it was suspended. */
  readonly since: Date;
  /** From when on it may be revoked; there is one exactly with the kind `deletion`. */
  readonly dueAt: Date | null;
  readonly requestedBy: UsrId | null;
}
