import { isId, TenantError } from "@tenantry/core";
import { referenceOf } from "../reference.ts";
import type { TenantResolver } from "../resolver.ts";

export interface ClaimOptions {
  readonly claimKey: string;
  /** A slug can pass to another organization while a token lives, so only ids are taken unless this names slugs. */
  readonly accept: readonly ("id" | "slug")[];
}

/** A claim of a verified token. Only the claims' own properties count. */
export function claimResolver({ claimKey, accept }: ClaimOptions): TenantResolver {
  const source = "jwt";
  return {
    name: source,
    priority: 10,
    trust: "verified",
    resolve({ claims }) {
      if (claims === null || !Object.hasOwn(claims, claimKey)) {
        return null;
      }
      const value = claims[claimKey];
      if (typeof value !== "string" || value === "") {
        throw new TenantError("tenant.invalid_claim", { source });
      }
      if (!accept.includes(isId(value, "org") ? "id" : "slug")) {
        throw new TenantError("tenant.invalid_reference", { source });
      }
      return referenceOf(source, value);
    },
  };
}
