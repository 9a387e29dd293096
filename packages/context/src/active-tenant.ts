import type { MemId, Role, UsrId } from "@tenantry/core";
import { frozen } from "./frozen.ts";
import type { TrustLevel } from "./resolver.ts";
import type { TenantInfo } from "./tenant-info.ts";

/** Who sends a request. */
export type Actor =
  | { readonly kind: "user"; readonly id: UsrId }
  | { readonly kind: "operator"; readonly id: UsrId; readonly reason: string }
  | { readonly kind: "service"; readonly id: string }
  | { readonly kind: "anonymous" };

export const ANONYMOUS: Actor = Object.freeze({ kind: "anonymous" });

declare const proof: unique symbol;

interface ActiveTenantParts {
  /** As it was when the proof was made. */
  readonly org: TenantInfo;
  readonly actor: Actor;
  /** `null`: the actor is no member, and need not be one here. */
  readonly membership: { readonly id: MemId; readonly role: Role } | null;
  /** Which source named the tenant. */
  readonly source: string;
  readonly trust: TrustLevel;
  readonly requestId: string | null;
}

/** The proof that this actor may act in this organization. Only a guard makes it; what looks like one is none. */
export interface ActiveTenant extends ActiveTenantParts {
  readonly [proof]: true;
}

const proven = new WeakSet<object>();

/** @internal */
export function prove(parts: ActiveTenantParts): ActiveTenant {
  const active = frozen({ ...parts }) as ActiveTenant;
  proven.add(active);
  return active;
}

/** Whether a guard made it. A copy is no proof. */
export function isActiveTenant(value: unknown): value is ActiveTenant {
  return typeof value === "object" && value !== null && proven.has(value);
}
