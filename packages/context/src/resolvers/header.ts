import { TenantError } from "@tenantry/core";
import { referenceOf } from "../reference.ts";
import type { TenantResolver } from "../resolver.ts";

/** A header of the client's: an id or a slug. */
export function headerResolver({ headerName }: { readonly headerName: string }): TenantResolver {
  const source = "header";
  const name = headerName.toLowerCase();
  return {
    name: source,
    priority: 20,
    trust: "claimed",
    resolve(input) {
      const [value, ...others] = input.header(name);
      if (value === undefined) {
        return null;
      }
      if (others.length > 0 || value.includes(",")) {
        throw new TenantError("tenant.ambiguous", { source });
      }
      return referenceOf(source, value);
    },
  };
}
