import type { ActiveTenant } from "./active-tenant.ts";
import type { Requirement } from "./requirement.ts";
import type { Received, TenantContext } from "./tenant-context.ts";
import { guarded, type TenantFor, type TenantHandler, valuesOf, type WithTenantOptions } from "./web-handler.ts";

export { type TenantHandler, tenantOf, type WithTenantOptions } from "./web-handler.ts";

/** What both a request and `await headers()` have. */
export interface WithHeaders {
  readonly headers: Headers;
}

/**
 * A route handler behind the guard. It resolves by itself: what middleware found out cannot be relied on, since middleware
 * can be skipped and the headers that it sets can be forged.
 */
export function withTenant<
  Q extends Request,
  C extends readonly unknown[],
  const O extends WithTenantOptions = WithTenantOptions,
>(
  handler: TenantHandler<Q, TenantFor<O>, C>,
  tenancy: TenantContext<WithHeaders>,
  options?: O,
): (request: Q, ...context: C) => Promise<Response> {
  return guarded(handler, tenancy, receivedFrom, options);
}

/** The proof for a server component, from `await headers()`. There is no path there. Throws what a guard throws. */
export async function tenantFromHeaders(
  headers: Headers,
  tenancy: TenantContext<WithHeaders>,
  requirement: Requirement = {},
): Promise<ActiveTenant> {
  const request = await tenancy.open({ headers }, { ...received(headers), path: "" });
  return tenancy.guard.require(request, requirement);
}

/** The address in the URL names the server, whatever host was asked for, so the header counts. */
function receivedFrom({ url, headers }: Request): Received {
  return { ...received(headers), path: new URL(url).pathname };
}

function received(headers: Headers): Omit<Received, "path"> {
  return { host: headers.get("host"), header: (name) => valuesOf(headers, name) };
}
