import type { Organization } from "@tenantry/core";

/** Where things are: everybody's own pages at the base domain, each organization below its path and on its own host. */
export interface Addresses {
  readonly baseDomain: string;
  /** Everybody's own page, with a slash at its end. */
  readonly home: string;
  of(org: Pick<Organization, "id" | "slug">): { readonly path: string; readonly host: string };
  isOrganizationHost(hostname: string): boolean;
  /** Whether a browser's page at this origin is one of ours. */
  isOurs(origin: string): boolean;
}

export function addresses(home: URL): Addresses {
  const { hostname: baseDomain, host, protocol } = home;
  const isOrganizationHost = (hostname: string): boolean => hostname.endsWith(`.${baseDomain}`);
  return {
    baseDomain,
    home: home.href,
    of: ({ id, slug }) => ({
      path: `/tenants/${slug ?? id}/`,
      host: slug === null ? home.href : `${protocol}//${slug}.${host}/`,
    }),
    isOrganizationHost,
    isOurs(origin) {
      const at = URL.canParse(origin) ? new URL(origin) : null;
      const isHost = at !== null && (at.hostname === baseDomain || isOrganizationHost(at.hostname));
      return isHost && at.protocol === protocol && at.port === home.port;
    },
  };
}
