import type { TenantContext } from "./tenant-context.ts";
import { guarded, receivedFrom, type TenantFor, type TenantHandler, type WithTenantOptions } from "./web-handler.ts";

export { type TenantHandler, tenantOf, type WithTenantOptions } from "./web-handler.ts";

/**
 * A handler behind the guard, for every runtime whose handlers take a `Request` and answer a `Response`. Our errors, also
 * those that the handler throws, become responses; others are the caller's.
 */
export function withTenant<
  Q extends Request,
  C extends readonly unknown[],
  const O extends WithTenantOptions = WithTenantOptions,
>(
  handler: TenantHandler<Q, TenantFor<O>, C>,
  tenancy: TenantContext<Request>,
  options?: O,
): (request: Q, ...context: C) => Promise<Response> {
  return guarded(handler, tenancy, receivedFrom, options);
}
