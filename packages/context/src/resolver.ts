import type { TenantReference } from "./reference.ts";
import type { ResolutionInput } from "./resolution-input.ts";

/**
 * What stands behind a reference: somebody who signed it (`verified`), the address that the request was sent to
 * (`routed`), or nothing but the client's word (`claimed`). It never replaces a membership.
 */
export type TrustLevel = "verified" | "routed" | "claimed";

/** From the weakest to the strongest. */
export const TRUST_LEVELS: readonly TrustLevel[] = Object.freeze(["claimed", "routed", "verified"]);

/**
 * One source of references. It reads the request and nothing else; what it does not find is `null`, what it finds and
 * cannot read is a `TenantError`, never silence.
 */
export interface TenantResolver {
  readonly name: string;
  /** The lower one comes first. */
  readonly priority: number;
  readonly trust: TrustLevel;
  resolve(input: ResolutionInput): TenantReference | null | Promise<TenantReference | null>;
}
