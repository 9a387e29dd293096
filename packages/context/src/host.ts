import { TenantError } from "@tenantry/core";
import type { ResolutionInput } from "./resolution-input.ts";

const LONGEST = 255;
const LONGEST_LIST = 8192;
const PORT = /:[0-9]{0,5}$/;
const NAME = /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/;

/** The name in a host: lower case, without port and one trailing dot; `null` where it is none. */
export function hostname(host: string): string | null {
  if (host.length > LONGEST) {
    return null;
  }
  const name = host.replace(PORT, "").replace(/\.$/, "");
  // Before it is lowered: some letters outside of ASCII have their lower case inside.
  return NAME.test(name) ? name.toLowerCase() : null;
}

/** Whether a value is a name in that form already. */
export function isHostname(value: unknown): value is string {
  return typeof value === "string" && hostname(value) === value;
}

/**
 * The name of the host that a request was sent to; `null`: it does not say. `trustProxy` counts the proxies in front that
 * each add what they received to `X-Forwarded-Host` or `Forwarded`; what comes from further left is the client's own.
 */
export function hostOf(source: string, input: ResolutionInput, trustProxy: number): string | null {
  const hosts = trustProxy === 0 ? received(input) : forwarded(source, input, trustProxy);
  if (hosts.some((host) => host.includes(","))) {
    throw new TenantError("tenant.ambiguous", { source });
  }
  const names = new Set(hosts.map(hostname));
  if (names.has(null)) {
    throw new TenantError("tenant.invalid_host", { source });
  }
  const [name = null, other] = names;
  if (other !== undefined) {
    throw new TenantError("tenant.ambiguous", { source });
  }
  return name;
}

/** Two equal headers are two as well: which of them a proxy looked at nobody can tell. */
function received(input: ResolutionInput): readonly string[] {
  const headers = input.header("host");
  return headers.length > 1 ? [headers.join(",")] : [input.host, ...headers].filter((host) => host !== null);
}

function forwarded(source: string, input: ResolutionInput, trustProxy: number): readonly string[] {
  const headers = [input.header("x-forwarded-host"), input.header("forwarded")];
  if (headers.some(isLong)) {
    throw new TenantError("tenant.ambiguous", { source });
  }
  const [names = [], pairs = []] = headers.map(elements);
  const lists = [names, pairs.map(forwardedHost)].filter((list) => list.length > 0);
  const hosts = lists.map((list) => list.at(-trustProxy) ?? null);
  if (hosts.length === 0 || hosts.includes(null)) {
    throw new TenantError("tenant.ambiguous", { source });
  }
  return hosts.filter((host) => host !== null);
}

/** More than proxies add: what a list costs must not depend on the caller. */
function isLong(values: readonly string[]): boolean {
  return values.reduce((length, value) => length + value.length + 1, 0) > LONGEST_LIST;
}

/** What several headers of a name and the commas within them list. */
function elements(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => value.split(",")).map((element) => element.trim());
}

/** The parameter `host` of one element, with its quotes taken off; a backslash in it stays, and is no host's. */
function forwardedHost(element: string): string | null {
  const hosts = element
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.slice(0, 5).toLowerCase() === "host=");
  const [host, other] = hosts;
  return host === undefined || other !== undefined ? null : host.slice(5).replace(/^"([^"]*)"$/, "$1");
}
