import { TenantError } from "@tenantry/core";
import type { ActiveTenant } from "./active-tenant.ts";
import { answerFor, TENANT_HEADER } from "./http.ts";
import type { RequestTenant } from "./request-tenant.ts";
import { checkedRequirement, type Requirement } from "./requirement.ts";
import type { Received, TenantContext } from "./tenant-context.ts";

export interface WithTenantOptions {
  /** What is required of the sender; `false`: nothing, and the handler is given no tenant. Default: a member. */
  readonly require?: Requirement | false;
}

/** With `require: false` there is no tenant to give. */
export type TenantFor<O> = O extends { readonly require: false } ? null : ActiveTenant;

export type TenantHandler<Q, T, C extends readonly unknown[]> = (
  request: Q,
  tenant: T,
  ...context: C
) => Response | Promise<Response>;

const requests = new WeakMap<object, RequestTenant>();

/** A handler behind the guard, by whatever way its runtime has to read a request. */
export function guarded<Q extends Request, R, C extends readonly unknown[], O extends WithTenantOptions>(
  handler: TenantHandler<Q, TenantFor<O>, C>,
  tenancy: TenantContext<R>,
  read: (request: Q) => Received,
  options?: O,
): (request: Q, ...context: C) => Promise<Response> {
  const { require = {} }: WithTenantOptions = options ?? {};
  if (require !== false) {
    checkedRequirement(require);
  }
  return async (request, ...context) => {
    const opened = await tenancy.open(request as unknown as R, read(request));
    requests.set(request, opened);
    return tenancy.run(opened, async () => {
      let response: Response;
      try {
        const tenant = require === false ? null : await tenancy.guard.require(opened, require);
        response = await handler(request, tenant as TenantFor<O>, ...context);
      } catch (error) {
        response = responseFor(error);
      }
      return marked(response, opened, tenancy.varyingHeader);
    });
  };
}

/** What a guard proved for a request. Throws `TenantError` `tenant.context_missing` where none did. */
export function tenantOf(request: Request): ActiveTenant {
  const active = requests.get(request)?.active ?? null;
  if (active === null) {
    throw new TenantError("tenant.context_missing", {});
  }
  return active;
}

/** The response for an error of ours; throws every other one again. */
export function responseFor(error: unknown): Response {
  const answer = answerFor(error);
  if (answer === null) {
    throw error;
  }
  return Response.json(answer.body, { status: answer.status });
}

/** What a `Request` says, its address read by the runtime's own parser. */
export function receivedFrom({ url, headers }: Request): Received {
  const { host, pathname } = new URL(url);
  return { host, path: pathname, header: (name) => valuesOf(headers, name) };
}

/** Repeated headers are joined by now: whoever takes one value has to refuse commas. */
export function valuesOf(headers: Headers, name: string): readonly string[] {
  const value = headers.get(name);
  return value === null ? [] : [value];
}

/** Says which tenant answered, and by which header caches must tell answers apart. */
export function marked(response: Response, { active }: RequestTenant, varyingHeader: string | null): Response {
  const marks = (headers: Headers): void => {
    if (active !== null) {
      headers.set(TENANT_HEADER, active.org.id);
    }
    if (varyingHeader !== null) {
      headers.append("vary", varyingHeader);
    }
  };
  try {
    marks(response.headers);
    return response;
  } catch {
    // Headers of a response that came from elsewhere cannot be changed.
    const copy = new Response(response.body, response);
    marks(copy.headers);
    return copy;
  }
}
