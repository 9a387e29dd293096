import { TenantError } from "@tenantry/core";
import type { FastifyPluginCallback, FastifyReply, FastifyRequest, preHandlerHookHandler } from "fastify";
import type { ActiveTenant } from "./active-tenant.ts";
import { answerFor, TENANT_HEADER } from "./http.ts";
import { receivedBy } from "./node-request.ts";
import type { RequestTenant } from "./request-tenant.ts";
import { checkedRequirement, type Requirement } from "./requirement.ts";
import type { TenantContext } from "./tenant-context.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** What the guard `requireTenant` proved; `null` before it, and without it. */
    tenant: ActiveTenant | null;
  }
}

interface Opened {
  readonly request: RequestTenant;
  readonly tenancy: TenantContext<FastifyRequest>;
}

const requests = new WeakMap<object, Opened>();

/** A plugin that resolves every request and refuses none. Registered after authentication. */
export function tenant(tenancy: TenantContext<FastifyRequest>): FastifyPluginCallback {
  const plugin: FastifyPluginCallback = (app, _options, registered) => {
    app.decorateRequest("tenant", null);
    app.addHook("onRequest", (req, reply, done) => {
      if (tenancy.varyingHeader !== null) {
        const vary = reply.getHeader("vary");
        reply.header("vary", vary === undefined ? tenancy.varyingHeader : `${vary}, ${tenancy.varyingHeader}`);
      }
      tenancy.open(req, receivedBy(req.raw, req.originalUrl)).then(
        (request) => {
          requests.set(req, { request, tenancy });
          tenancy.run(request, done);
        },
        (error: Error) => done(error),
      );
    });
    registered();
  };
  // For the application that registers it, not for a scope of its own.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}

/** Lets nobody through who may not act in the tenant that the request names. */
export function requireTenant(requirement: Requirement = {}): preHandlerHookHandler {
  checkedRequirement(requirement);
  return (req, reply, done) => {
    const opened = requests.get(req);
    if (opened === undefined) {
      answered(new TenantError("tenant.context_missing", {}), reply);
      return;
    }
    const { request, tenancy } = opened;
    tenancy.guard.require(request, requirement).then(
      (active) => {
        req.tenant = active;
        reply.header(TENANT_HEADER, active.org.id);
        // Anew, because the body was read in between.
        tenancy.run(request, done);
      },
      (error: Error) => {
        if (!answered(error, reply)) {
          done(error);
        }
      },
    );
  };
}

/**
 * An error handler that answers errors of ours, which a route throws, and hands every other one on. For `setErrorHandler`.
 */
export function tenantErrors(
  others: (error: unknown, req: FastifyRequest, reply: FastifyReply) => unknown = rethrow,
): (error: unknown, req: FastifyRequest, reply: FastifyReply) => unknown {
  return (error, req, reply) => (answered(error, reply) ? reply : others(error, req, reply));
}

function rethrow(error: unknown): never {
  // Fastify's own handler answers what this one throws.
  throw error;
}

function answered(error: unknown, reply: FastifyReply): boolean {
  const answer = answerFor(error);
  if (answer !== null) {
    reply.code(answer.status).send(answer.body);
  }
  return answer !== null;
}

/** What a guard proved for a request. Throws `TenantError` `tenant.context_missing` where none did. */
export function tenantOf(req: FastifyRequest): ActiveTenant {
  const active = requests.get(req)?.request.active ?? null;
  if (active === null) {
    throw new TenantError("tenant.context_missing", {});
  }
  return active;
}
