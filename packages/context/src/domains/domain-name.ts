import { type DomainFault, TenantError } from "@tenantry/core";
import { parse } from "tldts";
import { hostname } from "../host.ts";

/** Names that are the application's own. */
export interface OwnNames {
  /** Tenants are below these; neither they nor what is below them is anybody's. */
  readonly baseDomains: readonly string[];
  /** Hosts that name nobody. */
  readonly neutralHosts: readonly string[];
}

const LONGEST = 253;
/** What ends a host in a URL, or is decoded there. */
const NO_PART_OF_A_HOST = /[\s\p{C}/?#@:%\\[\]]/u;
const LABELS = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const ADDRESS = /^[0-9]+(?:\.[0-9]+){3}$/;

/**
 * A name in the one form in which it is stored and compared: ASCII, lower case, no trailing dot. Throws `TenantError`
 * `tenant.invalid_domain` for what no organization can have for itself.
 */
export function domainArgument(value: unknown, { baseDomains, neutralHosts }: OwnNames): string {
  const name = asciiName(value);
  if (name === null) {
    throw refused("malformed");
  }
  if (ADDRESS.test(name)) {
    throw refused("address");
  }
  if (!name.includes(".")) {
    throw refused("single_label");
  }
  if (neutralHosts.includes(name) || baseDomains.some((base) => name === base || name.endsWith(`.${base}`))) {
    throw refused("base_domain");
  }
  // Suffixes that a company gives out names below, too: nobody can publish anything at one.
  if (parse(name, { allowPrivateDomains: true, extractHostname: false }).domain === null) {
    throw refused("public_suffix");
  }
  return name;
}

/** The platform's URL parser knows how names outside of ASCII are written, and which texts are addresses. */
function asciiName(value: unknown): string | null {
  if (typeof value !== "string" || value.length > LONGEST || NO_PART_OF_A_HOST.test(value)) {
    return null;
  }
  try {
    const host = new URL(`http://${value.replace(/\.$/, "")}`).hostname;
    const ascii = host.endsWith(".") ? null : hostname(host);
    return ascii !== null && ascii.length <= LONGEST && LABELS.test(ascii) ? ascii : null;
  } catch {
    return null;
  }
}

function refused(reason: DomainFault): TenantError {
  return new TenantError("tenant.invalid_domain", { reason });
}
