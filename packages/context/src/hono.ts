import { TenantError } from "@tenantry/core";
import type { Context, MiddlewareHandler } from "hono";
import type { ActiveTenant } from "./active-tenant.ts";
import { answerFor } from "./http.ts";
import type { RequestTenant } from "./request-tenant.ts";
import { checkedRequirement, type Requirement } from "./requirement.ts";
import type { TenantContext } from "./tenant-context.ts";
import { marked, receivedFrom, responseFor } from "./web-handler.ts";

/** What `c.get("tenant")` is behind `requireTenant`. */
export interface TenantEnv {
  readonly Variables: { tenant: ActiveTenant };
}

interface Opened {
  readonly request: RequestTenant;
  readonly tenancy: TenantContext<Context>;
}

const requests = new WeakMap<Context, Opened>();

/**
 * Resolves every request and refuses none. After authentication, before `requireTenant`. What `app.onError` answers stays;
 * where an application has none an error of ours becomes its response.
 */
export function tenant(tenancy: TenantContext<Context>): MiddlewareHandler {
  return async (c, next) => {
    const request = await tenancy.open(c, receivedFrom(c.req.raw));
    requests.set(c, { request, tenancy });
    await tenancy.run(request, next);
    const answer = answerFor(c.error);
    if (answer !== null && (await isOwnOfHono(c.res))) {
      c.res = Response.json(answer.body, { status: answer.status });
    }
    const response = marked(c.res, request, tenancy.varyingHeader);
    if (response !== c.res) {
      c.res = response;
    }
  };
}

/** Lets nobody through who may not act in the tenant that the request names. */
export function requireTenant(requirement: Requirement = {}): MiddlewareHandler<TenantEnv> {
  checkedRequirement(requirement);
  return async (c, next) => {
    const opened = requests.get(c);
    if (opened === undefined) {
      return responseFor(new TenantError("tenant.context_missing", {}));
    }
    const { request, tenancy } = opened;
    try {
      c.set("tenant", await tenancy.guard.require(request, requirement));
    } catch (error) {
      return responseFor(error);
    }
    return await tenancy.run(request, next);
  };
}

/** What a guard proved for a request. Throws `TenantError` `tenant.context_missing` where none did. */
export function tenantOf(c: Context): ActiveTenant {
  const active = requests.get(c)?.request.active ?? null;
  if (active === null) {
    throw new TenantError("tenant.context_missing", {});
  }
  return active;
}

/** What Hono answers for an error where no `app.onError` did: by now nothing else tells them apart. */
async function isOwnOfHono(response: Response): Promise<boolean> {
  const isPlain = response.headers.get("content-type")?.startsWith("text/plain") === true;
  return response.status === 500 && isPlain && (await response.clone().text()) === "Internal Server Error";
}
