import { isId, type OrgId, TenantError } from "@tenantry/core";
import { type Abortable, unlessAborted } from "./aborting.ts";
import { type ActiveTenant, type Actor, isActiveTenant } from "./active-tenant.ts";
import { CompositeResolver, failureOf, type Log, type Resolution } from "./composite.ts";
import { loadConfig, type ResolvedConfig } from "./config.ts";
import type { TenantDirectory } from "./directory.ts";
import { type OperatorRules, TenantGuard } from "./guard.ts";
import { idReference } from "./reference.ts";
import { ResolverRegistry } from "./registry.ts";
import { RequestTenant } from "./request-tenant.ts";
import type { Requirement } from "./requirement.ts";
import type { Claims, ReceivedHeaders, ResolutionInput } from "./resolution-input.ts";
import type { TenantResolver } from "./resolver.ts";
import type { TenantScope } from "./scope.ts";
import { TenantValidator } from "./validator.ts";

/** What an adapter reads from a request of its framework. */
export type Received = Omit<ResolutionInput, "claims">;

export interface TenantContextOptions<R> {
  readonly directory: TenantDirectory;
  /** As `loadConfig` answers it. Default: the defaults. */
  readonly config?: ResolvedConfig;
  /** Who sends the request, as authentication found out; `null`: nobody known. Asked once, by the first guard. */
  readonly identify: (request: R) => Actor | null | Promise<Actor | null>;
  /** What its token says, verified. Throws `TenantError` `tenant.token_rejected` for one that is not acceptable. */
  readonly claims?: (request: R, received: ReceivedHeaders) => Claims | null | Promise<Claims | null>;
  /** The host's own resolvers, besides those that the configuration names. */
  readonly resolvers?: readonly TenantResolver[];
  readonly operators?: OperatorRules;
  readonly requestId?: (request: R) => string | null;
  /** From `./als`: then the tenant is found without being passed on. */
  readonly scope?: TenantScope;
  readonly log?: Log;
  readonly clock?: () => Date;
}

/** Work for later, with whom it is for. Plain JSON. */
export interface TenantJob {
  readonly v: 1;
  readonly orgId: OrgId;
  readonly actor: Actor;
}

/** Everything between a request and the proof, made once for an application. Adapters take it. */
export class TenantContext<R> {
  readonly config: ResolvedConfig;
  readonly registry: ResolverRegistry;
  readonly validator: TenantValidator;
  readonly resolver: CompositeResolver;
  readonly guard: TenantGuard;
  readonly scope: TenantScope | null;
  readonly #options: TenantContextOptions<R>;
  readonly #log: Log;

  constructor(options: TenantContextOptions<R>) {
    const { directory, config = loadConfig(), resolvers = [], operators, scope, clock, log = () => {} } = options;
    const { validatorTtlSeconds, negativeTtlSeconds, maxEntries, claimKey, claimAccept } = config.resolution;
    this.#options = options;
    this.#log = log;
    this.config = config;
    this.scope = scope ?? null;
    this.registry = ResolverRegistry.fromConfig(config.resolution, {
      custom: resolvers,
      hasDomains: directory.knowsDomains,
    });
    this.validator = new TenantValidator(directory, {
      ttlSeconds: validatorTtlSeconds,
      negativeTtlSeconds,
      maxEntries,
      ...(clock === undefined ? {} : { clock }),
    });
    this.resolver = new CompositeResolver(this.registry, this.validator, { log });
    this.guard = new TenantGuard({
      directory,
      claim: { key: claimKey, accept: claimAccept },
      log,
      ...(operators === undefined ? {} : { operators }),
    });
  }

  /**
   * Resolves a request. Never throws, but what aborted it: what goes wrong is a failed resolution, which a guard will answer
   * with.
   */
  async open(request: R, received: Received, { signal }: Abortable = {}): Promise<RequestTenant> {
    return unlessAborted({ signal }, () => this.#open(request, received));
  }

  async #open(request: R, received: Received): Promise<RequestTenant> {
    const { identify, claims, directory, requestId } = this.#options;
    const base = { identify: () => identify(request), directory, log: this.#log };
    let input: ResolutionInput = Object.freeze({ ...received, claims: null });
    try {
      const own = requestId?.(request) ?? null;
      input = Object.freeze({ ...received, claims: (await claims?.(request, received)) ?? null });
      return new RequestTenant({ ...base, input, resolution: await this.resolver.resolve(input), requestId: own });
    } catch (error) {
      const failed: Resolution = { status: "failed", error: failureOf(error, "claims", this.#log) };
      return new RequestTenant({ ...base, input, resolution: failed });
    }
  }

  /** Runs a function with the request bound, where there is a scope. */
  run<T>(request: RequestTenant, fn: () => T): T {
    return this.scope === null ? fn() : this.scope.run(request, fn);
  }

  /** The header that shared caches must tell responses apart by; `null`: none names a tenant. */
  get varyingHeader(): string | null {
    const { resolvers, headerName } = this.config.resolution;
    return resolvers.includes("header") ? headerName.toLowerCase() : null;
  }

  /**
   * The proof for work that was put off: everything is checked again, because membership and status may have changed.
   * Throws what a guard throws, and `tenant.invalid_reference` for what is no job.
   */
  async fromJob(job: TenantJob, requirement: Requirement = {}, { signal }: Abortable = {}): Promise<ActiveTenant> {
    return unlessAborted({ signal }, () => this.#fromJob(job, requirement));
  }

  async #fromJob(job: TenantJob, requirement: Requirement): Promise<ActiveTenant> {
    const { orgId, actor } = decodeJob(job);
    if (actor.kind === "operator") {
      return this.guard.enterAs(orgId, { operator: actor.id, reason: actor.reason });
    }
    const input: ResolutionInput = Object.freeze({ host: null, path: "", header: () => [], claims: null });
    const { directory } = this.#options;
    const resolution = await this.#named(orgId);
    const request = new RequestTenant({ input, resolution, identify: () => actor, directory, log: this.#log });
    return this.guard.require(request, requirement);
  }

  async #named(orgId: OrgId): Promise<Resolution> {
    const source = "job";
    try {
      const tenant = await this.validator.lookup(idReference(orgId));
      return tenant === null
        ? { status: "failed", error: new TenantError("tenant.unresolved", { source }) }
        : { status: "resolved", tenant, source, trust: "verified", agreeing: [] };
    } catch (error) {
      return { status: "failed", error: failureOf(error, source, this.#log) };
    }
  }
}

/** Throws `tenant.context_missing` for what no guard made. */
export function toJob(active: ActiveTenant): TenantJob {
  if (!isActiveTenant(active)) {
    throw new TenantError("tenant.context_missing", {});
  }
  return Object.freeze({ v: 1, orgId: active.org.id, actor: active.actor });
}

/** What came from a queue, each part read once. Who the actor is `identify` checks like for every request. */
function decodeJob(job: unknown): { readonly orgId: OrgId; readonly actor: Actor } {
  try {
    const { v, orgId, actor } = job as TenantJob;
    if (v === 1 && isId(orgId, "org") && typeof actor === "object" && actor !== null) {
      return { orgId, actor: { ...actor } };
    }
  } catch {
    // What cannot be read is no job either.
  }
  throw new TenantError("tenant.invalid_reference", { source: "job" });
}

/** What mints a token puts into it, so that it names the tenant. */
export function tenantClaims(active: ActiveTenant): { readonly tenant_id: OrgId } {
  if (!isActiveTenant(active)) {
    throw new TenantError("tenant.context_missing", {});
  }
  return { tenant_id: active.org.id };
}
