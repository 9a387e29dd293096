import { TenantError } from "@tenantry/core";
import { hostOf } from "../host.ts";
import { isSlug, referenceOf, type TenantReference } from "../reference.ts";
import { isReservedLabel } from "../reserved-labels.ts";
import type { TenantResolver } from "../resolver.ts";

export interface HostOptions {
  /** Tenants are one label below one of these. */
  readonly baseDomains: readonly string[];
  /** Hosts that name nobody. */
  readonly neutralHosts: readonly string[];
  /** How many proxies in front say which host they were asked for. */
  readonly trustProxy: number;
}

/** One label below a base domain: a slug. */
export function subdomainResolver(options: HostOptions & { readonly hasDomains: boolean }): TenantResolver {
  const source = "subdomain";
  return {
    name: source,
    priority: 30,
    trust: "routed",
    resolve(input) {
      const host = hostOf(source, input, options.trustProxy);
      const place = host === null ? "neutral" : placeOf(host, options);
      if (place === "neutral" || (place === "foreign" && options.hasDomains)) {
        return null;
      }
      return labelReference(source, place);
    },
  };
}

function labelReference(source: string, place: "foreign" | { readonly below: string }): TenantReference | null {
  const label = place === "foreign" ? "" : place.below;
  if (isReservedLabel(label)) {
    return null;
  }
  // A label in Punycode may look like somebody else's, and two labels are nobody's.
  if (label.startsWith("xn--") || !isSlug(label)) {
    throw new TenantError("tenant.unresolved", { source });
  }
  return referenceOf(source, label);
}

/** Foreign hosts, which only a directory of domains can know. */
export function domainResolver(options: HostOptions): TenantResolver {
  const source = "domain";
  return {
    name: source,
    priority: 35,
    trust: "routed",
    resolve(input) {
      const host = hostOf(source, input, options.trustProxy);
      return host !== null && placeOf(host, options) === "foreign" ? { kind: "domain", value: host } : null;
    },
  };
}

function placeOf(
  host: string,
  { baseDomains, neutralHosts }: HostOptions,
): "neutral" | "foreign" | { readonly below: string } {
  if (neutralHosts.includes(host) || baseDomains.includes(host)) {
    return "neutral";
  }
  // A base below a base has tenants of its own.
  const [base] = baseDomains.filter((domain) => host.endsWith(`.${domain}`)).sort((a, b) => b.length - a.length);
  return base === undefined ? "foreign" : { below: host.slice(0, -base.length - 1) };
}
