import { AsyncLocalStorage } from "node:async_hooks";
import { TenantError } from "@tenantry/core";
import { type ActiveTenant, isActiveTenant } from "./active-tenant.ts";
import type { RequestTenant } from "./request-tenant.ts";
import type { TenantScope } from "./scope.ts";

export type { TenantScope } from "./scope.ts";

/** A request with whatever its guards will prove, or a proof alone. */
type Bound = { readonly request: RequestTenant } | { readonly active: ActiveTenant };

/** A scope on Node's `AsyncLocalStorage`: entered by running a function, so there is nothing to leave. */
export function createTenantScope(): TenantScope {
  const storage = new AsyncLocalStorage<Bound | undefined>();
  const tryCurrent = (): ActiveTenant | undefined => {
    const bound = storage.getStore();
    return bound === undefined ? undefined : "active" in bound ? bound.active : (bound.request.active ?? undefined);
  };
  return {
    run: (request, fn) => storage.run({ request }, fn),
    runAs(active, fn) {
      if (!isActiveTenant(active)) {
        throw new TenantError("tenant.context_missing", {});
      }
      return storage.run({ active }, fn);
    },
    bind(fn) {
      const bound = storage.getStore();
      return (...args) => storage.run(bound, () => fn(...args));
    },
    current() {
      const active = tryCurrent();
      if (active === undefined) {
        throw new TenantError("tenant.context_missing", {});
      }
      return active;
    },
    tryCurrent,
    resolution() {
      const bound = storage.getStore();
      if (bound === undefined || "active" in bound) {
        throw new TenantError("tenant.context_missing", {});
      }
      return bound.request.resolution;
    },
  };
}
