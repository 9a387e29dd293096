import type { ActiveTenant } from "./active-tenant.ts";
import type { Resolution } from "./composite.ts";
import type { RequestTenant } from "./request-tenant.ts";

/** Finds the tenant of the code that asks, without its being passed on. `createTenantScope()` of `./als` makes one. */
export interface TenantScope {
  /** Runs a function, and everything that it starts, for a request: with the tenant that a guard will have proved. */
  run<T>(request: RequestTenant, fn: () => T): T;
  /** Runs a function for a tenant that was proved before: in a job, say. */
  runAs<T>(active: ActiveTenant, fn: () => T): T;
  /** The same function, run later as if it were here. */
  bind<A extends readonly unknown[], R>(fn: (...args: A) => R): (...args: A) => R;
  /** Throws `TenantError` `tenant.context_missing` where no guard has bound one. */
  current(): ActiveTenant;
  tryCurrent(): ActiveTenant | undefined;
  /** What the request names, proved or not. Throws `tenant.context_missing` outside of one. */
  resolution(): Resolution;
}
