import { TenantError } from "@tenantry/core";
import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import type { ActiveTenant } from "./active-tenant.ts";
import { answerFor, TENANT_HEADER } from "./http.ts";
import { receivedBy } from "./node-request.ts";
import type { RequestTenant } from "./request-tenant.ts";
import { checkedRequirement, type Requirement } from "./requirement.ts";
import type { TenantContext } from "./tenant-context.ts";

interface Opened {
  readonly request: RequestTenant;
  readonly tenancy: TenantContext<Request>;
}

const requests = new WeakMap<object, Opened>();

/** Resolves every request and refuses none. After authentication, before `requireTenant`. */
export function tenant(tenancy: TenantContext<Request>): RequestHandler {
  return (req, res, next) => {
    if (tenancy.varyingHeader !== null) {
      res.vary(tenancy.varyingHeader);
    }
    tenancy.open(req, receivedBy(req, req.originalUrl)).then((request) => {
      requests.set(req, { request, tenancy });
      tenancy.run(request, next);
    }, next);
  };
}

/** Lets nobody through who may not act in the tenant that the request names: then the error goes to `next`. */
export function requireTenant(requirement: Requirement = {}): RequestHandler {
  checkedRequirement(requirement);
  return (req, res, next) => {
    const opened = requests.get(req);
    if (opened === undefined) {
      next(new TenantError("tenant.context_missing", {}));
      return;
    }
    const { request, tenancy } = opened;
    tenancy.guard.require(request, requirement).then((active) => {
      res.setHeader(TENANT_HEADER, active.org.id);
      // Anew, because what reads bodies may have come in between and lost it.
      tenancy.run(request, next);
    }, next);
  };
}

/** Answers errors of ours, and passes on every other one. Behind the routes. */
export function tenantErrors(): ErrorRequestHandler {
  return (error, _req, res, next) => {
    const answer = res.headersSent ? null : answerFor(error);
    if (answer === null) {
      next(error);
      return;
    }
    res.status(answer.status).json(answer.body);
  };
}

/** What a guard proved for a request. Throws `TenantError` `tenant.context_missing` where none did. */
export function tenantOf(req: Request): ActiveTenant {
  const active = requests.get(req)?.request.active ?? null;
  if (active === null) {
    throw new TenantError("tenant.context_missing", {});
  }
  return active;
}
